"""Tests of template.yaml as AWS would see it: what the emulator drops or fakes is asserted here."""
