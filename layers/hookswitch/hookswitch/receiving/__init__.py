"""The way of a delivery through a hook function, at first and when it is redelivered."""
