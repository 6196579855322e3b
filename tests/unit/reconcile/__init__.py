"""Tests of repair and recovery."""
