"""What goes on now: calls in progress with what each is doing, and devices that registered and dropped.

docs/engineering/console-api.md describes the answer.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hookswitch.calls.items import call_id, party_key
from hookswitch.calls.log import CallLog, Item, is_listed, rfc3339
from hookswitch.calls.record import Call
from hookswitch.calls.spans import Doing, bounds, spans
from hookswitch.console.calls import DOING, row
from hookswitch.console.feeds import AT_ONCE, Feeds
from hookswitch.console.questions import EVER, PARTY, SKEW
from hookswitch.payloads.text import part

MOST_CALLS = 300
MOST_DEVICES = 100
MOST_WORDS = 2_000  # registrations and drops that are looked at
WITHIN = timedelta(hours=24)
FEED_PAGE = 500  # entries of a feed that are read at once
KEPT = 600  # seconds in which nobody asks again how a device is called
MOST_KEPT = 5_000
REGISTERED, DROPPED = "register", "deregister"
STATES: Mapping[str, str] = {REGISTERED: "registered", DROPPED: "dropped"}

# What a call is doing if several legs do different things.
FIRST = (Doing.TALKING, Doing.PARKED, Doing.RINGING, Doing.WAITING)
FIELDS = ("account_id", "payload.authorizing_id", "payload.status")


@dataclass
class Device:
    """What Dash said of a device.

    Attributes:
        newest: The entry of its newest event.
        times: How often it registered and dropped.
    """

    newest: Item
    times: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATES.values(), 0))

    @property
    def state(self) -> str:
        """What it did last."""
        return STATES[str(self.newest["hook"])]


@dataclass(frozen=True, slots=True)
class Known:
    """What an event and the calls of its device tell of it.

    Attributes:
        party: As `party` of calls takes it: `device/<id>`; None if the event does not say.
        name: Of who uses it.
        number: Its extension.
        reason: Why it dropped, as Dash says it.
    """

    party: str | None = None
    name: str | None = None
    number: str | None = None
    reason: str | None = None


looked_up: dict[tuple[str, str], tuple[float, Known]] = {}
"""By account and event: when it was asked for. Events don't change, and names of devices seldom."""


def page(log: CallLog, feeds: Feeds, at: datetime) -> dict[str, object]:
    """Return the calls in progress, newest first, and the devices, those that dropped first.

    Args:
        log: The account's calls, with whole records.
        feeds: The account's events.
        at: The present.
    """
    going_on = [call for call in log.not_final() if is_listed(call) and call["state"] != "ended"]
    devices, is_whole = _devices(feeds, at)
    shown = sorted(devices.items(), key=lambda pair: pair[1].state != STATES[DROPPED])[:MOST_DEVICES]
    known = _look_up(log, [device.newest for _, device in shown], at)
    states = [device.state for device in devices.values()]
    return {
        "account": log.account,
        "at": rfc3339(at),
        "calls": [_call(call, at) for call in going_on[:MOST_CALLS]],
        "devices": [_device(name, device, known.get(str(device.newest["event_id"]))) for name, device in shown],
        "numbers": {"calls": len(going_on), **{state: states.count(state) for state in STATES.values()}},
        "complete": is_whole,
    }


def doing(call: Call, at: datetime) -> tuple[Doing, float]:
    """Return what a call in progress is doing, and since when, in Unix seconds.

    The caller's leg tells since when, if it is doing the same.
    """
    _, until = bounds(call, at)
    current: dict[Doing, list[float]] = {}
    for leg, did in zip(call["legs"], spans(call, at), strict=True):
        if did and did[-1].end >= until and "ended_at" not in leg:
            began = current.setdefault(did[-1].doing, [])
            began.insert(0 if leg["role"] == "caller" else len(began), did[-1].start)
    for first in FIRST:
        if first in current:
            return first, current[first][0]
    is_answered = "answered_at" in call
    since = datetime.fromisoformat(call.get("answered_at", call["started_at"])).timestamp()
    return Doing.TALKING if is_answered else Doing.RINGING, since


def forget() -> None:
    """Forget what was looked up of devices; tests do, whose tables are others each time."""
    looked_up.clear()


def _call(call: Call, at: datetime) -> dict[str, Any]:
    what, since = doing(call, at)
    return row(call) | {"doing": DOING[what], "doing_since": rfc3339(datetime.fromtimestamp(since, UTC))}


def _devices(feeds: Feeds, at: datetime) -> tuple[dict[str, Device], bool]:
    """Return the devices by their names, that of which Dash spoke last first, and whether these are all of them.

    An event that names no device is of none.
    """
    found: dict[str, Device] = {}
    for looked_at, entry in enumerate(feeds.newest([*STATES], (at - WITHIN, at + SKEW))):
        if looked_at == MOST_WORDS:
            return found, False
        if name := str(entry.get("subject", "")).removeprefix("device/"):
            device = found.setdefault(name, Device(entry))
            device.times[STATES[str(entry["hook"])]] += 1
    return found, True


def _device(name: str, device: Device, known: Known | None) -> dict[str, object]:
    newest, known = device.newest, known or Known()
    return {
        "device": name,
        "state": device.state,
        "since": newest["occurred_at"],
        "name": known.name,
        "number": known.number,
        "party": known.party,
        "reason": known.reason if device.state == STATES[DROPPED] else None,
        "times": device.times,
        "event_id": newest["event_id"],
        "summary": newest["summary"],
    }


def _look_up(log: CallLog, events: Sequence[Item], at: datetime) -> dict[str, Known]:
    """Return what is known of the devices of some events, by the events' keys."""
    moment, keys = at.timestamp(), [str(event["event_id"]) for event in events]
    found = {key: looked_up.get((log.account, key)) for key in keys}
    missing = [key for key, known in found.items() if known is None or not 0 <= moment - known[0] < KEPT]
    if len(looked_up) > MOST_KEPT:
        forget()
    for key, known in _asked(log, missing):
        found[key] = looked_up[log.account, key] = (moment, known)
    return {key: known[1] for key, known in found.items() if known}


def _asked(log: CallLog, keys: Sequence[str]) -> Iterator[tuple[str, Known]]:
    items = [item for item in log.items(keys, FIELDS) if item.get("account_id") == log.account]
    payloads = {str(item["event_id"]): item.get("payload", {}) for item in items}
    ids = {key: _device_id(payload) for key, payload in payloads.items()}
    parties = _parties(log, {device for device in ids.values() if device})
    for key, payload in payloads.items():
        party = parties.get(ids[key], {})
        yield (
            key,
            Known(
                party=f"device/{ids[key]}" if ids[key] else None,
                name=part(party.get("name")) or None,
                number=part(party.get("extension") or party.get("number")) or None,
                reason=part(payload["status"]) or None if isinstance(payload.get("status"), str) else None,
            ),
        )


def _device_id(payload: Mapping[str, Any]) -> str:
    value = payload.get("authorizing_id")
    return value if isinstance(value, str) and PARTY.fullmatch(f"device/{value}") else ""


def _parties(log: CallLog, devices: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """Return how devices are called in the newest call of each, by their ids."""
    ids, singly = sorted(devices), replace(log, page=1)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        calls = dict(zip(ids, pool.map(lambda device: _newest_call(singly, device), ids), strict=True))
    records = {call["call"]: call for call in log.records(map(call_id, filter(None, dict.fromkeys(calls.values()))))}
    return {
        device: party
        for device, key in calls.items()
        if (call := records.get(key)) and (party := _party(call, device)) and call["account_id"] == log.account
    }


def _newest_call(log: CallLog, device: str) -> str:
    entries = log.entries_of_party(party_key(log.account, "device", device), (EVER, datetime.now(UTC) + SKEW))
    return str(next(entries, {}).get("call", ""))


def _party(call: Call, device: str) -> Mapping[str, Any]:
    sides: list[Any] = [call.get(side) for side in ("answered_by", "reached", "from", "to", "requested")]
    legs = [leg.get("party") for leg in call["legs"]]
    found = [party for party in (*sides, *legs) if party and party.get("device") == device]
    return next((party for party in found if "name" in party), found[0] if found else {})
