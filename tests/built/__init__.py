"""Tests of what `sam build` made, as Lambda would load it: neither the emulator nor our own environment helps out."""
