"""A test double of VirtualPBX Dash: its webhook sender and the API that webhooks are registered on.

`Dash` (in `simulator`) holds accounts and webhooks and fires events at them, `DashApi` (in `api`) serves the
API on loopback, `payloads` and `scenario` make the events. It follows docs/dash-protocol.md to the byte, so
that a verdict of this double is a verdict of the real sender.
"""
