"""The benchmark: what the hook functions cost, beside three peers that do the same work. `make bench` runs it."""
