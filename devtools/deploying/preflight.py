"""What is checked before anything is made: most failures of a deployment are known beforehand."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from devtools.checks import Check, bad, good, note
from devtools.choices import SECRET
from devtools.deploying.answers import ACCOUNT, CREDENTIALS, Answers, definitions
from devtools.target import Target
from devtools.template import parsed
from hookswitch.dash import credentials
from hookswitch.dash.client import DashClient
from hookswitch.dash.credentials import ApiKey
from hookswitch.dash.hooks import HOOKS
from hookswitch.errors import HookswitchError

if TYPE_CHECKING:
    from types_boto3_cloudformation.type_defs import StackTypeDef
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import TableDescriptionTypeDef
    from types_boto3_lambda import LambdaClient

UNRESERVED = 100  # executions that Lambda keeps for functions without a reservation ("Lambda quotas")
COMFORTABLE = 100  # executions; new accounts begin with as few as 10
TABLE_NAME = "EventsTableName"

NEVER_CREATED = "REVIEW_IN_PROGRESS"  # only a change set was made: the next one creates the stack
FAILED_CREATION = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"})


def is_left_over(found: "StackTypeDef | None") -> bool:
    """Return whether a stack could not be created, so that it has to be deleted before another one is."""
    return found is not None and found["StackStatus"] in FAILED_CREATION


def is_new(found: "StackTypeDef | None") -> bool:
    """Return whether a deployment creates the stack: none of the name was ever whole."""
    return found is None or found["StackStatus"] == NEVER_CREATED or is_left_over(found)


def check_stack(target: Target, found: "StackTypeDef | None") -> Check:
    """Return whether a stack of this name stands in the way."""
    name = "stack"
    if found is None:
        return good(name, f"{target.stack} is new")
    status = found["StackStatus"]
    if status == NEVER_CREATED:
        return good(name, f"{target.stack} has never been created")
    if is_left_over(found):
        return note(name, f"{target.stack} could not be created before; what is left of it is removed first")
    if status.endswith("_IN_PROGRESS"):
        return bad(name, f"{target.stack} is being changed ({status})", "Wait until that is done, then try again.")
    if status.endswith("_FAILED"):
        return bad(
            name,
            f"{target.stack} is stuck in {status}",
            "Look at its events in the CloudFormation console; "
            + ("`make remove` tries again." if status == "DELETE_FAILED" else "continue its rollback there."),
        )
    return good(name, f"{target.stack} exists and is updated")


def check_concurrency(target: Target, values: Mapping[str, str]) -> Check:
    """Return whether the account's Lambda quota allows what the stack may need."""
    functions: LambdaClient = target.client("lambda")
    try:
        quota = functions.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    except (ClientError, KeyError):
        return note("Lambda quota", "can't be read", "Allow lambda:GetAccountSettings to have it checked.")
    reserved = int(values.get("ReservedConcurrency", "0") or 0) * len(HOOKS)
    if reserved and reserved + UNRESERVED > quota:
        return bad(
            "Lambda quota",
            f"{quota} concurrent executions; ReservedConcurrency needs {reserved} and {UNRESERVED} unreserved",
            "Lower ReservedConcurrency, or request a higher quota (Service Quotas, Lambda, Concurrent executions).",
        )
    if quota < COMFORTABLE:
        return note(
            "Lambda quota",
            f"{quota} concurrent executions",
            "Enough to try. Request 1,000 in Service Quotas (Lambda, Concurrent executions): a burst above it fails.",
        )
    return good("Lambda quota", f"{quota:,} concurrent executions")


def check_dash(target: Target, values: Mapping[str, str], answers: Answers) -> Iterator[Check]:
    """Yield whether Dash accepts the credentials, and whether they open the account."""
    account = values[ACCOUNT]
    try:
        login = _credentials(target, values, answers)
    except (ClientError, HookswitchError) as error:
        yield bad("Dash login", f"the credentials can't be read: {error}", f"Check {CREDENTIALS}.")
        return
    try:
        client = DashClient(values["DashApiUrl"], login)
        webhooks = client.webhooks(account)
    except HookswitchError as error:
        yield bad("Dash login", str(error), "Nothing has been made. Correct it and try again.")
        return
    yield good("Dash login", f"account {account}, {len(webhooks)} webhooks")
    if values.get("IncludeSubaccounts") == "true":
        yield good("subaccounts", "events of the account's descendants are stored too")
    else:
        yield note("subaccounts", "only the account itself is served", "IncludeSubaccounts=true adds its descendants.")


def _credentials(target: Target, values: Mapping[str, str], answers: Answers) -> credentials.Credentials:
    """Return what the stack will log in with: a secret of the user's, a new key, or the key that it has."""
    arn = values.get(CREDENTIALS)
    if not arn and (key := answers.given.get(SECRET)):
        return ApiKey(api_key=key)
    return credentials.parse(target.secret(arn or target.resources["DashCredentials"]))


def check_table(target: Target, values: Mapping[str, str], found: "StackTypeDef | None") -> Iterator[Check]:
    """Yield what is known of tables that earlier stacks of this name left, or of the table that is to be used again."""
    tables: DynamoDBClient = target.client("dynamodb")
    creates = is_new(found)
    name, before = values.get(TABLE_NAME, ""), "" if creates else target.parameters.get(TABLE_NAME, "")
    if name != before and name:
        yield _check_adoption(tables, name, creates=creates)
    if name or not creates:
        return
    pattern = re.compile(rf"{re.escape(target.stack)}-EventsTable-\w+")
    for page in tables.get_paginator("list_tables").paginate():
        for table in page["TableNames"]:
            if pattern.fullmatch(table):
                count = tables.describe_table(TableName=table)["Table"].get("ItemCount", 0)
                yield note(
                    "earlier table",
                    f"{table} is left from an earlier stack, with about {count:,} items",
                    f'To go on with it: make deploy SET="{TABLE_NAME}={table}". Otherwise a new table is made.',
                )


def _check_adoption(tables: "DynamoDBClient", name: str, *, creates: bool) -> Check:
    try:
        table = tables.describe_table(TableName=name)["Table"]
    except tables.exceptions.ResourceNotFoundException:
        return good("table", f"{name} is made")
    if not creates:
        return bad("table", f"{name} exists, and only a new stack can use a table that does", "See docs/restore.md.")
    if fault := _differs(table):
        return bad("table", f"{name} {fault}", "docs/restore.md tells how to prepare a restored table.")
    return good("table", f"{name} is used again, with about {table.get('ItemCount', 0):,} items")


def _differs(table: "TableDescriptionTypeDef") -> str:
    """Return in what a table differs from the template's; empty if a stack can use it."""
    wanted: Mapping[str, Any] = parsed()["Resources"]["EventsTable"]["Properties"]
    if table["KeySchema"] != wanted["KeySchema"]:
        return "is not a table of hookswitch: its key is another one"
    if table.get("StreamSpecification", {}).get("StreamViewType") != wanted["StreamSpecification"]["StreamViewType"]:
        return "has no stream of new images"
    indexes = {index["IndexName"] for index in table.get("GlobalSecondaryIndexes", [])}
    missing = {index["IndexName"] for index in wanted["GlobalSecondaryIndexes"]} - indexes
    return f"lacks the index {', '.join(sorted(missing))}" if missing else ""


def values_of(answers: Answers, existing: Mapping[str, str] | None) -> dict[str, str]:
    """Return the value of every parameter as it will be; of secret ones that are kept, a mask."""
    defaults: dict[str, Any] = {name: rules.get("Default", "") for name, rules in definitions().items()}
    return {name: str(value) for name, value in (defaults | dict(existing or {}) | dict(answers.given)).items()}
