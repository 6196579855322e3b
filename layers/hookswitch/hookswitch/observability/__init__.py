"""Log lines, metrics, and the check that deliveries still come."""
