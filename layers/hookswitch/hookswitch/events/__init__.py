"""From a payload to the event that is stored and published, and every layout of the table's items."""
