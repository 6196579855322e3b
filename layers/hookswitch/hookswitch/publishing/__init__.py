"""A stored event's way to its subscribers."""
