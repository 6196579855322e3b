"""How long the console's answers take with many calls in the table of the emulator: `python -m bench.console`.

The console runs in this process, so Lambda and API Gateway are not in the figures. Each is shown as a multiple of a
bare query of as many entries, in the same run: other machines have other milliseconds.
"""

import argparse
import hashlib
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path
from typing import Any, cast

from devtools import aws, emulator
from devtools.console.records import record_of
from devtools.console.serve import SESSIONS, TABLE, LocalConsole
from devtools.local import DASH_ACCOUNT_ID
from devtools.screen import say
from devtools.template import parsed
from hookswitch.aws import clients
from hookswitch.calls.items import CallItem, parties, party_item
from hookswitch.calls.record import Call
from hookswitch.console.web import Request
from hookswitch.events.attributes import item
from hookswitch.events.items import feed_key
from hookswitch.events.kinds import CALL
from simulator.calls.office import Office

KINDS = 200  # different calls that all others are copies of, at other times
A_DAY = 1_000
INDEXED = 20  # of so many calls one is indexed by its parties, which take most of the time to write
WRITTEN_AT_ONCE = 25  # BatchWriteItem
ROUNDS = 30
NAVIGATES = {"sec-fetch-dest": "document"}


def main() -> None:
    """Fill a table, and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench.console", description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, emulator.running(emulator.free_port(), Path(directory)) as running:
        client: Any = aws.dynamodb(running.endpoint)
        _create(client)
        today = datetime.now(UTC).replace(microsecond=0)
        began = time.monotonic()
        for some in batched(_items(chosen.calls, today), WRITTEN_AT_ONCE, strict=False):
            client.batch_write_item(RequestItems={TABLE: [{"PutRequest": {"Item": each}} for each in some]})
        say(f"{chosen.calls:,} calls were written in {time.monotonic() - began:.0f} s.")
        _measure(client, today)


def _measure(client: Any, today: datetime) -> None:
    console = LocalConsole("https://console.example.com")
    setattr(clients, "dynamodb", lambda **_: client)  # noqa: B010 - replaces a function that is declared
    cookies = _sign_in(console)
    feed = feed_key(DASH_ACCOUNT_ID, CALL, (today - timedelta(days=1)).date().isoformat())

    def bare() -> None:
        client.query(
            TableName=TABLE,
            IndexName="feeds",
            KeyConditionExpression="feed = :feed",
            ExpressionAttributeValues={":feed": {"S": feed}},
            ScanIndexForward=False,
            Limit=50,
        )

    def ask(path: str, query: str) -> Callable[[], None]:
        request = Request("GET", f"/api/{path}", dict([query.split("=", 1)]), query, {}, cookies)

        def asking() -> None:
            answer = console.answer(request)
            if answer["statusCode"] != 200:  # noqa: PLR2004 - OK
                raise RuntimeError(answer["body"])

        return asking

    day = (today - timedelta(days=1)).date().isoformat()
    asked = {
        "a bare query of 50 entries": bare,
        "50 calls of a day": ask("calls", f"day={day}"),
        "50 calls, and those in progress": ask("calls", "status=answered"),
        "50 calls of a number": ask("calls", "number=201"),
        "the chart of a day": ask("day", f"day={day}"),
    }
    base = 0.0
    for name, asking in asked.items():
        taken = _median(asking)
        base = base or taken
        say(f"{name:32} {taken:7.1f} ms  {taken / base:5.1f} times")


def _median(asking: Callable[[], None]) -> float:
    asking()
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        asking()
        times.append(1_000 * (time.perf_counter() - began))
    return statistics.median(times)


def _sign_in(console: LocalConsole) -> Mapping[str, str]:
    cookies: dict[str, str] = {}
    path = "/"
    while path != "/" or not cookies:
        where, _, query = path.partition("?")
        event = {
            "rawPath": where,
            "rawQueryString": query,
            "headers": NAVIGATES,
            "cookies": [f"{name}={value}" for name, value in cookies.items()],
            "requestContext": {"http": {"method": "GET"}},
        }
        answer = console.answer(Request.from_api_gateway(event))
        for cookie in answer.get("cookies", ()):
            name, _, rest = cookie.partition("=")
            cookies[name] = rest.partition(";")[0]
        path = answer["headers"].get("location", "/")
    return cookies


def _create(client: Any) -> None:
    for name, logical_id in ((TABLE, "EventsTable"), (SESSIONS, "SessionsTable")):
        declared = parsed()["Resources"][logical_id]["Properties"]
        kept = ("KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes", "BillingMode")
        client.create_table(TableName=name, **{key: declared[key] for key in kept if key in declared})


def _items(count: int, today: datetime) -> Iterator[Mapping[str, Any]]:
    """Yield the items of calls, a thousand on each day before today."""
    office = Office()
    kinds = [found for _ in range(KINDS) if (found := record_of(office.call(0), 10**9))]
    for number in range(count):
        day, at = divmod(number, A_DAY)
        start = today - timedelta(days=day + 1) + timedelta(seconds=at * 60)
        call = _moved(kinds[number % len(kinds)], number, start)
        stored = CallItem(call, evidence="", caused_by=frozenset())
        made = stored.to_item(at=call["started_at"], received_at=call["started_at"], expires_at=None)
        yield item(made)
        if number % INDEXED == 0:
            yield from (item(party_item(key, call, None)) for key in sorted(parties(call)))


def _moved(call: Call, number: int, start: datetime) -> Call:
    """Return a copy of a call at another time."""
    key = hashlib.sha256(str(number).encode()).hexdigest()[:32]
    text = json.dumps(call)
    return cast("Call", json.loads(text) | {"call": key, "started_at": start.isoformat().replace("+00:00", "Z")})


if __name__ == "__main__":
    main()
