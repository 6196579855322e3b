"""How long the console's answers take with many calls in the emulator's table: `python -m bench.console`.

The console runs in this process, so Lambda and API Gateway are not in the figures. Each is shown as a multiple of a
bare query of as many entries, asked in turns in the same run: other machines have other milliseconds. With 100,000
calls or more it writes docs/engineering/console.json, and docs/engineering/console.md from that; `--page` only that.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from botocore.config import Config

from bench.stored_calls import A_DAY, StoredCalls
from devtools import aws, emulator, machine
from devtools.console.serve import SESSIONS, TABLE, LocalConsole
from devtools.local import DASH_ACCOUNT_ID, ROOT
from devtools.markdown import fill, table
from devtools.screen import say
from devtools.template import parsed
from hookswitch.aws import clients
from hookswitch.calls.log import rfc3339
from hookswitch.console.calls import PAGE as ROWS
from hookswitch.console.questions import MOST_DAYS, cursor_after, midnight
from hookswitch.console.web import Request
from hookswitch.events.items import feed_key
from hookswitch.events.kinds import CALL

if TYPE_CHECKING:
    from hookswitch.calls.record import Call

PAGE = ROOT / "docs" / "engineering" / "console.md"
DATA = PAGE.with_suffix(".json")
TEMPLATE = Path(__file__).parent / "templates" / "console.md"
MANY = 100_000
LIMIT = 300  # milliseconds that a list of calls may take on the emulator
WRITTEN_AT_ONCE = 25  # BatchWriteItem
WRITERS = 2
ROUNDS = 30
HOUR = 18  # of today, in UTC, at which all is asked: most of the day's calls are there
DEEP = 0.9  # of all calls are newer than those of the page deep in the past
PAGES = 5  # of a number's calls that are turned
NUMBER = "503"  # an extension
NAVIGATES = {"sec-fetch-dest": "document"}
BARE, LIST = "a bare query of 50 entries", "the calls of today, with those in progress"
COLUMNS = {
    "what": ("", ""),
    "median": ("median, ms", ".0f"),
    "p90": ("p90, ms", ".0f"),
    "ratio": ("× bare query", ".1f"),
}

type Ask = Callable[[], Mapping[str, Any]]


@dataclass(frozen=True)
class Answer:
    """How long an answer takes.

    Attributes:
        what: What is asked for.
        rows: How many calls, entries or events the answer has.
        median: Milliseconds.
        p90: Milliseconds that nine of ten take at most.
        ratio: The median as a multiple of the bare query's.
    """

    what: str
    rows: int
    median: float
    p90: float
    ratio: float


def main() -> None:
    """Fill a table, and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench.console", description=__doc__)
    parser.add_argument("--calls", type=int, default=MANY)
    parser.add_argument("--page", action="store_true", help="only write the page anew")
    chosen = parser.parse_args()
    if not chosen.page:
        found = _run(StoredCalls(chosen.calls, datetime.now(UTC).replace(hour=HOUR, minute=0, second=0, microsecond=0)))
        for answer in found["answers"]:
            say(f"{answer['what']:45} {answer['median']:7.1f} ms  {answer['ratio']:5.1f} times, {answer['rows']} rows")
        if chosen.calls < MANY:
            return
        DATA.write_text(json.dumps(found, indent=2) + "\n")
    PAGE.write_text(document(json.loads(DATA.read_text())))


def _run(stored: StoredCalls) -> dict[str, Any]:
    load = os.getloadavg()[1]
    with tempfile.TemporaryDirectory() as directory, emulator.running(emulator.free_port(), Path(directory)) as running:
        unchecked = aws.CONFIG.merge(Config(parameter_validation=False))  # which takes longest of writing
        client: Any = aws.SESSION.client("dynamodb", endpoint_url=running.endpoint, config=unchecked)
        _create(client)
        began = time.monotonic()
        _write(client, stored)
        writing = time.monotonic() - began
        say(f"{stored.count:,} calls were written in {writing:.0f} s.")
        answers = measured(client, stored, ROUNDS)
    return {
        "date": str(datetime.now(UTC).date()),
        "machine": machine.described(),
        "load_average": load,
        "calls": stored.count,
        "rounds": ROUNDS,
        "writing_seconds": writing,
        "answers": [asdict(answer) for answer in answers],
    }


def measured(client: Any, stored: StoredCalls, rounds: int) -> list[Answer]:
    """Return how long each answer takes, the bare query's first.

    Args:
        client: Of DynamoDB, whose table has the calls.
        stored: The calls.
        rounds: How often each is asked, in turns.
    """
    asked = _questions(client, stored)
    rows = {what: _rows(ask()) for what, ask in asked.items()}  # also the first time, which does not count
    times: dict[str, list[float]] = {what: [] for what in asked}
    for _ in range(rounds):
        for what, ask in asked.items():
            began = time.perf_counter()
            ask()
            times[what].append(1_000 * (time.perf_counter() - began))
    medians = {what: statistics.median(taken) for what, taken in times.items()}
    return [
        Answer(what, rows[what], median, _p90(times[what]), median / medians[BARE]) for what, median in medians.items()
    ]


def document(found: Mapping[str, Any]) -> str:
    """Return the page of what was measured."""
    answers = {answer["what"]: answer for answer in found["answers"]}
    listed = answers[LIST]
    holds = listed["median"] <= LIMIT
    return fill(
        TEMPLATE,
        {
            "calls": f"{found['calls']:,}",
            "a_day": f"{A_DAY:,}",
            "verdict": f"A list of {listed['rows']} calls takes {listed['median']:.0f} ms, {listed['ratio']:.1f} times"
            f" a bare query, which is {'within' if holds else 'more than'} the limit of {LIMIT} ms.",
            "rounds": found["rounds"],
            "date": found["date"],
            "machine": found["machine"],
            "load": f"{found['load_average']:.1f}",
            "writing": f"{found['writing_seconds'] / 60:.0f}",
            "remark": f" {found['remark']}" if found.get("remark") else "",  # which people write
            "answers": table(COLUMNS, found["answers"]),
        },
    )


def _questions(client: Any, stored: StoredCalls) -> dict[str, Ask]:
    """Return what is asked, by its name."""
    console = LocalConsole("https://console.example.com")
    console.clock = stored.now.timestamp
    setattr(clients, "dynamodb", lambda **_: client)  # noqa: B010 - replaces a function that is declared
    cookies = _sign_in(console)

    def ask(path: str, **query: str) -> Mapping[str, Any]:
        answer = console.answer(Request("GET", f"/api/{path}", query, "", {}, cookies))
        if answer["statusCode"] != 200:  # noqa: PLR2004 - OK
            raise RuntimeError(answer["body"])
        found: Mapping[str, Any] = json.loads(answer["body"])
        return found

    today = stored.now.date()
    yesterday, first = (str(today - timedelta(days=days)) for days in (1, MOST_DAYS - 1))
    number = int(stored.count * DEEP)
    place = {"started_at": rfc3339(stored.started_at(number)), "call": stored.key(number)}
    past = cursor_after(cast("Call", place))
    turned = _turned(ask, number=NUMBER)
    _, call = stored.with_events()
    key = call["call"]
    return {
        BARE: lambda: _bare(client, stored.now),
        LIST: lambda: ask("calls"),
        "the calls of a whole day": lambda: ask("calls", day=yesterday),
        "a page deep in the past, by its cursor": lambda: ask("calls", day=first, until=str(today), cursor=past),
        "the calls of a number": lambda: ask("calls", number=NUMBER),
        "a later page of them, by its cursor": lambda: ask("calls", number=NUMBER, cursor=turned),
        "the missed calls of a day": lambda: ask("calls", day=yesterday, status="missed"),
        "one call": lambda: ask(f"calls/{key}"),
        "its events with their payloads": lambda: ask(f"calls/{key}/events"),
        "the chart of a day": lambda: ask("day", day=yesterday),
    }


def _bare(client: Any, now: datetime) -> Mapping[str, Any]:
    """Ask for the newest entries of today, as the list does, and for nothing else."""
    start = midnight(now.date(), ZoneInfo("UTC"))
    found: Mapping[str, Any] = client.query(
        TableName=TABLE,
        IndexName="feeds",
        KeyConditionExpression="feed = :key AND timeline_key BETWEEN :start AND :end",
        ExpressionAttributeValues={
            ":key": {"S": feed_key(DASH_ACCOUNT_ID, CALL, now.date().isoformat())},
            ":start": {"S": rfc3339(start)},
            ":end": {"S": rfc3339(now)},
        },
        ScanIndexForward=False,
        Limit=ROWS,
    )
    return found


def _turned(ask: Callable[..., Mapping[str, Any]], **query: str) -> str:
    """Return the cursor after some pages, or the last one that there is."""
    cursor = ""
    for _ in range(PAGES):
        following = ask("calls", **query, **({"cursor": cursor} if cursor else {}))["cursor"]
        if following is None:
            break
        cursor = following
    return cursor


def _rows(answer: Mapping[str, Any]) -> int:
    for name in ("Items", "events", "hours"):
        if name in answer:
            return len(answer[name])
    return len(answer["calls"]) if "calls" in answer else 1


def _p90(times: Sequence[float]) -> float:
    return sorted(times)[int(0.9 * len(times))]


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


def _write(client: Any, stored: StoredCalls) -> None:
    """Write all items: making them and taking them keeps a core busy each."""

    def write(some: Sequence[Mapping[str, Any]]) -> None:
        client.batch_write_item(RequestItems={TABLE: [{"PutRequest": {"Item": each}} for each in some]})

    with ThreadPoolExecutor(WRITERS) as pool:
        for group in batched(batched(stored.items(), WRITTEN_AT_ONCE, strict=False), 10 * WRITERS, strict=False):
            list(pool.map(write, group))


if __name__ == "__main__":
    main()
