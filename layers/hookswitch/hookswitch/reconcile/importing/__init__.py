"""Brings in the past: events and calls of what Dash's call detail records tell, published only if somebody asks.

See docs/healing.md and docs/engineering/decisions/0097-import-without-publishing.md.
"""
