"""Tests of template.yaml: what a wrong edit of it would break on AWS, where the emulator would not notice."""
