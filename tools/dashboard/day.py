"""A working day of an office with some thirty phones, as the events that its phone system fires."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from tests.dash.payloads import payload

BEGIN = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp())  # a Monday
HOUR, DAY = 3600, 86_400
CALLS_AN_HOUR = (0, 0, 0, 0, 0, 1, 4, 14, 38, 52, 58, 47, 26, 44, 55, 50, 36, 17, 6, 3, 2, 1, 0, 0)
ANSWERED, GIVEN_UP, BUSY = 0.80, 0.11, 0.03  # of all calls; the others ring until they time out
LEAVES_A_MESSAGE = 0.45  # of those that are not answered
FAXES, FAXES_THAT_FAIL = 26, 3
PHONES = 32
NAPS = (9 * HOUR + 700, 14 * HOUR + 1500)  # the network of the office drops for a moment, and the phones with it


class Happening(NamedTuple):
    """One event: when it happens, in Unix seconds, and the hook that it belongs to."""

    at: float
    hook: str
    payload: dict[str, Any]


def day(rng: random.Random) -> list[Happening]:
    """Return a day's events in the order of time."""
    happenings = [happening for call in _begins(rng) for happening in _call(rng, call)]
    happenings += [*_faxes(rng), *_phones(rng)]
    return sorted((it for it in happenings if it.at < BEGIN + DAY), key=lambda it: it.at)


def _begins(rng: random.Random) -> Iterator[float]:
    """Yield when each call begins: at random, as many in an hour as the profile says."""
    for hour, number in enumerate(CALLS_AN_HOUR):
        for _ in range(number and rng.randint(number * 4 // 5, number * 6 // 5 + 1)):
            yield BEGIN + hour * HOUR + rng.uniform(0, HOUR)


def _event(rng: random.Random, at: float, hook: str, **fields: Any) -> Happening:
    return Happening(at, hook, payload(hook, rng=rng, now=at, **fields))


def _call(rng: random.Random, at: float) -> Iterator[Happening]:
    """Yield the events of one call from outside: its own leg, and that of the phone that rings."""
    began = _event(rng, at, "channel_create", call_direction="inbound")
    same = {name: began.payload[name] for name in ("call_id", "caller_id_name", "caller_id_number", "callee_id_number")}
    rings = _event(rng, at + 1, "channel_create", call_direction="outbound")
    other = {"call_id": rings.payload["call_id"]}
    yield from (began, rings)
    dice = rng.random()
    if dice < ANSWERED:
        rang, talked = int(min(40, rng.lognormvariate(2.0, 0.6))) + 1, int(min(3000, rng.lognormvariate(4.9, 0.9))) + 1
        yield _event(rng, at + rang, "channel_answer", call_direction="inbound", **same)
        yield _event(rng, at + rang, "channel_bridge", call_direction="inbound", **same)
        cause = {"hangup_cause": "NORMAL_CLEARING", "hangup_code": "sip:200"}
        if rng.random() < 0.06:  # noqa: PLR2004 - some are put through
            cause = {"hangup_cause": "ATTENDED_TRANSFER", "hangup_code": "sip:200"}
        end = at + rang + talked
    else:
        talked = 0
        cause, rang = _unanswered(rng, dice)
        end = at + rang
    times = {"ringing_seconds": rang, "billing_seconds": talked, "duration_seconds": rang + talked}
    yield _event(rng, end, "channel_destroy", call_direction="outbound", **other, **cause, **times)
    yield _event(rng, end, "channel_destroy", call_direction="inbound", **same, **cause, **times)
    if not talked:
        yield _event(rng, end + 1, "missed_call", call_id=same["call_id"])
        if rng.random() < LEAVES_A_MESSAGE:
            yield _event(rng, end + 30, "voicemail_new", call_id=same["call_id"])


def _unanswered(rng: random.Random, dice: float) -> tuple[dict[str, str], int]:
    if dice < ANSWERED + GIVEN_UP:
        return {"hangup_cause": "ORIGINATOR_CANCEL", "hangup_code": "sip:487"}, rng.randint(4, 28)
    if dice < ANSWERED + GIVEN_UP + BUSY:
        return {"hangup_cause": "USER_BUSY", "hangup_code": "sip:486"}, 1
    return {"hangup_cause": "NO_ANSWER", "hangup_code": "sip:480"}, 30


def _faxes(rng: random.Random) -> Iterator[Happening]:
    for number in range(FAXES):
        sent = "outbound_fax_error" if number < FAXES_THAT_FAIL else "outbound_fax"
        yield _event(rng, BEGIN + rng.triangular(7 * HOUR, 18 * HOUR, 11 * HOUR), sent)
    yield _event(rng, BEGIN + rng.uniform(9 * HOUR, 17 * HOUR), "inbound_fax_error")
    yield _event(rng, BEGIN + rng.uniform(15 * HOUR, 17 * HOUR), "voicemail_full")


def _phones(rng: random.Random) -> Iterator[Happening]:
    for _ in range(PHONES):
        yield _event(rng, BEGIN + rng.triangular(6 * HOUR, 10 * HOUR, 8 * HOUR), "register")
    for nap in NAPS:
        for _ in range(rng.randint(6, 12)):
            at = BEGIN + nap + rng.uniform(0, 90)
            yield _event(rng, at, "deregister")
            yield _event(rng, at + rng.uniform(60, 240), "register")
