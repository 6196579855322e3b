"""Which events a destination gets, and what people may write to choose them."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookswitch.calls.record import Call
from hookswitch.destinations.filters import RAW, is_once, matches, parse_filter
from hookswitch.destinations.record import WHENS, Filter
from hookswitch.errors import InvalidDestinationError
from tests.unit.devtools.call_records import ACCOUNT, BOB, JANE, leg, record, unanswered

VOICEMAIL = {"voicemail": {"id": "202611-1", "transcribed": False}}
NOBODY_RANG = {"legs": [leg("a@pbx", "caller", 0, 2, 20, party=JANE)]}
ALERTED = {"missed_call": [{"at": "2026-11-25T14:03:30Z", "recipients": 1}]}

ANSWERED = record(1)
CALLS: Mapping[str, Call] = {
    "answered": ANSWERED,
    "answered, then to a mailbox": record(2, **VOICEMAIL),
    "voicemail": unanswered(3, "voicemail", **VOICEMAIL),
    "missed": unanswered(4, "missed"),
    "gave up": unanswered(5, "abandoned"),
    "gave up in the menu": unanswered(6, "abandoned", **NOBODY_RANG),
    "gave up in the menu, reported by Dash": unanswered(7, "abandoned", **NOBODY_RANG, **ALERTED),
    "phones busy": unanswered(8, "busy"),
    "line busy": unanswered(9, "busy", **NOBODY_RANG),
    "phones failed": unanswered(10, "failed"),
    "not assigned": unanswered(11, "failed", **NOBODY_RANG),
    "outbound, nobody answered": unanswered(12, "missed", direction="outbound"),
    "internal, nobody answered": unanswered(13, "missed", direction="internal"),
}
WANTED: Mapping[str, set[str]] = {
    "any": set(CALLS),
    "answered": {"answered", "answered, then to a mailbox"},
    "voicemail": {"voicemail", "answered, then to a mailbox"},
    "missed": {"missed", "gave up", "gave up in the menu, reported by Dash", "phones busy", "phones failed"},
    "abandoned": {"gave up", "gave up in the menu", "gave up in the menu, reported by Dash"},
    "busy": {"phones busy", "line busy"},
    "failed": {"phones failed", "not assigned"},
}


def call_event(call: Call) -> dict[str, Any]:
    """Return the CloudEvent of a call's revision."""
    return {
        "id": f"call-{call['call']}-{call['revision']}",
        "type": "com.virtualpbx.dash.call",
        "source": f"dash/{call['account_id']}",
        "data": call,
    }


def raw_event(hook: str, **payload: Any) -> dict[str, Any]:
    """Return the CloudEvent of a hook."""
    return {"id": "f" * 32, "type": f"com.virtualpbx.dash.{hook}", "source": f"dash/{ACCOUNT}", "data": payload}


RINGING = record(20, state="ringing", final=False, status=None)
PART = record(21, merged_into="a" * 32)


@pytest.mark.parametrize("word", WHENS)
def test_each_word_has_the_calls_that_people_mean_by_it(word: str) -> None:
    """Missed calls are those that alert people; a call with a message is a voicemail, whatever else it is."""
    which = parse_filter(when=word)
    assert {name for name, call in CALLS.items() if matches(which, call_event(call))} == WANTED[word]
    assert all(is_once(which, call_event(CALLS[name])) for name in WANTED[word])


def test_several_words_have_the_calls_of_each() -> None:
    """What Slack gets unless it is told otherwise."""
    which = parse_filter(when="missed,voicemail")
    found = {name for name, call in CALLS.items() if matches(which, call_event(call))}
    assert found == WANTED["missed"] | WANTED["voicemail"]


@pytest.mark.parametrize(
    ("words", "event", "expected"),
    [
        ({}, call_event(ANSWERED), True),
        ({}, call_event(RINGING), False),
        ({}, call_event(PART), False),
        ({}, raw_event("missed_call"), False),
        ({"when": "any"}, call_event(RINGING), False),
        ({"when": "any"}, call_event(PART), False),
        ({"when": "any"}, raw_event("voicemail_new"), False),
        ({"when": "missed", "hooks": "voicemail_new"}, raw_event("voicemail_new"), True),
        ({"when": "missed", "hooks": "voicemail_new"}, call_event(CALLS["missed"]), True),
        ({"when": "missed", "hooks": "voicemail_new"}, call_event(ANSWERED), False),
        ({"hooks": "parking,register"}, raw_event("parking"), True),
        ({"hooks": "parking,register"}, raw_event("deregister"), False),
        ({"hooks": "parking"}, call_event(ANSWERED), False),
        ({"hooks": "webhook_restored"}, raw_event("webhook_restored"), True),
        ({"types": "com.virtualpbx.dash.parking"}, raw_event("parking"), True),
        ({"types": "parking"}, raw_event("register"), False),
        ({"types": "parking"}, call_event(ANSWERED), False),
        ({"types": "call"}, call_event(RINGING), True),
        ({"types": "com.virtualpbx.dash.call"}, call_event(PART), True),
        ({"types": "call"}, raw_event("parking"), False),
        ({"account": ACCOUNT}, call_event(ANSWERED), True),
        ({"account": "1" * 32}, call_event(ANSWERED), False),
        ({"account": f"{'1' * 32}, {ACCOUNT.upper()}", "hooks": "parking"}, raw_event("parking"), True),
        ({"direction": "inbound"}, call_event(ANSWERED), True),
        ({"direction": "outbound,internal"}, call_event(ANSWERED), False),
        (
            {"direction": "outbound", "hooks": "channel_create"},
            raw_event("channel_create", call_direction="outbound"),
            True,
        ),
        (
            {"direction": "outbound", "hooks": "channel_create"},
            raw_event("channel_create", call_direction="inbound"),
            False,
        ),
        ({"direction": "outbound", "hooks": "register"}, raw_event("register"), False),
        ({"numbers": "555-123"}, call_event(ANSWERED), True),
        ({"numbers": "+1 555 765"}, call_event(ANSWERED), True),
        ({"numbers": "20"}, call_event(ANSWERED), True),
        ({"numbers": "202"}, call_event(ANSWERED), False),
        ({"numbers": "+1556,+1557"}, call_event(ANSWERED), False),
        ({"numbers": "555", "hooks": "parking"}, raw_event("parking", caller_id_number="+15551234567"), True),
        ({"numbers": "556", "hooks": "parking"}, raw_event("parking", caller_id_number="+15551234567"), False),
        ({"numbers": "+1555", "hooks": "missed_call"}, raw_event("missed_call", to=["5551234567@example.com"]), False),
        ({"numbers": "+1555", "hooks": "missed_call"}, raw_event("missed_call", to_user="5551234567"), True),
        ({"numbers": "201", "hooks": "channel_create"}, raw_event("channel_create", to="201@acme.example.com"), True),
        ({"numbers": "555", "hooks": "register"}, raw_event("register"), False),
    ],
)
def test_conditions(words: dict[str, str], event: dict[str, Any], *, expected: bool) -> None:
    """An event has to meet every condition that is set."""
    assert matches(parse_filter(**words), event) is expected


def test_an_event_without_its_data_meets_no_condition_on_it() -> None:
    """Such an event goes only to those who ask for its hook and for nothing in it."""
    event = raw_event("voicemail_new") | {"dataref": "dynamodb:events/f"}
    del event["data"]
    assert matches(parse_filter(hooks="voicemail_new"), event)
    assert not matches(parse_filter(hooks="voicemail_new", numbers="555"), event)
    assert not matches(parse_filter(), call_event(ANSWERED) | {"data": None})


def test_a_call_is_sent_once_unless_every_change_is_asked_for() -> None:
    """Whoever asks for the type gets each revision; a hook's event is sent whatever has been sent before."""
    final = call_event(CALLS["missed"])
    assert is_once(Filter(), final)
    assert not is_once(parse_filter(types="call"), final)
    assert not is_once(Filter(when=("missed",), types=("com.virtualpbx.dash.call",)), final)
    assert not is_once(parse_filter(when="missed", hooks="parking"), raw_event("parking"))


@given(call=st.sampled_from(sorted(CALLS)), words=st.sets(st.sampled_from(WHENS), min_size=1))
@settings(max_examples=20)
def test_another_word_only_adds_calls(call: str, words: set[str]) -> None:
    """The words of WHEN are alternatives."""
    event = call_event(CALLS[call])
    expected = any(matches(Filter(when=(word,)), event) for word in words)
    assert matches(Filter(when=tuple(words)), event) is expected


@given(
    conditions=st.dictionaries(
        st.sampled_from(["accounts", "directions", "numbers"]),
        st.sampled_from([(ACCOUNT,), ("inbound",), ("+1555",), ("201",), ("nobody",)]),
    )
)
@settings(max_examples=20)
def test_every_condition_must_be_met(conditions: dict[str, tuple[str, ...]]) -> None:
    """Conditions narrow what is sent: all of them together match what each alone does."""
    event = call_event(ANSWERED)
    each = [matches(Filter(**{name: value}), event) for name, value in conditions.items()]
    assert matches(Filter(**conditions), event) is all(each)


def test_what_is_written_is_read_without_regard_to_case_and_spaces() -> None:
    """Words can be written as people do."""
    assert parse_filter(when=" Missed, voicemail,missed,", quiet="sat-sun, 20:00-07:00") == Filter(
        when=("missed", "voicemail"), quiet=("SAT-SUN", "20:00-07:00")
    )
    assert parse_filter(types="com.virtualpbx.dash.Call", account="A" * 32, direction="Inbound") == Filter(
        types=("call",), accounts=("a" * 32,), directions=("inbound",)
    )
    assert parse_filter(numbers="+1 (555), 201, Front-Desk").numbers == ("+1 (555)", "201", "front-desk")
    assert parse_filter() == Filter()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"when": "missed,mised"}, f"WHEN has 'mised'. Allowed are {', '.join(WHENS)}."),
        ({"hooks": "parkin"}, f"HOOKS has 'parkin'. Allowed are {', '.join(RAW)}."),
        ({"hooks": "call"}, "HOOKS has 'call', which is no hook. Use WHEN, or TYPES=call for every change."),
        ({"types": "calls"}, f"TYPES has 'calls'. Allowed are {', '.join(RAW)}, call."),
        ({"direction": "in"}, "DIRECTION has 'in'. Allowed are inbound, outbound, internal."),
        ({"account": "acme"}, "ACCOUNT has 'acme', which is no id of a Dash account: 32 hexadecimal digits."),
        ({"numbers": "555,+"}, "NUMBERS has '+', which begins no number. Write +1555, 5551234567 or an extension."),
        (
            {"when": "missed", "types": "call"},
            "TYPES=call has every change of every call, so it can't go with WHEN. Leave one out.",
        ),
        (
            {"quiet": "20:00"},
            (
                "QUIET has '20:00', which is no quiet time. These forms work: 20:00-07:00, SAT-SUN, SUN or "
                "MON-FRI 18:00-08:00."
            ),
        ),
    ],
)
def test_a_wrong_word_is_named(words: dict[str, str], said: str) -> None:
    """The error says which word is wrong, and what is allowed."""
    with pytest.raises(InvalidDestinationError) as error:
        parse_filter(**words)
    assert str(error.value) == said


def test_phones_of_the_account_count_by_their_extension() -> None:
    """Bob took the call at extension 201."""
    assert BOB["number"] == "201"
    assert matches(Filter(numbers=("201",)), call_event(ANSWERED))
