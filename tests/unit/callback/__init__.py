"""Tests of hookswitch.callback."""
