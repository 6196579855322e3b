"""The laptop commands."""
