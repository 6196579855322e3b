"""Brings calls up to date with new events: any number of functions may do so at once, for the same call.

First the facts are added to the items of their legs, which only grow. Then everything that is known of the call is
read, folded, and written if nobody wrote the call in between; otherwise it is read again. So whoever writes last has
seen what all others added. A leg that begins a call is claimed for it together with its first fact, so that a call that
rings is written after one update. docs/engineering/decisions/0085-call-updates.md has the argument.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

from hookswitch.aws.backoff import jittered
from hookswitch.calls.components import Component, Legs
from hookswitch.calls.facts import Fact
from hookswitch.calls.fold import Folded, fold
from hookswitch.calls.graph import call_key
from hookswitch.calls.items import CallItem, LegItem, evidence, facts_in, parties, party_item
from hookswitch.calls.record import Call
from hookswitch.calls.revisions import alerts, news
from hookswitch.calls.story import SETTLE_SECONDS
from hookswitch.calls.table import CallTable
from hookswitch.errors import StorageUnavailableError, TooManyLegsError, UnstorableError
from hookswitch.events.items import timestamp_of_seconds
from hookswitch.observability.log import logger

TRIES = 20  # of one call; a try fails only because another writer succeeded
WAIT_SECONDS = 0.05
OLD_SECONDS = 3 * 86_400  # after which nobody calls back at once: reconcile can recover what is weeks old
STREAM_SECONDS = 12 * 3_600  # for which the stream brings an event, and then the queue for what failed on it

type Mode = Literal["live", "backfill", "republish"]


@dataclass(frozen=True, slots=True)
class Change:
    """A revision of a call that was written.

    Attributes:
        item: The attributes of the call's item, to be published.
        check_at: When to look at the call again without a new event, in Unix seconds; None if never.
        leg: The leg that began the call, by which it is found again.
        causes: The new events that it was made from, or the check that made it.
        is_new: Whether it was written just now; otherwise it is to be published once more.
        is_settled_now: Whether this is the first final revision, which is counted.
    """

    item: Mapping[str, object]
    check_at: int | None
    leg: str
    causes: frozenset[str]
    is_new: bool = False
    is_settled_now: bool = False


class _OutdatedError(Exception):
    """Somebody else changed what was read."""


class CallUpdater:
    """Adds events to calls.

    Attributes:
        now: The present, in Unix seconds.
    """

    def __init__(
        self,
        table: CallTable,
        retention_days: int,
        now: int,
        *,
        settle_seconds: int = SETTLE_SECONDS,
        mode: Mode = "live",
    ) -> None:
        """Prepare to update calls.

        Args:
            table: The table.
            retention_days: How long items are kept after the last event of their call; 0 keeps them forever.
            now: The present, in Unix seconds.
            settle_seconds: How long to wait for more after the last event of a call that has ended.
            mode: In a backfill nobody is alerted to a call, and it is not counted: if the stream may still bring an
                event of it, whoever reads the stream does both. To republish is to yield the last revision of a call
                also where nothing changes.
        """
        self.now = now
        self._table = table
        self._retention_days = retention_days
        self._legs = Legs(table, self._expiry)
        self._settle_seconds = settle_seconds
        self._is_backfill = mode != "live"
        self._republishes = mode == "republish"

    def add(self, facts: Iterable[Fact]) -> Iterator[Change]:
        """Add facts, and yield the revisions that were written.

        Raises:
            StorageUnavailableError: DynamoDB did not return what a call needs, or others changed the call all the time.
            ClientError, BotoCoreError: DynamoDB did not accept a call.
        """
        added: dict[str, dict[str, LegItem]] = defaultdict(dict)
        mine: dict[str, set[str]] = defaultdict(set)
        by_leg: dict[tuple[str, str], dict[str, Fact]] = defaultdict(dict)
        for fact in facts:
            by_leg[fact.account_id, fact.leg][fact.event_id] = fact
        named = {(account_id, other) for (account_id, _), found in by_leg.items() for other in _others(found.values())}
        for (account_id, leg), found in by_leg.items():
            new = [*found.values()]
            begins = any(map(_begins_a_call, new)) and not _others(new) and (account_id, leg) not in named
            call = call_key(account_id, leg) if begins else ""
            try:
                added[account_id][leg] = self._table.add_facts(account_id, leg, new, self._expiry(new), call)
            except UnstorableError as error:  # must not hold up all other calls
                logger.error("%s The leg takes no more.", error, extra={"call_id": leg})
            mine[account_id] |= set(found)
        for account_id, legs in added.items():
            left = [*legs]
            known = self._legs.join(account_id, legs)
            while left:
                nodes, changes = self._update(account_id, known, left[0], frozenset(mine[account_id]))
                yield from changes
                left = [node for node in left[1:] if node not in nodes]

    def check(self, account_id: str, leg: str, cause: str) -> Iterator[Change]:
        """Look at the call of a leg again, since time has passed, and yield the revisions that were written.

        Args:
            account_id: The account of the call.
            leg: A leg of it.
            cause: What this check is known by, if it is repeated.

        Raises:
            StorageUnavailableError, ClientError, BotoCoreError: See `add`.
        """
        legs = self._table.legs(account_id, [leg])
        if legs:
            yield from self._update(account_id, legs, leg, frozenset({cause}))[1]

    def _update(
        self, account_id: str, known: Mapping[str, LegItem], start: str, mine: frozenset[str]
    ) -> tuple[Iterable[str], list[Change]]:
        """Bring the calls that a leg belongs to up to date; return all their legs, and what was written.

        Args:
            account_id: The account.
            known: Items of legs that were read just now, that of the leg among them.
            start: The leg.
            mine: The new events, or the check.
        """
        changes: list[Change] = []
        for attempt in range(TRIES):
            if attempt:
                time.sleep(jittered(WAIT_SECONDS * attempt))
            try:
                component = self._legs.read(account_id, start, known)
                # If such a call turns out to exist, since its first event came before, the next try reads it.
                component.is_new = not (attempt or self._is_backfill) and component.is_made_of(mine)
                self._write_all(component, mine, changes)
            except (TooManyLegsError, UnstorableError) as error:
                logger.error("%s The record stays as it is.", error, extra={"call_id": start})
                return error.legs if isinstance(error, TooManyLegsError) else (), changes
            except _OutdatedError:
                known = self._table.legs(account_id, [start])
                continue
            return component.legs, changes
        raise StorageUnavailableError("Other writers changed the same call all the time.")

    def _write_all(self, component: Component, mine: frozenset[str], changes: list[Change]) -> None:
        """Write the calls of a component.

        Raises:
            _OutdatedError: Somebody else changed something.
        """
        all_events = {fact.event_id for fact in component.facts}
        found = fold(component.facts, self.now, self._settle_seconds)
        keys = {folded.group.key for folded in found}
        for folded in found:
            events = frozenset(fact.event_id for fact in facts_in(folded.group))
            is_check = not mine & all_events
            if is_check or events & mine:
                for change in self._write(component, folded, keys, events, mine if is_check else mine & events):
                    changes.append(change)  # noqa: PERF402 - each by itself: it is to be published, whatever follows

    def _write(
        self, component: Component, folded: Folded, keys: set[str], events: frozenset[str], causes: frozenset[str]
    ) -> Iterator[Change]:
        key = folded.group.key
        before = None if component.is_new else self._table.call(key)
        self._require_current(component, before, events, causes)
        old_keys = self._point_to(component, folded, keys)
        # Those of before too: if this is repeated, their last revisions may not have been published.
        parts = old_keys | (before.absorbed if before else frozenset())
        absorbed = {old: self._table.call(old) for old in sorted(parts)}
        change = self._change(folded, before, absorbed, events, causes)
        if change:
            yield change
        for old, item in absorbed.items():
            ended = self._merge(old, item, folded, causes)
            if ended:
                yield ended
        for leg in folded.group.legs:  # only now, so that a failure before is made good
            known = component.legs.get(leg.id)
            if known and known.call in old_keys:
                self._table.move(component.account_id, leg.id, known.call, key)

    def _require_current(
        self, component: Component, before: CallItem | None, events: frozenset[str], mine: frozenset[str]
    ) -> None:
        """Raise an error if the call was made of events that were added since the legs were read."""
        if before is None or before.evidence in {evidence(events), evidence(events - mine)}:
            return
        fresh = self._table.legs(component.account_id, component.legs)
        if any(leg.adds_to(component.legs.get(node)) for node, leg in fresh.items()):
            raise _OutdatedError

    def _point_to(self, component: Component, folded: Folded, keys: set[str]) -> set[str]:
        """Note on the legs which call they belong to, and return other calls that some of them belonged to.

        Raises:
            _OutdatedError: A leg has new facts, or belongs to another call since it was read.
        """
        key, old_keys = folded.group.key, set[str]()
        for leg in folded.group.legs:
            known = component.legs.get(leg.id)
            if known is None:
                continue
            old_keys |= known.calls - keys
            if key not in known.calls:
                note = self._table.intend if known.call else self._table.claim
                fresh = note(component.account_id, leg.id, key)
                if fresh.adds_to(known) or fresh.calls - known.calls != {key}:
                    raise _OutdatedError
        return old_keys

    def _change(
        self,
        folded: Folded,
        before: CallItem | None,
        absorbed: Mapping[str, CallItem | None],
        events: frozenset[str],
        causes: frozenset[str],
    ) -> Change | None:
        """Write a revision if anything changed, and return it; also one that was written and maybe not published."""
        facts = [*facts_in(folded.group)]
        revision = int(before.record["revision"]) if before else 0
        record: Call = {**folded.record, "revision": revision + 1}
        is_due_earlier = before and folded.check_at and before.check_at and folded.check_at < before.check_at
        is_known = before and absorbed.keys() <= before.absorbed
        is_overtaken = before and before.record["final"] and not before.settled and not self._is_backfill
        if before and is_known and news(before.record) == news(record) and not is_overtaken:
            if is_due_earlier and not self._table.check_earlier(record["call"], revision, cast("int", folded.check_at)):
                raise _OutdatedError
            return self._told(before, facts, causes) if self._republishes or causes & before.caused_by else None
        earlier = [item for item in (before, *absorbed.values()) if item]
        was_settled = any(item.settled for item in earlier)
        was_alerted = any(item.alerted for item in earlier)
        is_past = self._is_past(facts)
        is_old = max(fact.at for fact in facts) < self.now - OLD_SECONDS
        # A function that reads the stream for the first time gets a day of it.
        is_silent = self._is_backfill or is_past or is_old
        settles = record["final"] and (not self._is_backfill or is_past)
        # Earlier versions alerted to events, which the stream of a stack that is upgraded brings once more.
        was_told = any(fact.details.get("alerted") for fact in facts)
        alert = settles and not was_alerted and not is_silent and not was_told and alerts(record)
        listed = before.parties if before else frozenset()
        if record["state"] == "ended":
            listed |= self._enter(record, listed, self._expiry(facts))
        item = CallItem(
            record=record,
            evidence=evidence(events),
            caused_by=causes,
            parties=listed,
            absorbed=(before.absorbed if before else frozenset()) | set(absorbed),
            settled=was_settled or settles,
            alert=alert,
            alerted=was_alerted or (settles and is_silent),
            check_at=folded.check_at,
        )
        is_settled_now = settles and not was_settled and not is_silent
        return self._put(item, revision, facts, causes, is_settled_now=is_settled_now)

    def _merge(self, old: str, item: CallItem | None, folded: Folded, causes: frozenset[str]) -> Change | None:
        """End a call that turned out to be a part of another, with a last revision that says so.

        A call that nobody wrote yet gets an item as well, so that whoever is about to write it learns of it.
        """
        key, facts = folded.group.key, [*facts_in(folded.group)]
        if item and "merged_into" in item.record:
            return self._told(item, facts, causes) if self._republishes or causes & item.caused_by else None
        revision = int(item.record["revision"]) if item else 0
        said = {
            "call": old,
            "revision": revision + 1,
            "state": "ended",
            "final": True,
            "merged_into": key,
            "summary": f"This call is part of call {key}.",
        }
        record = cast("Call", {**(item.record if item else folded.record), **said})
        ended = CallItem(
            record,
            item.evidence if item else "",
            causes,
            # Not because it is final now: whether the whole call has yet to be counted, and people alerted, shows here.
            settled=bool(item and item.settled),
            alerted=bool(item and item.alerted),
        )
        change = self._put(ended, revision, facts, causes)
        return change if item else None

    def _put(
        self,
        item: CallItem,
        before: int,
        facts: Sequence[Fact],
        causes: frozenset[str],
        *,
        is_settled_now: bool = False,
    ) -> Change:
        """Write a revision over the one before, and return it.

        Raises:
            _OutdatedError: Somebody else wrote the call.
        """
        change = replace(self._told(item, facts, causes), is_new=True, is_settled_now=is_settled_now)
        if not self._table.put_call(change.item, before):
            raise _OutdatedError
        return change

    def _told(self, item: CallItem, facts: Sequence[Fact], causes: frozenset[str]) -> Change:
        at = timestamp_of_seconds(max(fact.at for fact in facts))
        received_at = timestamp_of_seconds(max(fact.received_at for fact in facts))
        if self._is_backfill or item.alerted:
            item = replace(item, alert=False)  # published again, it must not alert again
        attributes = item.to_item(at=at, received_at=received_at, expires_at=self._expiry(facts))
        return Change(attributes, item.check_at, item.record["legs"][0]["leg"], causes)

    def _is_past(self, facts: Iterable[Fact]) -> bool:
        """Tell whether the stream brings no event of a call any more, so that nobody else settles it."""
        return max(fact.received_at for fact in facts) < self.now - STREAM_SECONDS

    def _enter(self, record: Call, before: frozenset[str], expires_at: int | None) -> set[str]:
        """Write the entries that lead from the parties to a call, and return their keys."""
        keys = parties(record)
        for key in sorted(keys - before):
            self._table.put(party_item(key, record, expires_at))
        return keys

    def _expiry(self, facts: Iterable[Fact]) -> int | None:
        if not self._retention_days:
            return None
        return max((fact.received_at for fact in facts), default=self.now) + self._retention_days * 86_400


def _begins_a_call(fact: Fact) -> bool:
    """Tell whether a leg begins a call, as long as nothing joins it with another."""
    return fact.kind == "create" and fact.details.get("direction") == "inbound"


def _others(facts: Iterable[Fact]) -> set[str]:
    return {other for fact in facts for other in fact.others}
