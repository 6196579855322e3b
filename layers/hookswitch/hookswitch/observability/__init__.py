"""What the functions say of themselves: log lines and metrics."""
