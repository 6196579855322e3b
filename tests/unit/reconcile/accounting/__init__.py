"""The accounting: Dash's records compared with the table."""
