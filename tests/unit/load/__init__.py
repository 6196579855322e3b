"""The load test itself."""
