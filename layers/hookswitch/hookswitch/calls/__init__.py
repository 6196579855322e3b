"""Calls: one record for each call, made from the events of its legs."""
