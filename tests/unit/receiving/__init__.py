"""Tests of hookswitch.receiving."""
