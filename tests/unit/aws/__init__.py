"""Tests of the hooks' own way to DynamoDB and Secrets Manager, which does what the SDK does."""
