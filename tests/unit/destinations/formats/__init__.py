"""How events are written for destinations."""
