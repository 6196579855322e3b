"""All functions of a stack at work at once, stopped, failed and killed at every call of a service.

A scheduler with a seed decides what goes on next, so whatever it finds can be run again: `make interleave SEED=...`.
"""
