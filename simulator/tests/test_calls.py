"""The simulated calls are what Dash would tell of real ones."""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import pytest

from hookswitch.dash.hooks import HOOKS
from simulator.attempts import gregorian
from simulator.calls.cast import CAST, RECEPTION, WAREHOUSE, document_id
from simulator.calls.recipients import OPERATIONS, SALES_TEAM
from simulator.calls.scenarios import SCENARIOS
from simulator.calls.system import PhoneSystem
from simulator.calls.variants import VARIANTS, one_sided, second_leg_first, without_interaction_ids
from simulator.confidential import NAMES, NUMBER
from simulator.encoding import encode_form, encode_json
from simulator.payloads import DEFAULT_ACCOUNT_ID
from simulator.steps import Step
from simulator.tests.each import for_each

NOW = 1_795_000_000
WITHOUT_END = {"media_lost_for_good", "media_lost_ringing"}  # the scenarios in which no leg has a real end
UNCONNECTED = {"conference_room"}  # those whose legs no event connects
all_scenarios = for_each("name", SCENARIOS)


def steps_of(name: str, seed: int = 1, *, interaction_ids: bool = False) -> list[Step]:
    """Return the steps of a scenario."""
    rng = random.Random(seed)
    return SCENARIOS[name].events(rng=rng, account_id=DEFAULT_ACCOUNT_ID, now=NOW, interaction_ids=interaction_ids)


def legs_of(steps: Sequence[Step]) -> dict[str, list[Step]]:
    """Return the channel events of each leg."""
    legs: dict[str, list[Step]] = defaultdict(list)
    for step in steps:
        if step.hook.startswith("channel_"):
            legs[step.payload["call_id"]].append(step)
    return legs


def alerts_of(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Return the missed-call alerts."""
    return [step.payload for step in steps if step.hook == "missed_call"]


def connected(steps: Sequence[Step]) -> set[str]:
    """Return the legs that can be reached from the first one, by the ids in the events."""
    neighbours: dict[str, set[str]] = defaultdict(set)
    for step in steps:
        for other in named(step):
            neighbours[step.payload["call_id"]].add(other)
            neighbours[other].add(step.payload["call_id"])
    reached, new = set[str](), {steps[0].payload["call_id"]}
    while new:
        reached |= new
        new = {other for leg in new for other in neighbours[leg]} - reached
    return reached


def named(step: Step) -> Iterator[str]:
    """Yield the legs that an event names besides its own."""
    if other := step.payload.get("other_leg_call_id"):
        yield other
    if member := step.payload.get("custom_channel_vars", {}).get("Member-Call-ID"):
        yield member


@all_scenarios
def test_a_scenario_says_what_happens(name: str) -> None:
    """Its title is a sentence."""
    assert SCENARIOS[name].name == name
    assert SCENARIOS[name].title.endswith(".")


@all_scenarios
def test_time_never_goes_back(name: str) -> None:
    """Events are in the order in which they happen, and say when that was."""
    steps = steps_of(name)
    assert [step.at for step in steps] == sorted(step.at for step in steps)
    assert all(step.payload["timestamp"] == gregorian(step.at) for step in steps if "timestamp" in step.payload)


@all_scenarios
def test_events_can_be_sent(name: str) -> None:
    """Each event belongs to a hook and to the account, and fits both bodies."""
    for step in steps_of(name):
        assert step.hook in HOOKS
        assert step.payload["account_id"] == DEFAULT_ACCOUNT_ID
        assert encode_form(step.payload)
        assert encode_json(step.payload)


@all_scenarios
def test_every_leg_has_a_beginning_and_an_end(name: str) -> None:
    """A leg begins once and ends once, unless its media server is lost."""
    for events in legs_of(steps_of(name)).values():
        hooks = [step.hook for step in events]
        real_ends = [step for step in events if "hangup_cause" in step.payload]
        assert hooks.count("channel_create") == 1
        assert hooks.count("channel_answer") <= 1
        assert hooks[0] == "channel_create"
        assert hooks[-1] == "channel_destroy"
        assert len(real_ends) == (0 if name in WITHOUT_END else 1)


@all_scenarios
def test_durations_are_those_of_the_events(name: str) -> None:
    """A leg lasts from its beginning to its end, and is billed from its answer."""
    for events in legs_of(steps_of(name)).values():
        at = {step.hook: int(step.at) for step in events}
        for end in (step.payload for step in events if "hangup_cause" in step.payload):
            assert end["duration_seconds"] == at["channel_destroy"] - at["channel_create"]
            answered = at.get("channel_answer", at["channel_destroy"])
            assert end["billing_seconds"] == at["channel_destroy"] - answered


@all_scenarios
def test_legs_name_each_other(name: str) -> None:
    """Whatever an event names is a leg of the scenario, and all legs hang together."""
    steps = steps_of(name)
    legs = set(legs_of(steps))
    assert {other for step in steps for other in named(step)} <= legs
    assert {step.payload["call_id"] for step in steps} == legs
    if name not in UNCONNECTED:
        assert connected(steps) == legs


@all_scenarios
def test_a_seed_repeats_a_call(name: str) -> None:
    """The same seed gives the same events, another one other legs."""
    assert steps_of(name) == steps_of(name)
    assert not set(legs_of(steps_of(name))) & set(legs_of(steps_of(name, seed=2)))


@all_scenarios
def test_who_takes_part_is_recognised_in_logs(name: str) -> None:
    """Numbers outside and the names of callers are of the kinds that the scan of the logs finds."""
    numbers = {member.number for member in CAST.values()}
    for step in steps_of(name):
        number = step.payload["caller_id_number"]
        assert step.payload["caller_id_name"] in NAMES
        assert NUMBER.search(number) or number in numbers


def test_the_cast_is_the_same_in_every_run() -> None:
    """Ids of phones follow from their names, and only two phones have one owner."""
    phones = [member for member in CAST.values() if member.device]
    assert RECEPTION.device == document_id("device reception")
    assert len({phone.device for phone in phones}) == len(phones)
    assert len({phone.owner for phone in phones}) == len(phones) - 1


# Missed-call alerts (docs/dash-protocol.md, section 6).


@all_scenarios
def test_nobody_is_alerted_of_a_call_that_was_taken(name: str) -> None:
    """No alert goes out if the caller was connected or left a message, or called from a phone of the account."""
    steps = steps_of(name)
    bridged = {
        leg for step in steps if step.hook == "channel_bridge" for leg in (step.payload["call_id"], *named(step))
    }
    messages = {step.payload["call_id"] for step in steps if step.hook == "voicemail_new"}
    began = {leg: events[0].payload for leg, events in legs_of(steps).items()}
    for alert in alerts_of(steps):
        assert alert["call_id"] not in bridged | messages
        assert began[alert["call_id"]]["authorizing_type"] == "resource"
        assert not alert["call_bridged"]
        assert not alert["message_left"]


def test_an_alert_needs_the_action_in_the_callflow() -> None:
    """The same unanswered call alerts whom the callflow names, and nobody else."""
    for recipients in ((), (OPERATIONS,), (OPERATIONS, SALES_TEAM)):
        system = PhoneSystem(random.Random(1), DEFAULT_ACCOUNT_ID, NOW)
        caller = system.call_in(missed_call_alerts=recipients)
        system.hang_up(caller, cause="NO_ANSWER")
        assert [alert["to"] for alert in alerts_of(system.steps)] == [[*people] for people in recipients]


def test_no_alert_of_a_connected_call() -> None:
    """A call that somebody took is not missed."""
    system = PhoneSystem(random.Random(1), DEFAULT_ACCOUNT_ID, NOW)
    caller = system.call_in(missed_call_alerts=[OPERATIONS])
    phone = system.ring(RECEPTION, caller)
    system.pick_up(phone, caller)
    system.hang_up(phone, caller)
    assert not alerts_of(system.steps)


def test_no_alert_of_a_message() -> None:
    """A call that left a message is told of by the message."""
    system = PhoneSystem(random.Random(1), DEFAULT_ACCOUNT_ID, NOW)
    caller = system.call_in(missed_call_alerts=[OPERATIONS])
    system.record_message(caller, 5)
    system.hang_up(caller)
    assert not alerts_of(system.steps)


def test_no_alert_of_an_internal_call() -> None:
    """Calls from the account's own phones alert nobody."""
    system = PhoneSystem(random.Random(1), DEFAULT_ACCOUNT_ID, NOW)
    caller = system.dial(WAREHOUSE, RECEPTION.number, missed_call_alerts=[OPERATIONS])
    system.hang_up(caller, cause="NO_ANSWER")
    assert not alerts_of(system.steps)


def test_two_alerts_of_one_call() -> None:
    """They differ in their recipients and their message ids, and in nothing that says when it was."""
    first, second = alerts_of(steps_of("two_alerts"))
    assert first["to"] != second["to"]
    assert first["msg_id"] != second["msg_id"]
    assert first["timestamp"] == second["timestamp"]
    assert first["call_id"] == second["call_id"]


# The shapes that are easily got wrong.


def test_a_ring_group_is_six_legs() -> None:
    """One phone wins; the others lose, and their legs end at once."""
    legs = legs_of(steps_of("ring_group"))
    causes = sorted(events[-1].payload["hangup_cause"] for events in legs.values())
    assert causes == ["LOSE_RACE"] * 2 + ["NORMAL_CLEARING"] * 2 + ["ORIGINATOR_CANCEL"] * 2


def test_an_attended_transfer_joins_two_calls() -> None:
    """Before the bridge that joins them, nothing connects the two calls."""
    steps = steps_of("attended_transfer")
    bridges = [index for index, step in enumerate(steps) if step.hook == "channel_bridge"]
    assert len(connected(steps[: bridges[2]])) == 2
    assert len(connected(steps)) == 4


def test_a_lost_media_server_says_nothing_of_the_end() -> None:
    """Its destroys have no cause and no duration, and the real ones follow."""
    for events in legs_of(steps_of("media_lost")).values():
        lost, real = [step.payload for step in events if step.hook == "channel_destroy"]
        assert not {"hangup_cause", "hangup_code", "duration_seconds", "billing_seconds", "ringing_seconds"} & set(lost)
        assert real["hangup_cause"] == "NORMAL_CLEARING"


# Variants.


@all_scenarios
@pytest.mark.parametrize("variant", VARIANTS)
def test_variants_keep_the_events(name: str, variant: str) -> None:
    """A variant tells less of the same events, or the same in another order."""
    steps, varied = steps_of(name), VARIANTS[variant](steps_of(name))
    assert sorted((step.hook, step.at, step.note) for step in varied) == sorted(
        (step.hook, step.at, step.note) for step in steps
    )
    if name not in UNCONNECTED:
        assert connected(varied) == set(legs_of(steps))


@all_scenarios
def test_interaction_ids_are_an_option(name: str) -> None:
    """The id is the same on all legs of one call, and nothing else depends on it."""
    steps = steps_of(name, interaction_ids=True)
    assert without_interaction_ids(steps) == steps_of(name)
    for step in steps:
        assert "Call-Interaction-ID" in step.payload.get("custom_channel_vars", {"Call-Interaction-ID": ""})


@all_scenarios
def test_one_sided_legs_do_not_name_each_other(name: str) -> None:
    """Apart from bridges, no two legs name each other."""
    naming = {
        (step.payload["call_id"], step.payload.get("other_leg_call_id"))
        for step in one_sided(steps_of(name))
        if step.hook != "channel_bridge"
    }
    assert not {(leg, other) for leg, other in naming if (other, leg) in naming}


def test_the_second_leg_first() -> None:
    """All of a phone's leg comes before anything of the caller's."""
    steps = second_leg_first(steps_of("answered"))
    legs = [leg for leg, _ in groupby(step.payload["call_id"] for step in steps)]
    assert legs == [*reversed(legs_of(steps_of("answered")))]


def test_an_older_system_says_nothing_of_carriers() -> None:
    """The leg of the caller has no authorization; that to a phone keeps its own."""
    caller, phone = legs_of(VARIANTS["without_carriers"](steps_of("answered"))).values()
    assert not {"authorizing_type", "authorizing_id"} & set(caller[0].payload)
    assert phone[0].payload["authorizing_id"] == RECEPTION.device
