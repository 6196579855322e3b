"""`make destination` and `make replay TO=`: where a stack sends its events, and how that goes."""
