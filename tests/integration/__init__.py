"""Tests of the stack through its front door, deployed on the emulator."""
