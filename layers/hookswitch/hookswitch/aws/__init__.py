"""Calls of AWS: directly on a hook's cold path, with botocore everywhere else."""
