"""Every hook behind `sam local start-api`: answered 200, and stored as on AWS."""

import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer

from devtools.emulator import free_port
from devtools.samlocal.cli import start_api
from devtools.samlocal.deliveries import ENCODINGS, post, problems_of
from devtools.samlocal.docker import REPOSITORY, SAM_LABEL, TAG, containers, daemon, remove_containers
from devtools.samlocal.run import Ready
from hookswitch.dash.hooks import HOOKS
from hookswitch.events.attributes import item
from hookswitch.events.items import event_item
from simulator.encoding import UnsendableError, encode_json, get_url
from simulator.payloads import payload
from simulator.sender import CLUSTER_ID
from tests.receiving import FORM, JSON, SETTINGS, event
from tests.sam_local.conftest import DIRECTORY


def sendable(hook: str, encoding: str) -> bool:
    """Tell whether Dash can send a hook's event so."""
    try:
        return encoding != "get" or bool(get_url("https://example.com/", payload(hook)))
    except UnsendableError:
        return False


WAYS = [(hook, encoding) for hook in HOOKS for encoding in ENCODINGS if sendable(hook, encoding)]


def as_stored(hook: str, sent: dict[str, Any], encoding: str) -> Mapping[str, Any]:
    """Return the payload of the item that this very event becomes without any container."""
    wire = JSON if encoding == "post json" else FORM
    expected = item(event_item(event(hook, sent | {"cluster_id": CLUSTER_ID}, wire), SETTINGS))
    fields: Mapping[str, Any] = TypeDeserializer().deserialize(expected["payload"])
    return fields


def status_of(url: str, body: bytes = b"{}") -> int:
    """Return the status that a post is answered with."""
    request = urllib.request.Request(url, data=body, headers={"content-type": JSON})  # noqa: S310 - our own address
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - the same
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def events(ready: Ready) -> set[str]:
    """Return the keys of the events in the table, in which calls are made of them at the same time."""
    return {key for key, item in ready.items().items() if item["kind"] == "event"}


@pytest.mark.parametrize(("hook", "encoding"), WAYS, ids=[f"{hook} by {way}" for hook, way in WAYS])
def test_every_hook_in_every_encoding(ready: Ready, base_url: str, hook: str, encoding: str) -> None:
    """It is answered 200, and the item in the table has the same typed payload as one stored on AWS."""
    delivery = post(base_url, ready.stack, hook, encoding)
    items = ready.items()
    assert problems_of(delivery, items) == []
    assert delivery.answer
    assert delivery.answer.status == "stored"
    assert items[delivery.event_id]["payload"] == as_stored(hook, dict(delivery.sent), encoding)


def test_a_second_delivery_is_recognised(ready: Ready, base_url: str) -> None:
    """The same event again is answered 200 and stored once."""
    url, body = base_url + ready.stack.path("missed_call"), encode_json(payload("missed_call"))
    before = events(ready)
    assert [status_of(url, body), status_of(url, body)] == [200, 200]
    assert len(events(ready) - before) == 1


def test_the_sender_check_is_the_same(ready: Ready, base_url: str) -> None:
    """Another hook's token is refused, and so is an address that no hook has."""
    body = encode_json(payload("parking"))
    parking, register = ready.stack.path("parking"), ready.stack.path("register")
    assert status_of(base_url + parking.replace(parking.rpartition("/")[2], register.rpartition("/")[2]), body) == 403
    assert status_of(f"{base_url}/hooks/nonsense/token") == 403


def test_an_unusable_body_is_quarantined(ready: Ready, base_url: str) -> None:
    """It is answered 200 here too, and is in the table with its reasons."""
    assert status_of(base_url + ready.stack.path("register"), b'{"event_name": "register"') == 200
    quarantined = [it for it in ready.items().values() if it["kind"] == "quarantine"]
    assert [it["hook"] for it in quarantined] == ["register"]


def test_nothing_is_left(ready: Ready) -> None:
    """When `sam local start-api` has ended, so have its containers."""
    with daemon() as client:

        def ours() -> dict[str, str]:
            return {str(it.id): it.status for it in containers(client, DIRECTORY)}

        before = ours()
        with start_api(ready.files, ready.stack.endpoint, free_port(), DIRECTORY / "again.log") as address:
            assert status_of(address + ready.stack.path("parking"), encode_json(payload("parking"))) == 200
            new = ours().items() - before.items()
            assert [status for _, status in new] == ["running"]
        assert ours() == before


@pytest.mark.usefixtures("ready")
def test_another_checkouts_containers_are_let_be(tmp_path: Path) -> None:
    """Only those that have a folder of this one's are counted and removed."""
    name, _, value = SAM_LABEL.partition("=")
    with daemon() as client, ExitStack() as undo:
        made = {}
        for folder in (tmp_path / "ours", tmp_path / "theirs"):
            folder.mkdir()
            volumes = {str(folder): {"bind": "/var/task", "mode": "ro"}}
            made[folder.name] = client.containers.create(f"{REPOSITORY}:{TAG}", labels={name: value}, volumes=volumes)
            undo.callback(remove_containers, client, folder)
        assert containers(client, tmp_path / "ours") == [made["ours"]]
        remove_containers(client, tmp_path / "ours")
        assert containers(client, tmp_path) == [made["theirs"]]
