"""Tests of hookswitch.events."""
