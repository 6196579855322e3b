"""The API of a Dash phone system (docs/dash-protocol.md, section 5). No hook function imports this."""
