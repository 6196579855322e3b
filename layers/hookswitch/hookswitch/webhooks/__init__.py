"""The webhooks of a stack on its Dash account, managed in four steps: desired, owned, planned, applied.

No hook function imports this, so deliveries don't pay for it.
"""
