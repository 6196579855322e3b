"""The endpoints of the page's API: what each needs, and what it answers.

docs/engineering/console-api.md describes the answers. A new endpoint takes a line in `ENDPOINTS`, and one in the tests
that ask for another account's data.
"""

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from hookswitch.aws import clients
from hookswitch.calls.items import call_id
from hookswitch.calls.log import CallLog, rfc3339
from hookswitch.calls.record import Call
from hookswitch.console import calls, messages, now
from hookswitch.console.acting import carry_out
from hookswitch.console.action_log import ActionLog
from hookswitch.console.feeds import Feeds
from hookswitch.console.health import health
from hookswitch.console.questions import InvalidParameterError, Question, UnknownError, account_in, day_in
from hookswitch.console.scope import Scope
from hookswitch.console.sessions import Session
from hookswitch.console.users import ALL, Role, User
from hookswitch.console.web import Request, Response
from hookswitch.destinations.table import DestinationTable
from hookswitch.settings.console import ConsoleSettings

if TYPE_CHECKING:
    from hookswitch.console.actions import Action, Actions

CALL = re.compile("[0-9a-f]{32}")
CHART_ENTRIES = 1_000  # read at once
FILTERED_ENTRIES = 250  # likewise: a filter takes few of them
ATTEMPTS = 20  # shown
MOST_BODY = 4_096  # bytes

DESTINATION = "destinations/([a-z0-9][a-z0-9-]{0,39})"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of somebody who has signed in.

    Attributes:
        request: The request.
        session: Whose it is.
        arguments: What the path names.
        settings: The function's settings.
        now: The present.
    """

    request: Request
    session: Session
    arguments: tuple[str, ...]
    settings: ConsoleSettings
    now: datetime

    @property
    def user(self) -> User:
        """Who asks."""
        return self.session.user

    @property
    def zone(self) -> ZoneInfo:
        """The office's time zone."""
        return ZoneInfo(self.settings.time_zone)

    @property
    def actions(self) -> "Actions":
        """What the user can do."""
        from hookswitch.console.actions import Actions  # noqa: PLC0415 - it says why

        return Actions(Scope.of(self.user, self.settings), self.settings)

    def body(self) -> dict[str, Any]:
        """Return the JSON object that was sent.

        Raises:
            InvalidParameterError: None was.
        """
        try:
            sent = json.loads(self.request.body) if len(self.request.body) <= MOST_BODY else None
        except (ValueError, RecursionError):
            sent = None
        if not isinstance(sent, dict):
            raise InvalidParameterError(f"The body has to be a JSON object of {MOST_BODY:,} bytes at most.")
        return sent

    def carry_out(self, action: "Action") -> Response:
        """Do something, and return what came of it; the errors are those of `acting.carry_out`."""
        return Response.from_json(carry_out(action, self.user, ActionLog(self.settings), self.now).to_json())

    def question(self) -> Question:
        """Return which calls are asked for; the errors are those of `Question.read`."""
        return Question.read(self.request.query, self.user, self.settings.account_id, self.zone, self.now)

    def log(self, account: str, page: int = 100, fields: tuple[str, ...] = ()) -> CallLog:
        """Return the calls of an account, which the user may see."""
        return CallLog(clients.dynamodb(), self.settings.events_table, account, page, fields)

    def feeds(self, account: str, page: int) -> Feeds:
        """Return the events of an account, which the user may see."""
        return Feeds(clients.dynamodb(), self.settings.events_table, account, page)

    def call(self, key: str = "") -> tuple[CallLog, Call]:
        """Return a call, by default the one that the path names, and the calls of its account.

        Raises:
            UnknownError: There is no such call, or it is of an account that the user may not see.
        """
        found = next(self.log("").records([call_id(key or self.arguments[0])]), None)
        if found is None or not self.user.sees_account(found["account_id"]):
            raise UnknownError("There is no such call.")
        return self.log(found["account_id"]), found


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address of the API.

    Attributes:
        path: A pattern of what follows /api/; its groups are the arguments.
        role: Which role it takes; None for none.
        answer: Returns the response.
        method: What it takes. What takes POST changes something, and answers the console's own page only.
    """

    path: re.Pattern[str]
    role: Role | None
    answer: Callable[[Asked], Response]
    method: Literal["GET", "POST"] = "GET"


def _me(asked: Asked) -> Response:
    user, settings = asked.user, asked.settings
    return Response.from_json(
        {
            "user": {"email": user.email, "roles": sorted(user.roles)},
            "accounts": {
                "own": settings.account_id if user.sees_account(settings.account_id) else None,
                "usual": user.usual_account(settings.account_id) or None,
                "all": user.sees_all_accounts,
                "listed": [account for account in user.accounts if account != ALL],
            },
            "stack": settings.stack,
            "time_zone": settings.time_zone,
            "now": rfc3339(asked.now),
            "session": {"expires_at": asked.session.expires_at, "ends_at": asked.session.ends_at},
        }
    )


def _calls(asked: Asked) -> Response:
    question = asked.question()
    at_once = FILTERED_ENTRIES if question.is_filtered else calls.PAGE + 1
    return Response.from_json(calls.page(asked.log(question.account, at_once, calls.ROW), question))


def _spreadsheet(asked: Asked) -> Response:
    question = asked.question()
    body = calls.spreadsheet(asked.log(question.account, fields=calls.ROW), question, asked.zone)
    name = f"calls-{question.period[0].astimezone(asked.zone):%Y-%m-%d}.csv" if question.is_dated else "calls.csv"
    headers = {
        "content-type": "text/csv; charset=utf-8",
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "no-store",
    }
    return Response(200, body, headers)


def _day(asked: Asked) -> Response:
    query = asked.request.query
    account = account_in(query, asked.user, asked.settings.account_id)
    day = day_in(query, asked.zone, asked.now)
    return Response.from_json(calls.chart(asked.log(account, CHART_ENTRIES, calls.CHART), day, asked.zone))


def _call(asked: Asked) -> Response:
    _, call = asked.call()
    return Response.from_json(calls.details(call, asked.now))


def _events(asked: Asked) -> Response:
    log, call = asked.call()
    return Response.from_json(calls.events(log, call, with_payloads="payloads" in asked.user.roles))


def _now(asked: Asked) -> Response:
    account = account_in(asked.request.query, asked.user, asked.settings.account_id)
    return Response.from_json(now.page(asked.log(account), asked.feeds(account, now.FEED_PAGE), asked.now))


def _messages(asked: Asked) -> Response:
    query = asked.request.query
    if key := query.get("call", ""):
        if not CALL.fullmatch(key):
            raise InvalidParameterError("call must be the id of a call.")
        log, call = asked.call(key)
        return Response.from_json(messages.of_call(log, call, with_text="payloads" in asked.user.roles))
    wanted = messages.Wanted.read(query, asked.user, asked.settings.account_id, asked.zone, asked.now)
    feeds = asked.feeds(wanted.account, messages.FEED_PAGE)
    return Response.from_json(messages.page(asked.log(wanted.account), feeds, wanted))


def _health(asked: Asked) -> Response:
    return Response.from_json(health(asked.settings, Scope.of(asked.user, asked.settings), asked.now))


def _attempts(asked: Asked) -> Response:
    destination = asked.actions.destination(asked.arguments[0])
    found = DestinationTable(asked.settings.destinations_table).attempts(destination.id, ATTEMPTS)
    shown = [{name: value for name, value in asdict(attempt).items() if name != "key"} for attempt in found]
    return Response.from_json({"attempts": shown})


def _test(asked: Asked) -> Response:
    return asked.carry_out(asked.actions.test(asked.arguments[0], asked.body()))


def _pause(asked: Asked) -> Response:
    return asked.carry_out(asked.actions.pause(asked.arguments[0], asked.body()))


def _resume(asked: Asked) -> Response:
    return asked.carry_out(asked.actions.resume(asked.arguments[0], asked.body()))


def _resend(asked: Asked) -> Response:
    return asked.carry_out(asked.actions.resend(asked.arguments[0], asked.body()))


def _replay(asked: Asked) -> Response:
    return asked.carry_out(asked.actions.replay(asked.body()))


def _reconcile(asked: Asked) -> Response:
    return asked.carry_out(asked.actions.reconcile(asked.body()))


ENDPOINTS = (
    Endpoint(re.compile("me"), None, _me),
    Endpoint(re.compile("calls"), "calls", _calls),
    Endpoint(re.compile(r"calls\.csv"), "calls", _spreadsheet),
    Endpoint(re.compile("calls/([0-9a-f]{32})"), "calls", _call),
    Endpoint(re.compile("calls/([0-9a-f]{32})/events"), "calls", _events),
    Endpoint(re.compile("day"), "calls", _day),
    Endpoint(re.compile("now"), "calls", _now),
    Endpoint(re.compile("messages"), "calls", _messages),
    Endpoint(re.compile("health"), "operators", _health),
    Endpoint(re.compile(f"{DESTINATION}/attempts"), "operators", _attempts),
    Endpoint(re.compile(f"{DESTINATION}/test"), "operators", _test, "POST"),
    Endpoint(re.compile(f"{DESTINATION}/pause"), "operators", _pause, "POST"),
    Endpoint(re.compile(f"{DESTINATION}/resume"), "operators", _resume, "POST"),
    Endpoint(re.compile(f"{DESTINATION}/resend"), "operators", _resend, "POST"),
    Endpoint(re.compile("quarantine/replay"), "operators", _replay, "POST"),
    Endpoint(re.compile("webhooks/reconcile"), "operators", _reconcile, "POST"),
)
