"""The laptop commands behind the Makefile: build, emulate, deploy, send and look."""
