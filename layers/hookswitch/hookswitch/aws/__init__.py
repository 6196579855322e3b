"""Calls to AWS: with a small client of our own on a hook's cold path, with botocore everywhere else."""
