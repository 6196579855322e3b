"""The client of Dash's API, its errors, and the catalogue of hooks."""
