"""The way of a stored event to its subscribers."""
