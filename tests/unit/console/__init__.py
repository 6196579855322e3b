"""The console: signing in, sessions, and what its API answers."""
