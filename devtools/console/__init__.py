"""The console on this machine: an office whose calls it shows, and a server for it that needs no emulator."""
