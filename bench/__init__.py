"""The benchmark: what the hook functions cost compared with three peers that do the same work (`make bench`)."""
