"""How an event is written for a destination: pure functions, one module for each type of destination.

docs/destinations.md shows users an example of each.
"""
