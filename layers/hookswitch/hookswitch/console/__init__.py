"""The page where people see their calls, and operators what hookswitch does: docs/console.md."""
