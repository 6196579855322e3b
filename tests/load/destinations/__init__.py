"""`make load-sending`: many events to many destinations, and what those that hang do to the others."""
