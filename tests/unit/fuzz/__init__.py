"""The fuzzing itself."""
