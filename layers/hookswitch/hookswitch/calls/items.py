"""The items that calls have in the table: one for each leg, one for each call, and entries by party.

docs/engineering/decisions/0083-calls-in-the-table.md explains them. An item of a leg only ever grows, so that many
writers can add to it at once. An item of a call is replaced as a whole, by its revision.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from hookswitch.calls.facts import Fact
from hookswitch.calls.graph import Group, node_ids
from hookswitch.calls.numbers import number_key
from hookswitch.calls.record import Call
from hookswitch.events.event import event_key
from hookswitch.events.items import feed_key
from hookswitch.events.kinds import CALL

LEG, PARTY = "leg", "party"  # kinds of items
OPEN_FEED = "calls/open"  # the feed of all calls that are not final, of any account
FACT, MENTION, INTENTION = "fact_", "named_by_", "meant_for_"  # what begins the names of a leg's attributes
CAUSES = 100  # events that a change is remembered to be made of; a batch of the stream has no more

type PartyKind = Literal["number", "owner", "device"]


def leg_id(account_id: str, node: str) -> str:
    """Return the key of a leg's item, or of that of Dash's id of a call."""
    return f"leg-{event_key(LEG, account_id, node)}"


def call_id(call: str) -> str:
    """Return the key of a call's item."""
    return f"call-{call}"


def party_key(account_id: str, kind: PartyKind, value: str) -> str:
    """Return the partition of the index `subjects` that has the calls of a number, an owner or a device."""
    return f"{account_id}/{kind}/{number_key(value) if kind == 'number' else value}"


@dataclass(frozen=True, slots=True)
class LegItem:
    """A leg's item.

    Attributes:
        node: The leg's `call_id`, or Dash's id of a whole call.
        facts: What is known of the leg.
        named_by: The legs whose facts name it.
        call: The call that it belongs to, as far as that was known when it was last looked at; empty before.
        intentions: Other calls that somebody was about to make of it, who may have been ended before anything said so.
    """

    node: str
    facts: tuple[Fact, ...]
    named_by: frozenset[str]
    call: str
    intentions: frozenset[str] = frozenset()

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Self:
        """Return the leg in an item, as plain values."""
        node, account_id = item["leg"], item["account_id"]
        return cls(
            node=node,
            facts=tuple(
                Fact.from_attributes(name.removeprefix(FACT), account_id, node, value)
                for name, value in item.items()
                if name.startswith(FACT)
            ),
            named_by=frozenset(value for name, value in item.items() if name.startswith(MENTION)),
            call=item.get("call", ""),
            intentions=frozenset(value for name, value in item.items() if name.startswith(INTENTION)),
        )

    @property
    def calls(self) -> frozenset[str]:
        """All calls that may have been made of it."""
        return self.intentions | ({self.call} if self.call else frozenset())

    @property
    def names(self) -> set[str]:
        """The nodes that its facts name."""
        return {node for fact in self.facts for node in node_ids(fact)}

    @property
    def neighbours(self) -> set[str]:
        """The nodes that it is joined with, in either direction."""
        return self.names | self.named_by

    def adds_to(self, before: "LegItem | None") -> bool:
        """Tell whether it knows of anything that it did not know before."""
        if before is None:
            return bool(self.facts or self.named_by)
        return len(self.facts) > len(before.facts) or not self.named_by <= before.named_by


@dataclass(frozen=True, slots=True)
class CallItem:
    """A call's item.

    Attributes:
        record: The record.
        evidence: A fingerprint of the events that it was made from.
        caused_by: The events, or the check, that made this revision. If they come again, its message may not have been
            published.
        parties: The entries that were written for it.
        absorbed: Calls that turned out to be a part of it.
        settled: Whether it was final once, and so was counted.
        alert: Whether people are alerted to this revision, unless they were.
        alerted: Whether they were: the message with the alert was published, or there was to be none.
        check_at: When to look at it again without a new event, in Unix seconds; None if never.
    """

    record: Call
    evidence: str
    caused_by: frozenset[str]
    parties: frozenset[str] = frozenset()
    absorbed: frozenset[str] = frozenset()
    settled: bool = False
    alert: bool = False
    alerted: bool = False
    check_at: int | None = None

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Self:
        """Return the call in an item, as plain values."""
        check_at = item.get("check_at")
        return cls(
            record=item["payload"],
            evidence=item["evidence"],
            caused_by=frozenset(item.get("caused_by", ())),
            parties=frozenset(item.get("parties", ())),
            absorbed=frozenset(item.get("absorbed", ())),
            settled=bool(item.get("settled")),
            alert=bool(item.get("alert")),
            alerted=bool(item.get("alerted")),
            check_at=None if check_at is None else int(check_at),
        )

    def to_item(self, *, at: str, received_at: str, expires_at: int | None) -> dict[str, object]:
        """Return the item's attributes; those that are None are left out of the table.

        Args:
            at: When the call last changed.
            received_at: When the last event of it was received.
            expires_at: In Unix seconds; None for never.
        """
        record, call = self.record, self.record["call"]
        is_listed = "merged_into" not in record
        feed = feed_key(record["account_id"], CALL, record["started_at"]) if record["final"] else OPEN_FEED
        return {
            "event_id": call_id(call),
            "kind": CALL,
            "hook": CALL,
            "account_id": record["account_id"],
            "occurred_at": at,
            "received_at": received_at,
            "started_at": record["started_at"],
            "summary": record["summary"],
            "subject": f"call/{call}",
            "call_direction": record["direction"],
            "direction": record["direction"],
            "state": record["state"],
            "status": record.get("status"),
            "final": record["final"],
            "alert": self.alert,
            "revision": record["revision"],
            "payload": record,
            "evidence": self.evidence,
            "caused_by": sorted(self.caused_by)[:CAUSES],
            "parties": sorted(self.parties),
            "absorbed": sorted(self.absorbed),
            "settled": self.settled,
            "alerted": self.alerted,
            "check_at": self.check_at,
            "expires_at": expires_at,
            "timeline_key": f"{record['started_at']}#{call}" if is_listed else None,
            "feed": feed if is_listed else None,
        }


def party_item(key: str, record: Call, expires_at: int | None) -> dict[str, object]:
    """Return the attributes of the entry that leads from a number, an owner or a device to a call."""
    return {
        "event_id": f"party-{event_key(PARTY, key, record['call'])}",
        "kind": PARTY,
        "account_id": record["account_id"],
        "call": record["call"],
        "subject_key": key,
        "timeline_key": f"{record['started_at']}#{record['call']}",
        "expires_at": expires_at,
    }


def parties(record: Call) -> set[str]:
    """Return the keys of all who took part in a call: numbers, owners and devices.

    A phone that rang has a part in it, so that everybody finds the calls that they missed.
    """
    who = [
        record.get("from"),
        record.get("to"),
        record.get("requested"),
        record.get("answered_by"),
        record.get("reached"),
    ]
    account_id = record["account_id"]
    found: set[str] = set()
    for party in who:
        if party is None:
            continue
        values: tuple[tuple[PartyKind, str | None], ...] = (
            ("number", party.get("number")),
            ("owner", party.get("owner")),
            ("device", party.get("device")),
        )
        found |= {party_key(account_id, kind, value) for kind, value in values if value}
    for leg in record["legs"]:
        if leg["role"] == "phone" and (phone := leg.get("party")):
            if owner := phone.get("owner"):
                found.add(party_key(account_id, "owner", owner))
            if device := phone.get("device"):
                found.add(party_key(account_id, "device", device))
    return found


def evidence(event_ids: Iterable[str]) -> str:
    """Return a fingerprint of a set of events: equal for equal sets, whatever their order."""
    count, mixed = 0, 0
    for event_id in event_ids:
        count, mixed = count + 1, mixed ^ int(event_key("evidence", event_id), 16)
    return f"{count}-{mixed:032x}"


def facts_in(group: Group) -> Iterator[Fact]:
    """Yield all facts about the legs of a call."""
    for leg in group.legs:
        yield from leg.facts
