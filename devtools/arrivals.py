"""The part of `make run` in which missed calls arrive at two destinations: one like Slack, and a service of one's own.

Both are servers on this machine with a certificate of their own authority, which the functions trust during the run.
"""

import contextlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from rich.table import Table
from rich.text import Text

from devtools import aws
from devtools.destinations.managing import Manager
from devtools.functions import Function
from devtools.screen import cropped, grid
from devtools.stack import Stack
from devtools.waiting import TooLateError, wait_for
from hookswitch.calls.record import Call
from hookswitch.destinations.filters import matches
from hookswitch.destinations.record import Filter, Type
from hookswitch.destinations.requests import Add, Added
from hookswitch.events.cloudevent import cloud_event
from simulator.receivers.authority import Authority
from simulator.receivers.server import Receiver
from simulator.receivers.signed import Signed
from simulator.receivers.slack import Slack

WANTED = Filter(when=("missed", "voicemail"))
PATHS: Mapping[Type, str] = {"slack": "/services/T0000/B0000/calls", "https": "/calls"}
LIMIT = 60.0  # seconds in which everything has to arrive


@dataclass
class Arrivals:
    """What the two received.

    Attributes:
        slack: Judges messages as Slack does.
        signed: Verifies signatures.
        server: Listens for both.
        certificate: The authority's.
    """

    slack: Slack
    signed: Signed
    server: Receiver
    certificate: Path
    refused: list[str] = field(default_factory=list)

    @classmethod
    @contextlib.contextmanager
    def listening(cls, directory: Path) -> Iterator[Self]:
        """Listen for as long as the block lasts.

        Args:
            directory: For the authority's certificate.
        """
        directory.mkdir(parents=True, exist_ok=True)
        authority, slack, signed = Authority(), Slack(burst=1), Signed("")
        with Receiver(authority.context(), {PATHS["slack"]: slack, PATHS["https"]: signed}) as server:
            yield cls(slack, signed, server, authority.write(directory))

    @property
    def environment(self) -> dict[str, str]:
        """Variables for the functions."""
        return {"SSL_CERT_FILE": str(self.certificate)}

    @property
    def parameters(self) -> dict[str, str]:
        """Parameters of the stack, which else sends to no private address."""
        return {"DestinationTestHosts": self.server.place}

    def add_to(self, deployed: Stack) -> None:
        """Add both to a stack, and send a test to each."""
        client, names = aws.lambda_(deployed.endpoint), deployed.resources
        manager = Manager(
            Function(client, names["Destinations"], "destinations"), Function(client, names["Send"], "send")
        )
        for kind, path in PATHS.items():
            request = Add(name=f"missed-calls-{kind}", type=kind, url=self.server.url(path), filter=WANTED)
            self.signed.secret = manager.ask(request, Added).secret or self.signed.secret
            tested = manager.test(request.name)
            if tested.outcome != "taken":
                self.refused.append(f"A test to {request.name} met {tested.status}: {tested.answer}")
        self.slack.messages.clear()
        self.signed.accepted.clear()
        self.signed.copies.clear()

    def wait_for(self, calls: Collection[Call]) -> None:
        """Wait until all of some calls have arrived at both; `problems` reports those that did not."""
        with contextlib.suppress(TooLateError):
            wait_for(lambda: not self._missing(calls), "the missed calls arrive at the destinations", LIMIT)

    def problems(self, calls: Iterable[Call]) -> list[str]:
        """Return what is wrong, a sentence each: every call has to arrive once at each, and nothing else."""
        calls = [*calls]
        expected = {call["call"] for call in calls}
        said = [*self.refused, *self._missing(calls)]
        if self.signed.refused:
            said.append(f"{self.signed.refused} messages to the https destination were not verified.")
        said += [f"{copies} copies of {key} arrived." for key, copies in self.signed.copies.items() if copies > 1]
        said += [f"{key} arrived, which nobody asked for." for key in self._verified() - expected]
        if len(self.slack.messages) > len(expected):
            said.append(f"Slack got {len(self.slack.messages)} messages about {len(expected)} calls.")
        return said

    def table(self, calls: Iterable[Call]) -> Table:
        """Return a row for each call: what Slack shows of it, and whether the signed message was verified."""
        verified = self._verified()
        lines = grid()
        lines.add_column("arrived at the destinations")
        lines.add_column("Slack", no_wrap=True)
        lines.add_column("https", no_wrap=True)
        for call in calls:
            message = self._in_slack(call)
            lines.add_row(
                cropped(_title(message) if message else call["summary"]),
                Text("ok", "green") if message else Text("missing", "bold red"),
                Text("verified", "green") if call["call"] in verified else Text("missing", "bold red"),
            )
        return lines

    def _missing(self, calls: Iterable[Call]) -> list[str]:
        verified = self._verified()
        said = []
        for call in calls:
            where = [] if self._in_slack(call) else ["Slack"]
            where += [] if call["call"] in verified else ["the https destination"]
            said += [f"{call['call']} did not arrive at {' and '.join(where)}: {call['summary']}"] if where else []
        return said

    def _verified(self) -> set[str]:
        """Return the calls whose messages were verified."""
        return {event_id.removeprefix("call-").partition("-")[0] for event_id in [*self.signed.accepted]}

    def _in_slack(self, call: Call) -> Mapping[str, Any] | None:
        return next((message for message in [*self.slack.messages] if call["call"] in json.dumps(message)), None)


def wanted(items: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return those items of calls that the destinations get, in the order of time."""
    found = [item for item in items if matches(WANTED, cloud_event(item))]
    return sorted(found, key=lambda item: str(item["started_at"]))


def _title(message: Mapping[str, Any]) -> str:
    """Return what the first two blocks of a message say: its title, and what happened."""
    return ": ".join(block["text"]["text"] for block in message["blocks"][:2] if "text" in block)
