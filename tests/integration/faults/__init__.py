"""The fault matrix: every function of the stack, with every service that it needs failing in every way."""
