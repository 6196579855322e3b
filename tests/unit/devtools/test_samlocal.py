"""`sam local`: what happens where Docker is missing, and what its files hold."""

import gc
import json
import socket
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from docker import DockerClient
from docker.errors import APIError, ImageNotFound

from devtools import aws
from devtools.emulator import ADDRESS, Reach
from devtools.local import ROOT, TEMPLATE, architecture
from devtools.samlocal import docker, files
from devtools.samlocal.deliveries import VARIANTS, Delivery, problems
from devtools.sample_events import function_of
from devtools.sending import Answer
from devtools.stack import Stack
from devtools.template import parsed
from hookswitch.dash.hooks import HOOKS


def client(**parts: Any) -> DockerClient:
    """Return a Docker client with these parts only."""
    return cast("DockerClient", SimpleNamespace(**parts))


def networks(**pool: str) -> SimpleNamespace:
    """Return networks of which the bridge has this address pool."""
    attributes = {"IPAM": {"Config": [{"Subnet": "fd00::/80"}, {"Subnet": "127.9.0.0/16", **pool}]}}
    return SimpleNamespace(get=lambda name: SimpleNamespace(name=name, attrs=attributes))


def raises(error: Exception) -> Any:
    """Return a function that raises an error."""

    def call(*_: Any, **__: Any) -> None:
        raise error

    return call


def test_a_socket_that_a_daemon_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon that has ended is no daemon, and no connection to its socket stays open, to be warned of later."""
    left = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(left))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{left}")
    with warnings.catch_warnings(action="always", category=ResourceWarning, record=True) as noted:
        with pytest.raises(docker.NoDockerError), docker.daemon():
            pass
        gc.collect()
    assert noted == []


def test_an_image_that_is_here_is_not_pulled() -> None:
    """No registry is asked."""
    docker.require_image(client(images=SimpleNamespace(get=lambda name: name)))


def test_an_image_that_is_missing_is_pulled() -> None:
    """The one for this machine's architecture."""
    pulled: list[tuple[str, str]] = []
    images = SimpleNamespace(get=raises(ImageNotFound("none")), pull=lambda name, tag: pulled.append((name, tag)))
    docker.require_image(client(images=images))
    assert pulled == [("public.ecr.aws/lambda/python", f"3.13-{architecture()}")]


def test_an_image_that_can_not_be_had_counts_as_no_docker() -> None:
    """The message names it."""
    images = SimpleNamespace(get=raises(ImageNotFound("none")), pull=raises(APIError("no such host")))
    with pytest.raises(docker.NoDockerError, match=rf"no image public.ecr.aws/lambda/python:3.13-{architecture()}, "):
        docker.require_image(client(images=images))


@pytest.mark.parametrize("pool", [{"Gateway": "127.9.0.1"}, {}], ids=["Docker names it", "Docker names the subnet"])
def test_containers_reach_the_bridge_of_this_machine(pool: dict[str, str]) -> None:
    """A program that listens there is reached by containers and this machine, and by nobody else."""
    assert docker.reach(client(networks=networks(**pool))) == Reach("127.9.0.1", "127.9.0.1", "127.9.0.1")


def test_a_bridge_that_is_elsewhere() -> None:
    """Docker Desktop and rootless Docker have a name for this machine."""
    with socket.socket() as probe, pytest.raises(OSError, match="assign"):
        probe.bind(("192.0.2.1", 0))
    assert docker.reach(client(networks=networks(Gateway="192.0.2.1"))) == Reach(
        "0.0.0.0",  # noqa: S104 - that is the point
        ADDRESS,
        "host.docker.internal",
    )


def test_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every function gets what its deployed twin has, the emulator's address, and credentials that are nobody's."""
    names = files.functions(parsed())
    stack = Stack("http://here", "s", {}, {})
    stack.__dict__["resources"] = {name: f"s-{name}" for name in names}
    configuration = {"Environment": {"Variables": {"EVENTS_TABLE": "the-table"}}}
    twin = SimpleNamespace(get_function_configuration=lambda **_: configuration)
    monkeypatch.setattr(aws, "lambda_", lambda _: twin)
    built = tmp_path / "template.yaml"
    built.write_text(TEMPLATE.read_text())
    made = files.write(stack, "http://there", built)
    variables, template = json.loads(made.variables.read_text()), json.loads(made.template.read_text())
    assert variables.keys() == set(names) >= {function_of(hook) for hook in HOOKS}
    assert variables["Parking"] == {
        "EVENTS_TABLE": "the-table",
        "AWS_ENDPOINT_URL": "http://there",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": "",
        "AWS_LAMBDA_FUNCTION_NAME": "s-Parking",
    }
    assert template["Parameters"]["Architecture"]["Default"] == architecture()
    declared = template["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["Parking"].keys() <= declared.keys()
    assert files.functions(template) == files.functions(parsed())


def test_every_event_file_of_the_rehearsal_is_there() -> None:
    """One of each hook, and the rarer shapes."""
    for name in (*HOOKS, *VARIANTS):
        assert (ROOT / "events" / f"{name}.json").exists()
        assert function_of(name.partition(".")[0]) in parsed()["Resources"]


def delivery(answer: Answer | None, **sent: Any) -> Delivery:
    """Return a delivery of a missed call."""
    return Delivery("missed_call", "post json", answer, sent)


STORED = Answer(200, "stored", "id", 1.0, "")
ITEM = {"hook": "missed_call", "payload": {"call_id": "c", "timestamp": 1}}


@pytest.mark.parametrize(
    ("made", "items", "said"),
    [
        (delivery(STORED, call_id="c", notify={}), {"id": ITEM}, None),
        (delivery(None), {}, None),
        (delivery(STORED), {}, "not in the table"),
        (delivery(STORED, caller="1"), {"id": ITEM}, "lost these fields: caller"),
        (delivery(STORED), {"id": ITEM | {"hook": "parking"}}, "as parking"),
        (delivery(Answer(502, "", "", 1.0, "Task timed out")), {}, "answered 502: Task timed out"),
        (delivery(Answer(200, "queued", "", 1.0, "")), {}, "answered 200"),
        (delivery(Answer(None, "", "", 1.0, "Traceback")), {}, "answered nothing: Traceback"),
    ],
)
def test_verdict(made: Delivery, items: dict[str, Any], said: str | None) -> None:
    """An answer is no proof: the item has to be there, whole and under its own hook."""
    found = problems([made], items)
    assert not found if said is None else said in found[0]
