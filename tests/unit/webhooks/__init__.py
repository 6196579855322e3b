"""The webhooks of a stack: desired, owned, planned, applied."""
