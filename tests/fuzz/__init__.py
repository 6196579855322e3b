"""Fuzzing at the front door: any request at all, sent to the deployed API, and what has to hold of each."""
