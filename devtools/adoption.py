"""Has a new stack adopt a table that exists: docs/engineering/decisions/0073-existing-table.md."""

import copy
from collections.abc import Mapping
from typing import Any

TABLE = "EventsTable"


def with_table_name(template: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a template that names the table literally, so that a change set can adopt it.

    With `ImportExistingResources`, CloudFormation takes what the template names for what exists, but only if the name
    is plain text. One from a parameter is a name for a new table. For the stack's later updates the two are the same.

    Args:
        template: As `sam package` writes it.
        name: The table's name, which the parameter EventsTableName must have, too.
    """
    adopting: dict[str, Any] = copy.deepcopy(dict(template))
    adopting["Resources"][TABLE]["Properties"]["TableName"] = name
    return adopting
