"""Destinations: where events are sent on from the topic, by rows of a table instead of resources of a template."""
