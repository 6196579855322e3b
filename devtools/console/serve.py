"""Serves the console on this machine without an emulator: tables in memory, and an office whose calls go on.

`python -m devtools.console` prints the address. The page's files are read anew with each request, so that a change
shows at once. Whoever goes there is signed in: as an operator, unless `--user` says otherwise.
"""

import argparse
import base64
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from zoneinfo import ZoneInfo

from devtools.console.functions import (
    DESTINATIONS_TABLE,
    EVENTS_TABLE,
    MANAGE,
    RECONCILE,
    REDRIVE,
    SEND,
    LocalAlarms,
    LocalFunctions,
    add_trouble,
)
from devtools.console.pool import PretendPool
from devtools.console.records import items_of, record_of
from devtools.console.table import MemoryTables
from devtools.local import DASH_ACCOUNT_ID, REGION, ROOT
from hookswitch.aws import clients
from hookswitch.console.app import Console
from hookswitch.console.sessions import SessionTable
from hookswitch.console.sign_in import SignIn
from hookswitch.console.static import StaticFiles
from hookswitch.console.web import Request
from hookswitch.destinations.record import Destination, Health
from hookswitch.destinations.rows import destination_row
from hookswitch.settings.console import ConsoleSettings
from simulator.calls.office import Office
from simulator.steps import Step

STATIC = ROOT / "functions" / "console" / "static"
TABLE, SESSIONS, DESTINATIONS = EVENTS_TABLE, "sessions", DESTINATIONS_TABLE
OTHER_ACCOUNT = "b" * 32
STACK = "hookswitch"
DAY = 86_400
SETTLED = 40  # seconds after which a call is final
USERS: Mapping[str, Mapping[str, Any]] = {
    "operator": {"cognito:groups": ["calls", "payloads", "operators"], "custom:accounts": "*"},
    "reader": {"cognito:groups": ["calls"]},
    "other": {"cognito:groups": ["calls", "payloads"], "custom:accounts": OTHER_ACCOUNT},
    "nobody": {},
}
"""Who can sign in: an operator; somebody who sees calls of the stack's own account only; a customer of a reseller, who
sees another account; and somebody without any role."""


class Queues:
    """SQS, as far as health asks it: all queues are empty."""

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:  # noqa: N803
        """Do as SQS does."""
        del QueueUrl
        return {"Attributes": dict.fromkeys(AttributeNames, "0")}


class LocalConsole:
    """The console, its tables and its office.

    Attributes:
        tables: All tables.
        pool: Who signs in.
        functions: Those that the console invokes.
        alarms: The stack's.
        settings: The function's.
        clock: Returns Unix seconds; tests replace it.
    """

    def __init__(self, address: str, user: str = "operator", *, time_zone: str = "UTC") -> None:
        """Begin without any calls.

        Args:
            address: Where browsers find it.
            user: One of USERS.
            time_zone: The office's.
        """
        self.tables = MemoryTables()
        self.pool = PretendPool({"sub": user, "email": f"{user}@example.com", **USERS[user]})
        self.clock: Callable[[], float] = time.time
        self.functions, self.alarms = LocalFunctions(self.tables), LocalAlarms(STACK)
        queues = {name: name for name in ("redrive", "publish", "calls", "dead letters")}
        self.settings = ConsoleSettings(
            address=address,
            pool_address="",
            user_pool="pool",
            client="client",
            sessions_table=SESSIONS,
            events_table=TABLE,
            destinations_table=DESTINATIONS,
            account_id=DASH_ACCOUNT_ID,
            include_subaccounts=True,
            retention_days=90,
            time_zone=time_zone,
            stack=STACK,
            region=REGION,
            queues=queues,
            destinations_function=MANAGE,
            send_function=SEND,
            redrive_function=REDRIVE,
            reconcile_function=RECONCILE,
        )

    def use(self) -> None:
        """Have the layer read these tables, in this whole process."""
        setattr(clients, "dynamodb", lambda **_: self.tables)  # noqa: B010 - replaces a function that is declared
        setattr(clients, "sqs", lambda *_: Queues())  # noqa: B010
        setattr(clients, "lambda_", lambda *_: self.functions)  # noqa: B010
        setattr(clients, "cloudwatch", lambda *_: self.alarms)  # noqa: B010

    def answer(self, request: Request) -> dict[str, Any]:
        """Answer a request as the Lambda function does."""
        sign_in = SignIn(self.pool, SessionTable(SESSIONS), DASH_ACCOUNT_ID, self.clock)
        console = Console(self.settings, sign_in, StaticFiles(STATIC), self.clock)
        return console.answer(request).to_api_gateway(request)

    def show(self, steps: Sequence[Step], now: float) -> None:
        """Have the tables say what is known of a call at a time."""
        if record := record_of(steps, now):
            self.tables.put_call(TABLE, record)
        for item in items_of([step for step in steps if step.at <= now]):
            self.tables.put(TABLE, item)

    def add_destinations(self, now: float) -> None:
        """Add two destinations: one that is well, and one that fails."""
        milliseconds = int(now * 1000)
        well = Health(last_success=milliseconds - 60_000, last_answer="200")
        ill = Health(last_success=milliseconds - 7_200_000, failing_since=milliseconds - 3_600_000, failures=5)
        for name, health in (("sales", well), ("crm", ill)):
            made = Destination(name, name, "https", "https://example.com/…", b"", health=health)
            self.tables.put(DESTINATIONS, destination_row(made), "owner", "sort")

    def add_trouble(self, now: float) -> None:
        """Add what an operator has to see to."""
        add_trouble(self.tables, self.alarms, DASH_ACCOUNT_ID, now)


class Server(ThreadingHTTPServer):
    """An HTTP server for a console, as API Gateway is for the function."""

    daemon_threads = True

    def __init__(self, port: int = 0, user: str = "operator", **more: Any) -> None:
        """Listen on a port of this machine; 0 for any."""
        super().__init__(("127.0.0.1", port), _Handler)
        self.console = LocalConsole(f"http://localhost:{self.server_port}", user, **more)
        self.console.use()

    @property
    def address(self) -> str:
        """Where browsers find it."""
        return self.console.settings.address


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def _serve(self) -> None:
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        event = {
            "rawPath": path,
            "rawQueryString": query,
            "headers": headers,
            "requestContext": {"http": {"method": self.command}},
            "body": base64.b64encode(body).decode(),
            "isBase64Encoded": True,
        }
        answer = self.server.console.answer(Request.from_api_gateway(event))
        sent = answer["body"].encode()
        if answer["isBase64Encoded"]:
            sent = base64.b64decode(sent)
        self.send_response(answer["statusCode"])
        for name, value in answer["headers"].items():
            self.send_header(name, value)
        for cookie in answer.get("cookies", ()):
            self.send_header("set-cookie", cookie)
        self.send_header("content-length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - as http.server names them

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server names it
        """Print nothing."""


def fill(console: LocalConsole, days: int, calls_a_day: int, seed: int = 1) -> Office:
    """Let an office work for some days until now, and return it."""
    office, now = Office(seed), console.clock()
    zone = ZoneInfo(console.settings.time_zone)
    today = datetime.fromtimestamp(now, zone).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    for day in range(days):
        for steps in office.day(today - day * DAY, calls_a_day):
            if steps[-1].at < now:
                console.show(steps, now + DAY)
    for steps in (*office.messages(now), office.registrations(now)) if days else ():
        console.show(steps, now)
    console.add_destinations(now)
    return office


def keep_calling(console: LocalConsole, office: Office, every: float, stop: threading.Event) -> None:
    """Let calls happen until told to stop: a new one every so many seconds, and all of them go on."""
    under_way: list[list[Step]] = []
    next_at = console.clock()
    while not stop.wait(1):
        now = console.clock()
        if now >= next_at:
            under_way.append(office.happen(now))
            next_at = now + every
        for steps in under_way:
            console.show(steps, now)
        under_way = [steps for steps in under_way if steps[-1].at + SETTLED > now]


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m devtools.console", description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--user", choices=USERS, default="operator")
    parser.add_argument("--zone", default="UTC", help="of the office")
    parser.add_argument("--days", type=int, default=3, help="of calls until now; 0 for an empty page")
    parser.add_argument("--calls", type=int, default=200, help="a day")
    parser.add_argument("--every", type=float, default=15, help="seconds between two calls that begin now; 0 for none")
    chosen = parser.parse_args()
    os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "console")
    server, stop = Server(chosen.port, chosen.user, time_zone=chosen.zone), threading.Event()
    office = fill(server.console, chosen.days, chosen.calls)
    server.console.add_trouble(server.console.clock())
    if chosen.every:
        threading.Thread(target=keep_calling, args=(server.console, office, chosen.every, stop), daemon=True).start()
    print(f"{server.address}/  (as {chosen.user}; Ctrl-C ends it)", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        stop.set()
