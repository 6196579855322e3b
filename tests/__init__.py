"""Tests of the whole stack, unit tests, and the doubles that both use."""
