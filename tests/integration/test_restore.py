"""A stack on a table that exists: one that outlived its stack, and one that was restored to a point in time."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from devtools import aws
from devtools.emulator import Emulator
from devtools.inbox import Inbox
from simulator.api import DashApi
from simulator.dash import Account, Dash
from simulator.payloads import payload
from simulator.transport import emulator_resolver
from tests.integration.deployed import Deployed

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


@pytest.fixture(scope="module")
def api(own_emulator: Emulator) -> Iterator[DashApi]:
    """A Dash for the accounts of this file."""
    with DashApi(Dash(resolver=emulator_resolver(own_emulator.endpoint))) as api:
        yield api


@pytest.fixture
def account(api: DashApi) -> Account:
    """A new account."""
    return api.dash.add_account(uuid4().hex)


@pytest.fixture
def deployed(own_emulator: Emulator, packaged: dict[str, Any], api: DashApi, account: Account) -> Deployed:
    """A stack that has not been created yet."""
    return Deployed(own_emulator.endpoint, json.loads(json.dumps(packaged)), api, account, f"phones-{account.id[:8]}")


@pytest.fixture(scope="module")
def dynamodb(own_emulator: Emulator) -> "DynamoDBClient":
    """A DynamoDB client."""
    return aws.dynamodb(own_emulator.endpoint)


def missed_call(account: Account) -> dict[str, Any]:
    """Return an event of an account."""
    return payload("missed_call") | {"account_id": account.id}


def answer(deployed: Deployed, sent: dict[str, Any]) -> dict[str, str]:
    """Have Dash deliver an event, and return what the stack answers."""
    (firing,) = deployed.api.dash.fire(deployed.account.id, "missed_call", sent)
    told: dict[str, str] = json.loads(firing.attempts[-1].resp_body)
    return told


def stored(dynamodb: "DynamoDBClient", table: str) -> set[str]:
    """Return the keys of all events in a table."""
    pages = dynamodb.get_paginator("scan").paginate(TableName=table)
    items = [item for page in pages for item in page["Items"]]
    return {item["event_id"]["S"] for item in items if item.get("kind", {}).get("S") == "event"}


def test_table_that_outlived_its_stack(deployed: Deployed, dynamodb: "DynamoDBClient", account: Account) -> None:
    """A new stack finds the old events, takes none of them twice, and stores and publishes new ones."""
    assert deployed.create() == "CREATE_COMPLETE"
    table, old = deployed.resources["EventsTable"], missed_call(account)
    first = answer(deployed, old)
    assert first["status"] == "stored"
    assert deployed.delete() == "DELETE_COMPLETE"

    assert deployed.adopt(table) == "CREATE_COMPLETE"
    assert deployed.resources["EventsTable"] == table
    assert stored(dynamodb, table) == {first["event_id"]}
    assert answer(deployed, old) == {"status": "duplicate", "event_id": first["event_id"]}
    topic = deployed.resources["EventsTopic"]
    with Inbox(aws.sns(deployed.endpoint), aws.sqs(deployed.endpoint), topic) as inbox:
        second = answer(deployed, missed_call(account))
        assert second["status"] == "stored"
        inbox.wait_for(second["event_id"], 30)
    assert stored(dynamodb, table) == {first["event_id"], second["event_id"]}

    # The next deployment, with a template that has the name from the parameter, keeps the table.
    assert deployed.update(Retries="1") == "UPDATE_COMPLETE"
    assert deployed.resources["EventsTable"] == table
    assert deployed.delete() == "DELETE_COMPLETE"
    assert stored(dynamodb, table) == {first["event_id"], second["event_id"]}


def test_restored_table(deployed: Deployed, dynamodb: "DynamoDBClient", account: Account) -> None:
    """A table from a backup has no stream, without which nothing would be published; with one, it is like any other."""
    assert deployed.create() == "CREATE_COMPLETE"
    old = missed_call(account)
    first = answer(deployed, old)
    restored = f"restored-{account.id[:8]}"
    dynamodb.restore_table_to_point_in_time(
        SourceTableName=deployed.resources["EventsTable"], TargetTableName=restored, UseLatestRestorableTime=True
    )
    assert deployed.delete() == "DELETE_COMPLETE"

    assert deployed.adopt(restored) == "ROLLBACK_COMPLETE"
    assert stored(dynamodb, restored) == {first["event_id"]}
    assert deployed.delete() == "DELETE_COMPLETE"
    dynamodb.update_table(
        TableName=restored, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    )
    assert deployed.adopt(restored) == "CREATE_COMPLETE"
    assert answer(deployed, old) == {"status": "duplicate", "event_id": first["event_id"]}
    topic = deployed.resources["EventsTopic"]
    with Inbox(aws.sns(deployed.endpoint), aws.sqs(deployed.endpoint), topic) as inbox:
        second = answer(deployed, missed_call(account))
        assert inbox.wait_for_all([second["event_id"]], 30)[second["event_id"]] == 1


def test_failed_adoption_leaves_the_table_alone(
    deployed: Deployed, dynamodb: "DynamoDBClient", account: Account
) -> None:
    """A stack that adopts a table, and then fails, keeps every item of it."""
    assert deployed.create() == "CREATE_COMPLETE"
    table, first = deployed.resources["EventsTable"], answer(deployed, missed_call(account))
    assert deployed.delete() == "DELETE_COMPLETE"
    assert deployed.adopt(table, DashApiKey="f" * 64) == "ROLLBACK_COMPLETE"
    assert stored(dynamodb, table) == {first["event_id"]}
