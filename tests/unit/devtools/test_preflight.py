"""What stands in the way of a deployment, as AWS would say it."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from devtools.checks import Result
from devtools.deploying import preflight
from devtools.target import Target


def with_quota(quota: int | None) -> Target:
    """Return an account with a quota of concurrent executions; None if it may not be read."""

    def get_account_settings() -> dict[str, Any]:
        if quota is None:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetAccountSettings")
        return {"AccountLimit": {"ConcurrentExecutions": quota}}

    return cast("Target", SimpleNamespace(client=lambda _: SimpleNamespace(get_account_settings=get_account_settings)))


@pytest.mark.parametrize(
    ("quota", "reserved", "result"),
    [
        (1000, "0", Result.GOOD),
        (1000, "60", Result.GOOD),  # 900 and 100 are less than 1,000
        (1000, "61", Result.BAD),  # 915 and 100 are more
        (10, "0", Result.NOTE),  # a new account's
        (10, "1", Result.BAD),
        (None, "0", Result.NOTE),
    ],
)
def test_quota(quota: int | None, reserved: str, result: Result) -> None:
    """Lambda keeps 100 executions unreserved, and fifteen functions reserve the same number each."""
    check = preflight.check_concurrency(with_quota(quota), {"ReservedConcurrency": reserved})
    assert check.result is result
    assert (result is Result.GOOD) is not bool(check.next_step)


@pytest.mark.parametrize(
    ("status", "result", "creates", "deletes"),
    [
        (None, Result.GOOD, True, False),
        ("REVIEW_IN_PROGRESS", Result.GOOD, True, False),
        ("CREATE_COMPLETE", Result.GOOD, False, False),
        ("UPDATE_ROLLBACK_COMPLETE", Result.GOOD, False, False),
        ("ROLLBACK_COMPLETE", Result.NOTE, True, True),
        ("UPDATE_IN_PROGRESS", Result.BAD, False, False),
        ("DELETE_FAILED", Result.BAD, False, False),
        ("UPDATE_ROLLBACK_FAILED", Result.BAD, False, False),
    ],
)
def test_earlier_stack(status: str | None, result: Result, *, creates: bool, deletes: bool) -> None:
    """One that failed to be created is removed first; one that changes or is stuck has to be seen to."""
    found = cast("Any", {"StackStatus": status} if status else None)
    check = preflight.check_stack(cast("Target", SimpleNamespace(stack="phones")), found)
    assert check.result is result
    assert (result is Result.BAD) is bool(check.next_step)
    assert (preflight.is_new(found), preflight.is_left_over(found)) == (creates, deletes)


KEY = [{"AttributeName": "event_id", "KeyType": "HASH"}]
TABLE = {
    "KeySchema": KEY,
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    "GlobalSecondaryIndexes": [{"IndexName": name} for name in ("calls", "subjects", "feeds", "of-their-own")],
    "ItemCount": 1234,
}


@pytest.mark.parametrize(
    ("change", "result", "found"),
    [
        ({}, Result.GOOD, "phones is used again, with about 1,234 items"),
        ({"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}, Result.BAD, "its key is another one"),
        ({"StreamSpecification": {}}, Result.BAD, "has no stream of new images"),
        ({"StreamSpecification": {"StreamViewType": "KEYS_ONLY"}}, Result.BAD, "has no stream of new images"),
        ({"GlobalSecondaryIndexes": [{"IndexName": "calls"}]}, Result.BAD, "lacks the index feeds, subjects"),
    ],
)
def test_table_to_be_used_again(change: dict[str, Any], result: Result, found: str) -> None:
    """It needs what the template's own table has; more does no harm."""

    class ResourceNotFoundException(Exception):  # noqa: N818 - AWS's name
        pass

    tables = SimpleNamespace(
        describe_table=lambda TableName: {"Table": TABLE | change} if TableName == "phones" else {},
        exceptions=SimpleNamespace(ResourceNotFoundException=ResourceNotFoundException),
    )
    here = cast("Target", SimpleNamespace(client={"dynamodb": tables}.__getitem__))
    (check,) = preflight.check_table(here, {"EventsTableName": "phones"}, None)
    assert check.result is result
    assert found in check.found
