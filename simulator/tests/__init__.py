"""Tests of the Dash simulator itself: what the other tests trust."""
