"""Tests of hookswitch.destinations."""
