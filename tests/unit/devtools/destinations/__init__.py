"""Tests of devtools.destinations."""
