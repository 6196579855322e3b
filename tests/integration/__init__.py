"""Tests through the front door of the stack, deployed on the emulator."""
