"""The base types of payloads: each hook derives its own from one of them."""
