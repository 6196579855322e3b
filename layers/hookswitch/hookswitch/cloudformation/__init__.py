"""Custom resources: requests of CloudFormation, and the answers that they always get."""
