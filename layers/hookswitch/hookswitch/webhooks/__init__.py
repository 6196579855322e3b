"""The webhooks that a stack keeps on its Dash account: what is wanted, what differs, and the changes.

No hook function imports this: it costs a delivery nothing.
"""
