"""The API of a Dash phone system, and the webhooks that a stack keeps there (docs/dash-protocol.md, section 5).

No hook function imports this: it costs a delivery nothing.
"""
