"""Accounts for every call: compares Dash's records with the table, and recovers what the table lacks.

See docs/healing.md and docs/engineering/decisions/0096-accounting-by-call-detail-records.md.
"""
