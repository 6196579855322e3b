"""Tests of what puts things right later."""
