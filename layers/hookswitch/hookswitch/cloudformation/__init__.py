"""CloudFormation custom resources."""
