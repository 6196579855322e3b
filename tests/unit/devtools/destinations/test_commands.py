"""`make destination`: what is asked of the stack's functions, and what people see."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devtools.destinations import commands
from devtools.destinations.asked import ACTIONS, Asked
from devtools.destinations.commands import destination
from devtools.destinations.wishes import Wishes
from devtools.errors import LaptopError
from hookswitch.destinations.record import Health
from hookswitch.destinations.requests import AttemptView
from tests.unit.devtools.destinations.conftest import Screen
from tests.unit.devtools.destinations.stack import NOW, SECRET, Functions, view

HOOK = "https://hooks.slack.com/services/T0/B0/abcdefghijkl"
QUEUE = "arn:aws:sqs:eu-west-1:210987654321:calls"

type Use = Callable[..., Functions]


def answers(*said: str) -> Callable[..., str]:
    """Return what asks a person who says this, and notes which questions were hidden."""
    left: Iterator[str] = iter(said)

    def ask(question: str, *, hidden: bool = False) -> str:
        if hidden:
            ask.hidden.append(question)  # type: ignore[attr-defined]
        return next(left)

    ask.hidden = []  # type: ignore[attr-defined]
    return ask


def at(monkeypatch: pytest.MonkeyPatch, *said: str) -> Any:
    """Have somebody at the terminal who gives these answers."""
    ask = answers(*said)
    monkeypatch.setattr(commands, "person", lambda: ask)
    return ask


def test_add_for_people(use: Use, shown: Screen) -> None:
    """Slack gets missed calls and voicemail unless something else is asked for, and a test at once."""
    functions = use(Functions())
    assert destination(Asked(add="sales", url=HOOK, wishes=Wishes(type="slack")))
    assert functions.asked == [
        {"add": {"name": "sales", "type": "slack", "url": HOOK, "filter": filled(when=["missed", "voicemail"])}},
        {"test": {"name": "sales"}},
    ]
    said = shown()
    assert "sales gets missed, voicemail at https://example.com/… (slack)." in said
    assert "Test taken in 143 ms: 200 OK: ok" in said
    assert "The history of your shell has the address now." in said
    assert HOOK not in said


def filled(**more: list[str]) -> dict[str, list[str]]:
    """Return a filter as it is in a request."""
    names = ("when", "hooks", "types", "accounts", "directions", "numbers", "quiet")
    return {name: more.get(name, []) for name in names}


def test_add_a_service_of_ones_own(use: Use, shown: Screen) -> None:
    """It gets every final call, and its signing secret is shown."""
    functions = use(Functions())
    assert destination(Asked(add="crm", url="https://crm.example.com/hook"))
    assert functions.asked[0]["add"]["type"] == "https"
    assert functions.asked[0]["add"]["filter"] == filled()
    said = shown()
    assert "crm gets all final calls at " in said
    assert f"Signing secret, which is shown only now:\n  {SECRET}\n" in said


def test_everything_that_can_be_chosen(use: Use, shown: Screen) -> None:
    """Each word has its place in the request; what is not said is as the stack has it."""
    functions = use(Functions())
    wishes = Wishes(
        when="missed",
        hooks="parking",
        account="a" * 32,
        numbers="+1 (555), 201",
        direction="inbound",
        quiet="sat-sun",
        zone="Europe/Berlin",
        fields='{"who": "{from.name}"}',
        ordered="1",
    )
    assert destination(Asked(add="sales", url=HOOK, wishes=wishes))
    assert functions.asked[0]["add"]["filter"] == {
        "when": ["missed"],
        "hooks": ["parking"],
        "types": [],
        "accounts": ["a" * 32],
        "directions": ["inbound"],
        "numbers": ["+1 (555)", "201"],
        "quiet": ["SAT-SUN"],
    }
    assert functions.asked[0]["add"]["options"] == {
        "zone": "Europe/Berlin",
        "fields": '{"who": "{from.name}"}',
        "ordered": True,
        "per_second": 1.0,
    }
    shown()


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        (HOOK, "slack"),
        ("https://prod-1.westeurope.logic.azure.com:443/workflows/x?sig=y", "teams"),
        ("https://hooks.zapier.com/hooks/catch/1/x/", "zapier"),
        ("https://hook.eu1.make.com/x", "zapier"),
        ("https://example.com/hooks.slack.com", "https"),
    ],
)
def test_type_by_address(address: str, kind: str, use: Use) -> None:
    """The type of a well-known service need not be said."""
    functions = use(Functions())
    destination(Asked(add="sales", url=address))
    assert functions.asked[0]["add"]["type"] == kind


def test_address_in_a_file(use: Use, shown: Screen, tmp_path: Path) -> None:
    """The command line need not have it."""
    file = tmp_path / "address"
    file.write_text(f"\n{HOOK}\n")
    functions = use(Functions())
    assert destination(Asked(add="sales", url=f"@{file}"))
    assert functions.asked[0]["add"]["url"] == HOOK
    assert "history" not in shown()
    file.write_text("")
    with pytest.raises(LaptopError, match="has no address"):
        destination(Asked(add="more", url=f"@{file}"))
    with pytest.raises(LaptopError, match="can't be read: No such file"):
        destination(Asked(add="more", url=f"@{file}2"))


def test_address_on_standard_input(use: Use, shown: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program may write it."""
    functions = use(Functions())
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{HOOK}\n"))
    assert destination(Asked(add="sales", wishes=Wishes(type="slack")))
    assert functions.asked[0]["add"]["url"] == HOOK
    assert "history" not in shown()
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{HOOK}\n{HOOK}\n"))
    with pytest.raises(LaptopError, match="Standard input has 2 lines"):
        destination(Asked(add="more", url="-"))


def test_address_that_is_asked_for(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not shown while it is typed, unless it is no secret."""
    functions = use(Functions(), DestinationArns=QUEUE)
    ask = at(monkeypatch, HOOK, QUEUE)
    assert destination(Asked(add="sales", wishes=Wishes(type="slack")))
    assert len(ask.hidden) == 1
    assert destination(Asked(add="queue", wishes=Wishes(type="sqs")))
    assert len(ask.hidden) == 1
    assert functions.asked[2]["add"]["url"] == QUEUE


def test_wizard(use: Use, shown: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever gives no arguments is asked, and asked again where an answer can't be used."""
    functions = use(Functions())
    at(monkeypatch, "phone", "", "slack", HOOK, "mist", "", "")
    assert destination(Asked())
    assert functions.asked[0]["add"]["name"] == "slack"
    assert functions.asked[0]["add"]["filter"] == filled(when=["missed", "voicemail"])
    said = shown()
    assert "TYPE=phone is none. The types are https, slack, teams" in said
    assert "WHEN has 'mist'. Allowed are missed, voicemail" in said
    at(monkeypatch, "slack", HOOK, "any", "slack", "another")
    assert destination(Asked(add="", wishes=Wishes())) is True  # lists them: there is one
    assert len(functions.asked) == 2


def test_queue_that_the_stack_may_not_send_to(use: Use) -> None:
    """The error says which parameter to set, with what is allowed already."""
    other = "arn:aws:events:us-east-1:123456789012:event-bus/phones"
    use(Functions(), DestinationArns=other)
    with pytest.raises(LaptopError) as error:
        destination(Asked(add="queue", url=QUEUE))
    assert f'make deploy SET="DestinationArns={other},{QUEUE}"' in str(error.value)
    functions = use(Functions(), DestinationArns=f"{other},{QUEUE}")
    assert destination(Asked(add="queue", url="https://sqs.eu-west-1.amazonaws.com/210987654321/calls"))
    assert destination(Asked(add="bus", url=other))
    assert [asked["add"]["url"] for asked in functions.asked if "add" in asked] == [QUEUE, other]
    assert [asked["add"]["type"] for asked in functions.asked if "add" in asked] == ["sqs", "eventbridge"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Asked(add="sales", test="sales"), "ADD and TEST can't be done at once"),
        (Asked(add="My Sales", url=HOOK), "ADD=My Sales can't be a name. Lowercase letters"),
        (Asked(add="sales", url=HOOK, wishes=Wishes(type="mail")), "TYPE=mail is none. The types are https, slack"),
        (Asked(add="sales", url=HOOK, wishes=Wishes(when="mist")), "WHEN has 'mist'. Allowed are missed"),
        (Asked(add="sales", url=HOOK, wishes=Wishes(zone="New York")), "ZONE=New York is no time zone"),
        (Asked(add="sales", url=HOOK, wishes=Wishes(rate="fast")), "RATE=fast is no number"),
        (Asked(add="sales", url=HOOK, wishes=Wishes(ordered="maybe")), "ORDERED=maybe is neither yes nor no"),
        (Asked(add="sales", url=HOOK, wishes=Wishes(fields="{")), "FIELDS is not valid JSON"),
        (Asked(add="sales", url=HOOK, since="then"), "SINCE=then is not a time"),
        (Asked(test="sales", since="2d"), "SINCE= goes with ADD= or RESUME="),
        (Asked(url=HOOK), "Say what to do: ADD=<name>"),
        (Asked(test="sale"), "There is no destination sale. There are: sales."),
        (Asked(rotate="sales"), "sales is of type slack, which has no signing secret"),
        (Asked(resend="sales"), "ID=dead for all that was refused to the end"),
        (Asked(edit="sales", wishes=Wishes(type="teams")), "sales is of type slack, which stays"),
    ],
)
def test_what_cannot_be_done(asked: Asked, said: str, use: Use) -> None:
    """The error says what is wrong and what is allowed, and nothing is changed."""
    functions = use(Functions(view()))
    with pytest.raises(LaptopError) as error:
        destination(asked)
    assert said in str(error.value)
    assert not functions.asked


def test_what_the_stack_refuses(use: Use) -> None:
    """Its reason is the error."""
    functions = use(Functions())
    functions.error = ("DestinationError", "The address leads to this machine.")
    with pytest.raises(LaptopError, match=r"^The address leads to this machine\.$"):
        destination(Asked(add="sales", url="https://localhost"))


def test_stack_without_destinations(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of an earlier version has to be deployed; one that sends to none has to be switched on."""
    use(Functions(), SendToDestinations="off")
    with pytest.raises(LaptopError, match='make deploy SET="SendToDestinations=on"'):
        destination(Asked(add="sales", url=HOOK))
    monkeypatch.setattr("devtools.destinations.managing.has_destinations", lambda _: False)
    with pytest.raises(LaptopError, match="of a version without destinations"):
        destination(Asked())


@pytest.mark.parametrize(
    ("outcome", "status", "answer", "advice"),
    [
        ("refused", 404, "404 Not Found: no_service", "In Slack, create the webhook again"),
        ("refused", 404, "404 Not Found", "Copy it again"),
        ("refused", 403, "403 Forbidden", "does not let the stack in"),
        ("gone", 410, "410 Gone: channel_is_archived", "The webhook's channel is archived."),
        ("refused", 302, "302 Found", "Redirects are not followed."),
        ("refused", 413, "413 Content Too Large", "is the TYPE right?"),
        ("retry", 429, "429 Too Many Requests: later", "Test failed after 15,002 ms"),
        ("retry", 503, "503 Service Unavailable: <html>", "The other side failed"),
        ("retry", 0, "No answer within 15 seconds", "Check the address; it has to be public"),
    ],
)
def test_a_test_that_fails(outcome: str, status: int, answer: str, advice: str, use: Use, shown: Screen) -> None:
    """What it met is shown, and what to do about it; the command fails."""
    functions = use(Functions(view()))
    functions.tested = {"outcome": outcome, "status": status, "answer": answer, "milliseconds": 15_002}
    assert not destination(Asked(test="sales"))
    said = " ".join(shown().split())
    assert f"after 15,002 ms: {answer}" in said
    assert advice in said
    assert "another test: make destination TEST=sales" in said


def test_list(use: Use, shown: Screen) -> None:
    """A line for each, and below what is wrong with some; it fits 80 columns."""
    failing = Health(
        last_success=NOW - 7_200_000,
        failing_since=NOW - 3_600_000,
        failures=5,
        next_attempt=9_999_999_999_999,
        last_answer="503: the service is being updated, come back in a few minutes, or call us",
    )
    off = Health(failing_since=NOW - 5 * 86_400_000, failures=60)
    use(
        Functions(
            view("a-name-of-forty-letters-which-is-the-most", type="eventbridge", backlog=1_000),
            view("crm", type="https", health=failing, backlog=12, dead=3),
            view("old", state="off", state_reason="It failed for five days.", state_since=NOW, health=off),
            view("quiet", state="paused", health=Health()),
        )
    )
    assert destination(Asked())
    lines = shown().splitlines()
    assert lines[0].split() == ["name", "type", "gets", "state", "last", "sent", "waiting", "dead"]
    said = " ".join(" ".join(lines).split())
    assert "crm fails: 5 attempts have failed since Nov 26 00:00 EST." in said
    assert "→ make destination ATTEMPTS=crm" in said
    assert "crm has 3 dead letters: refused to the end." in said
    assert "old is off since Nov 26 01:00 EST: It failed for five days." in said
    assert 'make destination RESUME=old SINCE="2026-11-21 01:00"' in said
    assert "1,000+" in said


def test_all_about_one(use: Use, shown: Screen) -> None:
    """What it gets, how it is doing, how it is paced."""
    use(Functions(view(backlog=2, oldest=NOW)))
    assert destination(Asked(list="sales"))
    said = shown()
    for words in ("https://hooks.slack.com/…", "missed, voicemail", "1 a second at most", "America/New_York"):
        assert words in said


def test_list_as_json(use: Use, capsys: pytest.CaptureFixture[str]) -> None:
    """One array, or the one that is asked for."""
    use(Functions(view(), view("crm")))
    assert destination(Asked(list="1", form="json"))
    assert [each["name"] for each in json.loads(capsys.readouterr().out)] == ["sales", "crm"]
    assert destination(Asked(list="crm", form="json"))
    assert json.loads(capsys.readouterr().out)["name"] == "crm"


def test_no_destinations(use: Use, shown: Screen) -> None:
    """The screen says how to add one."""
    use(Functions())
    assert destination(Asked())
    assert "make destination ADD=sales TYPE=slack" in shown()


def test_attempts(use: Use, shown: Screen) -> None:
    """A line for each, newest first, as they are answered; it fits 80 columns."""
    functions = use(Functions(view()))
    functions.attempts = [
        attempt(f"call-{'5a2d994f' * 4}-7", number=2, outcome="taken", status=200, answer="ok"),
        attempt("f" * 32, number=1, outcome="retry", status=0, answer="No answer came in 15 s. " * 9),
        attempt("test", number=1, outcome="refused", status=404, answer="no_service", is_test=True),
    ]
    assert destination(Asked(attempts="sales", count=3))
    assert functions.asked == [{"attempts": {"name": "sales", "limit": 3}}]
    lines = shown().splitlines()
    assert "Nov 26 01:00:00" in lines[2]
    assert "call-5a2d99" in lines[2]
    assert "taken" in lines[2]
    assert "ffffffff" in lines[3]
    assert "test" in lines[4]


def attempt(event_id: str, *, is_test: bool = False, **more: Any) -> AttemptView:
    """Return an attempt that took a second."""
    return AttemptView(at=NOW, event_id=event_id, milliseconds=15_002, is_test=is_test, **more)


@pytest.mark.parametrize(
    ("asked", "request_", "said"),
    [
        (Asked(pause="sales"), {"pause": {"name": "sales"}}, "sales is paused. Its events are kept"),
        (Asked(resume="sales"), {"resume": {"name": "sales"}}, "sales is tried at once."),
        (Asked(remove="sales"), {"remove": {"name": "sales"}}, "sales is removed."),
        (Asked(rotate="crm"), {"rotate": {"name": "crm", "hours": 24}}, SECRET),
        (
            Asked(resend="sales", id="dead"),
            {"resend": {"name": "sales", "event_id": ""}},
            "2 deliveries are on the way",
        ),
        (Asked(resend="sales", id="f" * 32), {"resend": {"name": "sales", "event_id": "f" * 32}}, "on the way"),
    ],
)
def test_what_is_simply_done(asked: Asked, request_: dict[str, Any], said: str, use: Use, shown: Screen) -> None:
    """Each word asks the stack for one thing, and says what came of it."""
    functions = use(Functions(view(), view("crm", type="https")))
    assert destination(asked)
    assert functions.asked == [request_]
    assert said in " ".join(shown().split())


def test_edit(use: Use, shown: Screen) -> None:
    """What is not said stays; `none` takes a condition away; a new address is tested."""
    functions = use(Functions(view()))
    assert destination(Asked(edit="sales", wishes=Wishes(hooks="parking", quiet="SUN")))
    assert destination(Asked(edit="sales", wishes=Wishes(when="none", rate="0")))
    assert destination(Asked(edit="sales", url=HOOK))
    first, second, third, test = functions.asked
    assert first == {
        "edit": {
            "name": "sales",
            "filter": filled(when=["missed", "voicemail"], hooks=["parking"], quiet=["SUN"]),
        }
    }
    assert second["edit"]["filter"] == filled(hooks=["parking"], quiet=["SUN"])
    assert second["edit"]["options"]["per_second"] == 0
    assert second["edit"]["options"]["zone"] == "America/New_York"
    assert third == {"edit": {"name": "sales", "url": HOOK}}
    assert test == {"test": {"name": "sales"}}
    shown()


def test_every_action_is_one_of_the_commands() -> None:
    """Nothing can be asked that is not done."""
    assert {"", *ACTIONS} == commands.DO.keys()
