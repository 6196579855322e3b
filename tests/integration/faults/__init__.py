"""The fault matrix: every function of the stack, with every service that it depends on failing in every way."""
