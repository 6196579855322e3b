"""Dash's API (docs/dash-protocol.md, section 5). No hook function imports this."""
