"""Tests of hookswitch.deliveries."""
