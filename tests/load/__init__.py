"""The load test: a day of a reseller in fast motion, and whether its totals hold."""
