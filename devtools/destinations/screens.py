"""What people see of destinations: a line each, all about one, its attempts. Nothing is wider than 80 columns."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from rich.table import Table
from rich.text import Text

from devtools.screen import cell, cropped, grid
from devtools.since import age, counted, shown
from hookswitch.destinations import answers
from hookswitch.destinations.record import HTTP_TYPES, Filter
from hookswitch.destinations.requests import AttemptView, Tested, View
from hookswitch.events.kinds import CALL

NAME, GETS = 12, 10  # columns of a name, if it is as long as that, and of what a destination gets, at least
BRIEF = timedelta(minutes=30)  # in which most failures pass
MOST_COUNTED = 1_000  # of what waits; see View
OUTCOMES = {"taken": "green", "retry": "yellow", "refused": "red", "gone": "red", "expired": "red"}
SERVER_ERROR = 500
ADVICE = {
    **dict.fromkeys(
        (401, 403),
        "It does not let the stack in. Copy the address again; for a service of your own, see why it refused.",
    ),
    **dict.fromkeys(
        (404, 410),
        "Nothing is at this address any more, or it was copied in part. Copy it again, or make a new one.",
    ),
    429: "It takes no more for the moment. Try again in a minute; RATE=1 sends at most one a second.",
}
"""What to do about a status, where nothing more is known of the service."""


def overview(views: Sequence[View], now: datetime) -> Table:
    """Return a row for each destination."""
    lines = grid()
    longest = max(len(view.name) for view in views)
    lines.add_column("name", overflow="fold", min_width=min(longest, NAME))  # whole, to be copied
    lines.add_column("type", no_wrap=True)
    lines.add_column("gets", min_width=GETS)
    for name in ("state", "last sent"):
        lines.add_column(name, no_wrap=True)
    for name in ("waiting", "dead"):
        lines.add_column(name, justify="right", no_wrap=True)
    for view in views:
        lines.add_row(
            cell(view.name),
            cell(view.type),
            cell(wanted(view.filter)),
            state(view),
            cell(f"{age(now - moment(view.health.last_success))} ago" if view.health.last_success else "never"),
            cell(_number(view.backlog)),
            cell(_number(view.dead) if view.dead else "", "red"),
        )
    return lines


def details(view: View, now: datetime) -> Table:
    """Return all that is known of a destination."""
    lines = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    lines.add_column("", no_wrap=True, style="dim")
    lines.add_column("", overflow="fold")
    for name, value in _details(view, now):
        lines.add_row(name, cell(value))
    return lines


def attempts_table(attempts: Sequence[AttemptView]) -> Table:
    """Return a row for each attempt, with its time on this machine."""
    lines = grid()
    zones = "/".join(dict.fromkeys(str(moment(each.at).tzname()) for each in attempts))
    lines.add_column(f"time ({zones})", no_wrap=True)
    lines.add_column("event", no_wrap=True)
    for name in ("try", "status", "ms"):
        lines.add_column(name, justify="right", no_wrap=True)
    lines.add_column("outcome", no_wrap=True)
    lines.add_column("answer")
    for each in attempts:
        lines.add_row(
            f"{moment(each.at):%b %d %H:%M:%S}",
            cell("test" if each.is_test else short(each.event_id)),
            str(each.number),
            str(each.status or ""),
            f"{each.milliseconds:,}",
            cell(each.outcome, OUTCOMES.get(each.outcome, "")),
            cropped(each.answer),
        )
    return lines


def state(view: View) -> Text:
    """Return how a destination stands, in a word."""
    if view.state == "on":
        return Text("failing", "yellow") if view.health.failures else Text("on", "green")
    return Text(view.state, "red" if view.state == "off" else "yellow")


def fails_briefly(view: View, now: datetime) -> bool:
    """Tell whether all that is wrong with a destination is a failure that may pass."""
    is_failing = view.state == "on" and view.health.failures > 0
    return is_failing and not view.dead and now - moment(view.health.failing_since) < BRIEF


def problems(view: View, now: datetime) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a destination, and what to do about it."""
    health = view.health
    if view.state == "off":
        since = moment(health.failing_since or view.state_since)
        yield (
            f"is off since {shown(moment(view.state_since))}: {view.state_reason}",
            f'Once it works: make destination RESUME={view.name} SINCE="{since.astimezone():%Y-%m-%d %H:%M}"',
        )
    elif health.failures:
        due = moment(health.next_attempt)
        soon = f"in {age(due - now)}" if due > now else "now"
        attempts = counted(health.failures, "attempt has", "attempts have")
        yield (
            (
                f"fails: {attempts} failed since {shown(moment(health.failing_since))}. The next is due {soon}. "
                f"The last answer: {health.last_answer or 'none'}"
            ),
            f"make destination ATTEMPTS={view.name}",
        )
    if view.dead:
        letters = "letter" if view.dead == 1 else "letters"
        yield (
            f"has {_number(view.dead)} dead {letters}: refused to the end.",
            f"Once it takes them: make destination RESEND={view.name} ID=dead",
        )


def wanted(which: Filter) -> str:
    """Return in a few words which events a destination gets."""
    words = {"any": "all final calls", CALL: "every change of calls"}
    kinds = [words.get(kind, kind) for kind in (*which.when, *which.hooks, *which.types)]
    said = [", ".join(kinds) or words["any"]]
    said += [f"{', '.join(which.directions)} only"] if which.directions else []
    said += [f"with {', '.join(which.numbers)}"] if which.numbers else []
    said += [f"of {', '.join(account[:6] for account in which.accounts)}"] if which.accounts else []
    said += [f"not {', '.join(which.quiet)}"] if which.quiet else []
    return "; ".join(said)


def test_line(tested: Tested) -> str:
    """Return what a test met, such as `Test taken in 143 ms: 200 OK: ok`."""
    words = {"taken": "taken in", "retry": "failed after", "refused": "refused after", "gone": "refused for good after"}
    return f"Test {words[tested.outcome]} {tested.milliseconds:,} ms: {tested.answer}"


def advice(view: View, tested: Tested) -> str:
    """Return what to do after a test that failed."""
    known = answers.advice(view.type, answers.Answer(status=tested.status, excerpt=tested.answer))
    return (
        f"{known or _usual_advice(view, tested)}\n"
        f"  another address: make destination EDIT={view.name}\n"
        f"  another test: make destination TEST={view.name}\n"
        f"  remove it: make destination REMOVE={view.name}"
    )


def _usual_advice(view: View, tested: Tested) -> str:
    """Return what helps where nothing is known of the service."""
    if view.type not in HTTP_TYPES:
        return "Check that it exists, and that its policy lets the stack's function Send put messages there."
    if tested.status in ADVICE:
        return ADVICE[tested.status]
    if tested.status >= SERVER_ERROR:
        return "The other side failed; its log may say why."
    if tested.status:
        return "It does not take what it gets: is the TYPE right?"
    return "Check the address; it has to be public, with HTTPS, and to answer within 15 seconds."


def short(event_id: str) -> str:
    """Return the beginning of an event's id, as `make call ID=` takes it."""
    kind, dash, rest = event_id.rpartition("call-")
    return f"{kind}{dash}{rest[:6]}" if dash else event_id[:8]


def moment(milliseconds: int) -> datetime:
    """Return a time of a destination, in this machine's zone."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone()


def _details(view: View, now: datetime) -> Iterator[tuple[str, str]]:
    options, health = view.options, view.health
    yield "type", view.type
    yield "address", view.shown
    yield "gets", wanted(view.filter)
    if view.descendants:
        yield "accounts", f"also {counted(len(view.descendants), 'descendant', 'descendants')} of those"
    since = health.failing_since if view.state == "on" and health.failures else view.state_since
    yield "state", f"{state(view).plain} since {shown(moment(since or view.created_at))}"
    if view.state_reason:
        yield "reason", view.state_reason
    yield "last sent", f"{shown(moment(health.last_success))}" if health.last_success else "never"
    waiting = _number(view.backlog)
    yield "waiting", f"{waiting}, the oldest for {age(now - moment(view.oldest))}" if view.oldest else waiting
    yield "dead letters", _number(view.dead)
    yield "time zone", options.zone
    yield "pace", f"{options.per_second:g} a second at most" if options.per_second else "as fast as it takes them"
    yield "order", "strict for each call, device and mailbox" if options.ordered else "not strict"
    if options.fields:
        yield "fields", options.fields
    if health.is_slow:
        yield "served apart", "its answers take long"
    yield "added", shown(moment(view.created_at))


def _number(count: int) -> str:
    return f"{MOST_COUNTED:,}+" if count >= MOST_COUNTED else str(count)
