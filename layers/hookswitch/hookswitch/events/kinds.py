"""The kinds of items in the table of events: each has its own in the attribute `kind`.

Whoever reads the table's stream names the kinds that it wants, so that a new one reaches nobody unasked.
"""

EVENT, CALL, TEST = "event", "call", "test"  # what is published
IMPORTED = "imported"  # an event of the past, published only if somebody asks for that
QUARANTINE = "quarantine"  # a delivery that can't be used; also the feed that has all of them
ACTION = "action"  # what somebody did in the console: docs/engineering/decisions/0100-actions-of-the-console.md
PLACEHOLDER = "placeholder"  # stands for an event under another key of it

CDR, IMPORT = "cdr", "import"
"""The sources of events that Dash never sent: its records, read to recover them, or to import them. Both are marked
`recovered: "cdr"`."""
