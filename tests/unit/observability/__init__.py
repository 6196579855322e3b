"""Tests of hookswitch.observability."""
