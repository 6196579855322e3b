"""The client of Dash, and what keeps the webhooks of a stack as they should be."""
