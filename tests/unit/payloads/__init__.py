"""Tests of hookswitch.payloads."""
