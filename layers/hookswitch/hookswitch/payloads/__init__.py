"""The base types that hooks build their payload types on."""
