"""Tests that need no emulator."""
