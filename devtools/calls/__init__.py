"""`make calls` and `make call`: the calls of a stack, for people and programs."""
