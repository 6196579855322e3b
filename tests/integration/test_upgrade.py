"""An upgrade from the release before, while events keep coming: none is lost, and the webhooks stay."""

import json
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from devtools import aws, stack
from devtools.emulator import Emulator
from devtools.inbox import Inbox
from devtools.local import ROOT
from devtools.waiting import wait_for
from simulator.api import DashApi
from simulator.dash import Account, Dash
from simulator.payloads import payload
from simulator.transport import emulator_resolver
from tests.integration.deployed import CODE, Deployed

BEFORE = "8ec580dffa3bd471112efe992ba8613549ea4fe9"  # the release before; moves on with each
NEW = ["webhook_disabled"]  # types of the webhooks that this release has beside those of before
PAUSE = 0.3  # seconds between two events
HOOK = "missed_call"


@pytest.fixture(scope="module")
def release_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source of the release before, or a skip where the clone does not have it."""
    git, folder = shutil.which("git"), tmp_path_factory.mktemp("before")
    archive = folder / "source.tar"
    done = subprocess.run(  # noqa: S603 - our own history
        [git or "git", "archive", "--output", str(archive), BEFORE], cwd=ROOT, capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"This clone does not have the release before, {BEFORE[:7]}: a shallow one, or none of git's.")
    with tarfile.open(archive) as source:
        source.extractall(folder / "source", filter="data")
    return folder / "source"


@contextmanager
def events(dash: Dash, account: Account) -> Iterator[list[str]]:
    """Have events happen on Dash for as long as the block lasts; yield the ids of their calls."""
    ended, calls = threading.Event(), list[str]()

    def happen() -> None:
        while not ended.wait(PAUSE):
            event = payload(HOOK) | {"account_id": account.id}
            calls.append(event["call_id"])
            dash.fire(account.id, HOOK, event)

    thread = threading.Thread(target=happen)
    thread.start()
    try:
        yield calls
    finally:
        ended.set()
        thread.join()


def stored(endpoint: str, table: str) -> list[str]:
    """Return the call of each stored event."""
    pages = aws.dynamodb(endpoint).get_paginator("scan").paginate(TableName=table)
    items = [item for page in pages for item in page["Items"] if item.get("kind", {}).get("S") == "event"]
    return [item["call_id"]["S"] for item in items if item["hook"]["S"] == HOOK]


def test_upgrade(
    own_emulator: Emulator, release_before: Path, packaged: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Every event of before, during and after is stored once and published under one id; all webhooks stay."""
    endpoint, folder = own_emulator.endpoint, tmp_path_factory.mktemp("before")
    old = stack.build(release_before / "template.yaml", directory=folder / "build")
    before = json.loads(stack.package(endpoint, CODE, folder, template=old).read_text())
    with DashApi(Dash(resolver=emulator_resolver(endpoint))) as api:
        account = api.dash.add_account(uuid4().hex)
        deployed = Deployed(endpoint, before, api, account, f"phones-{account.id[:8]}")
        assert deployed.create(ReconcileRate="off") == "CREATE_COMPLETE"
        webhooks = {webhook.id for webhook in deployed.webhooks}
        table, topic = deployed.resources["EventsTable"], deployed.resources["EventsTopic"]
        with Inbox(aws.sns(endpoint), aws.sqs(endpoint), topic) as inbox:
            with events(api.dash, account) as calls:
                wait_for(lambda: stored(endpoint, table), "events arrive")
                deployed.template = packaged
                assert deployed.update() == "UPDATE_COMPLETE"
                at_the_end = len(calls)
                wait_for(lambda: len(calls) > at_the_end, "events go on")
            added = [webhook for webhook in deployed.webhooks if webhook.id not in webhooks]
            assert [(webhook.custom_data or {}).get("type") for webhook in added] == NEW
            assert len(deployed.webhooks) == len(webhooks) + len(NEW)
            assert all(webhook.enabled for webhook in deployed.webhooks)
            # The emulator gives the API of a changed template another address: what Dash sends to the old one meanwhile
            # fails, as on a broken network, and is in its attempt log.
            aws.lambda_(endpoint).invoke(FunctionName=deployed.resources["Reconcile"], Payload=b"{}")
            assert sorted(stored(endpoint, table)) == sorted(calls)
            subjects = {f"call/{call}" for call in calls}
            wait_for(lambda: subjects <= {str(it.event.get("subject")) for it in inbox.read()}, "all are published")
            # The emulator ends a function at work when its code changes, and the stream delivers its batch again: what
            # was published by then comes twice, under one id and with one content. AWS lets the function finish.
            content = {message.id: message.event for message in inbox.events()}
            assert len(content) == len(calls)
            assert all(message.event == content[message.id] for message in inbox.events())
            repeated = [content[id_] for id_, count in inbox.counts_so_far().items() if id_ in content and count > 1]
            assert {str(event["subject"]) for event in repeated} <= {f"call/{call}" for call in calls[:at_the_end]}
        assert deployed.delete() == "DELETE_COMPLETE"
