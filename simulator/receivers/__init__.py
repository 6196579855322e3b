"""Receivers of what destinations are sent: real servers on loopback, well-behaved and not."""
