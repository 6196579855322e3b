"""What `make run` says of missed calls that arrive at its two destinations, or do not."""

import base64
import contextlib
import hashlib
import hmac
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools.arrivals import PATHS, Arrivals, wanted
from hookswitch.calls.items import CallItem
from hookswitch.calls.record import Call
from hookswitch.destinations.formats.render import render
from hookswitch.destinations.record import Options
from hookswitch.events.cloudevent import cloud_event
from tests.unit.devtools.call_records import record, unanswered

SECRET = "whsec_" + base64.b64encode(b"s" * 24).decode()
CALLS = [unanswered(1, "missed"), record(2), unanswered(3, "abandoned")]


@pytest.fixture
def arrivals(tmp_path: Path) -> Iterator[Arrivals]:
    """Both of them, listening."""
    with Arrivals.listening(tmp_path) as listening:
        listening.signed.secret = SECRET
        yield listening


def item(call: Call) -> dict[str, object]:
    """Return the item of a call."""
    return CallItem(call, evidence="", caused_by=frozenset()).to_item(
        at=call["started_at"], received_at="", expires_at=0
    )


def post(arrivals: Arrivals, kind: str, call: Call, *, is_signed: bool = True) -> None:
    """Send a message as the stack does."""
    event = cloud_event(item(call))
    body = render(event, "slack" if kind == "slack" else "https", Options()).body
    now = str(int(time.time()))
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    said = hmac.new(key, f"{event['id']}.{now}.".encode() + body, hashlib.sha256).digest()
    signature = base64.b64encode(said).decode() if is_signed else "x"
    url = arrivals.server.url(PATHS["slack" if kind == "slack" else "https"])
    request = urllib.request.Request(url, body, method="POST")  # noqa: S310 - our own server
    request.add_header("content-type", "application/json")
    for name, value in (("id", event["id"]), ("timestamp", now), ("signature", f"v1,{signature}")):
        request.add_header(f"webhook-{name}", value)
    context = ssl.create_default_context(cafile=str(arrivals.certificate))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    with contextlib.suppress(urllib.error.HTTPError):
        opener.open(request).close()


def test_which_calls_are_expected() -> None:
    """Those that nobody took."""
    assert [found["event_id"] for found in wanted(map(item, CALLS))] == [
        f"call-{CALLS[0]['call']}",
        f"call-{CALLS[2]['call']}",
    ]


def test_all_arrived(arrivals: Arrivals) -> None:
    """Each call is shown as Slack shows it, and as verified."""
    for kind in ("slack", "https"):
        post(arrivals, kind, CALLS[0])
    arrivals.wait_for(CALLS[:1])
    assert arrivals.problems(CALLS[:1]) == []
    (row,) = zip(*(column.cells for column in arrivals.table(CALLS[:1]).columns), strict=True)
    assert "Missed call from Jane Doe" in str(row[0])
    assert [str(cell) for cell in row[1:]] == ["ok", "verified"]


def test_what_is_wrong(arrivals: Arrivals) -> None:
    """What is missing, came twice, was not asked for or not verified, each in a sentence."""
    post(arrivals, "slack", CALLS[0])
    post(arrivals, "https", CALLS[0], is_signed=False)
    for _ in range(2):
        post(arrivals, "https", CALLS[1])
    said = "\n".join(arrivals.problems([CALLS[0]]))
    assert "did not arrive at the https destination" in said
    assert "1 messages to the https destination were not verified" in said
    assert f"2 copies of call-{CALLS[1]['call']}-5 arrived" in said
    assert "which nobody asked for" in said
    assert json.dumps(arrivals.parameters).count("localhost:") == 1
    assert arrivals.environment["SSL_CERT_FILE"].endswith(".pem")
