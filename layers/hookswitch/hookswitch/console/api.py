"""The endpoints of the page's API: what each needs, and what it answers.

docs/engineering/console-api.md describes the answers. A new endpoint takes a line in `ENDPOINTS`, and one in the tests
that ask for another account's data.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from hookswitch.aws import clients
from hookswitch.calls.items import call_id
from hookswitch.calls.log import CallLog, rfc3339
from hookswitch.calls.record import Call
from hookswitch.console import calls
from hookswitch.console.health import health
from hookswitch.console.questions import Question, UnknownError, account_in, day_in
from hookswitch.console.sessions import Session
from hookswitch.console.users import ALL, Role, User
from hookswitch.console.web import Request, Response
from hookswitch.settings.console import ConsoleSettings

CHART_ENTRIES = 1_000  # read at once


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

    def question(self) -> Question:
        """Return which calls are asked for; the errors are those of `Question.read`."""
        return Question.read(self.request.query, self.user, self.settings.account_id, self.zone, self.now)

    def log(self, account: str, page: int = 100, fields: tuple[str, ...] = ()) -> CallLog:
        """Return the calls of an account, which the user may see."""
        return CallLog(clients.dynamodb(), self.settings.events_table, account, page, fields)

    def call(self) -> tuple[CallLog, Call]:
        """Return the call that the path names, and the calls of its account.

        Raises:
            UnknownError: There is no such call, or it is of an account that the user may not see.
        """
        found = next(self.log("").records([call_id(self.arguments[0])]), None)
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
    """

    path: re.Pattern[str]
    role: Role | None
    answer: Callable[[Asked], Response]


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
    return Response.from_json(calls.page(asked.log(question.account, calls.PAGE + 1, calls.ROW), question))


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


def _health(asked: Asked) -> Response:
    return Response.from_json(health(asked.settings, asked.now))


ENDPOINTS = (
    Endpoint(re.compile("me"), None, _me),
    Endpoint(re.compile("calls"), "calls", _calls),
    Endpoint(re.compile(r"calls\.csv"), "calls", _spreadsheet),
    Endpoint(re.compile("calls/([0-9a-f]{32})"), "calls", _call),
    Endpoint(re.compile("calls/([0-9a-f]{32})/events"), "calls", _events),
    Endpoint(re.compile("day"), "calls", _day),
    Endpoint(re.compile("health"), "operators", _health),
)
