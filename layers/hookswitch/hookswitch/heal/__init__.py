"""What puts things right later: switched-off webhooks, missed deliveries, the quarantine (docs/healing.md).

No hook function imports this: it costs a delivery nothing.
"""
