"""Publishes stored events to their subscribers."""
