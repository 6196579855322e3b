"""The webhooks of a stack on its Dash account, managed as a plan: desired, owned, planned, applied.

No hook function imports this, so it costs a delivery nothing.
"""
