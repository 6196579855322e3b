"""Unusual attempt logs: whatever is readable is recovered once, and the rest is reported and holds the watermark."""

import re
from typing import Any

import pytest

from hookswitch.errors import HookswitchError
from hookswitch.reconcile import attempt_log
from hookswitch.reconcile.attempt import RETRIES_OVER
from hookswitch.reconcile.state import iso
from simulator.attempts import gregorian
from simulator.faults import Fault
from simulator.payloads import DEFAULT_ACCOUNT_ID, payload
from tests.emf import total
from tests.unit.reconcile.world import World, running

FAR = 1_000_000  # failures that disable a webhook, a setting of Dash


@pytest.fixture(autouse=True)
def _many_failures(world: World) -> None:
    world.dash.sender.failures._limit = FAR  # noqa: SLF001


def move(world: World, address: str = "https://former.example.com/v1") -> str:
    """Make a delivery of parking fail at a former address of its webhook; return that address."""
    webhook = world.webhook("parking")
    present = webhook.uri
    webhook.uri = re.sub(r"^.*/hooks/", f"{address}/hooks/", present)
    world.miss("parking")
    webhook.uri = present
    return address


def test_form_deliveries() -> None:
    """A form-encoded delivery is recovered as the original event."""
    with running(PayloadFormat="form-data") as world:
        for hook in ("parking", "missed_call", "channel_destroy"):
            world.miss(hook, 2)
        report = world.reconcile()
        assert report["events"] == {hook: {"stored": 2} for hook in ("channel_destroy", "missed_call", "parking")}
        assert not world.table.plain("quarantine")


@pytest.mark.parametrize("by_hand", [False, True])
def test_interrupted_sender(world: World, *, by_hand: bool) -> None:
    """A delivery whose sender stopped between two attempts is recovered once the time for retries is over."""
    world.dash.sender.interrupt_after = 1
    world.miss("missed_call", 2, status=0)
    failed_at = int(world.now)
    held = world.reconcile_later(RETRIES_OVER - 1)
    assert (held["events"], held["watermark"]) == ({}, iso(failed_at - 1))
    assert world.reconcile_later(1)["events"] == {"missed_call": {"stored": 2}}
    assert world.reconcile_later()["watermark"] == iso(int(world.now))
    if by_hand:
        assert world.reconcile_later(5000, since=iso(failed_at))["events"] == {"missed_call": {"duplicate": 2}}


@pytest.mark.parametrize("ahead", [-280, -150, 0, 150, 280])
def test_clocks_that_differ(world: World, ahead: float) -> None:
    """A parking that was stored though Dash got no answer is a duplicate, however wrong Dash's clock is."""
    world.ahead, world.loses_responses = ahead, True
    world.fire("parking", payload("parking", now=world.now))
    world.loses_responses = False
    (stored,) = world.published
    world.reconcile()
    assert world.reconcile_later(300)["events"] in ({}, {"parking": {"duplicate": 1}})
    assert world.reconcile_later(300, since=iso(int(world.now - 3600)))["events"] == {"parking": {"duplicate": 1}}
    assert world.published == [stored]


def test_late_delivery_after_all(world: World) -> None:
    """If Dash delivers a recovered event after all, it is a duplicate."""
    world.dash.sender.interrupt_after = 1
    sent = payload("missed_call", now=world.now)
    world.broken = 0
    world.fire("missed_call", sent)
    world.broken = None
    world.reconcile_later()
    world.fire("missed_call", sent)
    assert len(world.published) == 1


def test_tries_that_go_on_hold_the_watermark(world: World) -> None:
    """While Dash may still retry a delivery, the watermark stays before it."""
    world.dash.sender.interrupt_after = 1
    world.miss("missed_call", status=0)
    failed_at = int(world.now)
    assert world.reconcile_later(10)["watermark"] == iso(failed_at - 1)


def test_tries_of_one_delivery(world: World) -> None:
    """However many attempts of a delivery the log has, it is sent once, or not at all if one of them succeeded."""
    world.dash.sender.log._keep_successes = True  # noqa: SLF001 - a setting of Dash
    world.miss("missed_call", 2, status=0)
    world.reconcile_later()
    assert world.invoked == ["missed_call"] * 2
    sent = payload("missed_call", now=world.now)
    answers = iter([0, None])
    send = type(world).send

    def failing_once(request: Any) -> Any:
        world.broken = next(answers)
        return send(world, request)

    world.dash.sender.transport.send = failing_once  # type: ignore[method-assign]
    world.fire("missed_call", sent)
    assert world.reconcile_later()["events"] == {}


def test_list_that_can_not_be_read(world: World) -> None:
    """While Dash does not list its webhooks, deliveries to a possible former address hold the watermark."""
    world.reconcile()
    world.now += 300
    move(world)
    world.table.items["state-reconcile"].pop("progress")  # forget the webhook, too
    world.api.faults.add(Fault("GET", "/webhooks$", count=None, status=503))
    for _ in range(2):
        world.now += 300
        with pytest.raises(HookswitchError):
            world.reconcile()
    assert not world.published
    world.api.faults.clear()
    assert world.reconcile_later(86_400)["events"] == {"parking": {"stored": 1}}


def test_secret_that_can_not_be_read(world: World) -> None:
    """Events are recovered even if the callback secret can't be read."""
    world.reconcile()
    world.now += 300
    move(world)
    world.secrets.drop("arn:aws:secretsmanager:us-east-1:111111111111:secret:callback")
    world.now += 300
    with pytest.raises(HookswitchError):
        world.reconcile()
    assert len(world.published) == 1


def test_webhook_that_is_gone(world: World) -> None:
    """A delivery to a former address of a webhook that was deleted later is still recovered."""
    world.reconcile()
    world.now += 300
    move(world)
    world.dash.remove(world.webhook("parking").id)
    assert world.reconcile_later()["events"] == {"parking": {"stored": 1}}


def test_webhook_of_others(world: World) -> None:
    """A webhook that was never ours is ignored, whatever its address looks like, and does not hold the watermark."""
    world.dash.register(
        DEFAULT_ACCOUNT_ID, {"name": "x", "hook": "parking", "uri": "https://x.example.com/hooks/parking/t"}
    )
    world.miss("parking")
    report = world.reconcile_later()
    assert report["events"] == {"parking": {"stored": 1}}
    assert report["watermark"] == iso(int(world.now))


@pytest.mark.parametrize("limit", [100, 7])
def test_full_second_by_webhook(world: World, limit: int) -> None:
    """A second with more failures than a page of this Dash holds is read webhook by webhook."""
    world.dash.page_limit = limit
    for hook in ("parking", "missed_call", "channel_create"):
        world.miss(hook, limit - 1)
        world.now -= 0.001  # the same second
    report = world.reconcile_later()
    stored = {hook: counts["stored"] for hook, counts in report["events"].items()}
    assert stored == dict.fromkeys(("channel_create", "missed_call", "parking"), limit - 1)
    assert report["watermark"] == iso(int(world.now))


def test_second_that_overflows(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """If Dash shows only 100 of 250 failures in a second, this is reported, and the watermark stays before it."""
    world.dash.page_limit = 100
    world.miss("missed_call", 250)
    failed_at = int(world.now)
    world.now += 60
    world.miss("parking")
    capsys.readouterr()
    report = world.reconcile_later()
    log = capsys.readouterr().out
    assert report["events"] == {"missed_call": {"stored": 100}, "parking": {"stored": 1}}
    assert report["watermark"] == iso(failed_at - 1)
    assert f"More deliveries failed at {iso(failed_at)} than Dash's attempt log shows" in report["reported"][0]
    assert total(log, "overflowed_seconds") == 1
    assert "More deliveries failed" in world.news[0]["summary"]
    world.invoked.clear()
    later = world.reconcile_later(5000)
    assert (later["watermark"], later["events"], later["reported"]) == (report["watermark"], {}, [])
    assert world.invoked == []  # later runs do not send recovered deliveries again
    world.dash.page_limit = None
    last = world.reconcile_later()
    assert last["events"]["missed_call"] == {"stored": 150, "duplicate": 100}
    assert last["watermark"] == iso(int(world.now))


def test_giving_up(world: World) -> None:
    """An operator can accept a loss to move the watermark: the loss is reported, and nothing newer is lost."""
    world.dash.page_limit = 10
    world.miss("missed_call", 25)
    failed_at = int(world.now)
    world.reconcile_later()
    world.down = {"parking"}
    world.now += 1000
    world.miss("parking")
    deferred = world.reconcile_later()
    assert deferred["watermark"] == iso(failed_at - 1)
    report = world.reconcile_later(skip_until=iso(failed_at + 500))
    assert f"between {iso(failed_at)} and {iso(failed_at + 500)}" in report["reported"][0]
    assert report["watermark"] > iso(failed_at + 500)
    assert report["events"] == {"parking": {"deferred": 1}}
    world.down = set()
    assert world.reconcile_later(5000)["events"] == {"parking": {"stored": 1}}


def test_overflow_and_a_function_that_fails(world: World) -> None:
    """Deferred deliveries of an overflowed second are sent again, though Dash shows no more of it than before."""
    world.dash.page_limit = 10
    world.miss("missed_call", 25)
    world.down = {"missed_call"}
    assert world.reconcile_later()["events"] == {"missed_call": {"deferred": 10}}
    world.down = set()
    assert world.reconcile_later(5000)["events"] == {"missed_call": {"stored": 10}}


MALFORMED: list[object] = [
    *(None, "text", 7, {}, {"timestamp": "soon"}, {"uri": 1, "timestamp": 1}),
    *(["a", ["b"]], {"req_body": {}}),
]


@pytest.mark.parametrize("entry", MALFORMED)
def test_malformed_entry(world: World, entry: object, capsys: pytest.CaptureFixture[str]) -> None:
    """A malformed entry is skipped, counted and reported once, without affecting other entries."""
    world.miss("missed_call", 3)
    world.dash.sender.log.add_malformed(DEFAULT_ACCOUNT_ID, gregorian(world.now), entry)
    world.miss("missed_call", 3)
    capsys.readouterr()
    report = world.reconcile_later()
    assert report["events"] == {"missed_call": {"stored": 6}}
    assert report["watermark"] == iso(int(world.now))
    assert len(report["reported"]) == 1
    assert total(capsys.readouterr().out, "malformed_attempts") == 1
    assert world.reconcile_later(5000)["reported"] == []


def test_page_of_malformed_entries(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even whole pages of malformed entries do not hide other entries."""
    monkeypatch.setattr(attempt_log, "PAGE_SIZE", 2)
    world.miss("missed_call", 2)
    world.now += 10
    for number in range(30):
        world.dash.sender.log.add_malformed(DEFAULT_ACCOUNT_ID, gregorian(world.now), number)
    world.now += 10
    world.miss("missed_call", 2)
    assert world.reconcile_later()["events"] == {"missed_call": {"stored": 4}}


@pytest.mark.parametrize("data", [{"a": 1}, "text"])
def test_page_in_an_unknown_form(world: World, data: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that is not a list of attempts is not treated as empty: the watermark stays before it."""
    world.reconcile()
    world.now += 60
    world.miss("missed_call")
    answer = world.api.answer
    broken = True

    def answering(call: Any) -> tuple[int, dict[str, Any]]:
        status, envelope = answer(call)
        if broken and call.path[-1] == "attempts":
            envelope["data"] = data
        return status, envelope

    monkeypatch.setattr(world.api, "answer", answering)
    world.now += 300
    with pytest.raises(HookswitchError):
        world.reconcile()
    broken = False
    assert world.reconcile_later()["events"] == {"missed_call": {"stored": 1}}


def test_resources_are_listed_once(world: World) -> None:
    """However many deliveries there are, a run lists the stack's functions only once."""
    world.miss("missed_call", 70)
    world.reconcile_later()
    assert world.listed == 1
