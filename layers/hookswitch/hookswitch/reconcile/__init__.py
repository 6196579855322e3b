"""Repairs webhooks and recovers the deliveries that Dash gave up (docs/healing.md). No hook function imports this."""
