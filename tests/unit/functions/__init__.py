"""Tests of the functions behind the hooks."""
