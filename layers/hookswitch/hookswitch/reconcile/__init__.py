"""Repairs webhooks and recovers failed deliveries (docs/healing.md). No hook function imports this."""
