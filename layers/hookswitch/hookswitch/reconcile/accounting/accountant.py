"""Accounts for every call: compares what Dash keeps with the table, and stores what the table lacks.

All accounts are compared over the same time, one after the other: a round. The position in it is saved after each piece
of time, so the next run continues a run that was cut short, and a killed run repeats what is harmless to repeat.
"""

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import batched

from hookswitch.deliveries.delivery import Delivery
from hookswitch.errors import DashError, DeadlineError, NotOpenError, NotTakenError, TooManyError
from hookswitch.receiving.redelivery import Outcome
from hookswitch.reconcile.accounting.index import EventIndex
from hookswitch.reconcile.accounting.kinds import Entry, Kind
from hookswitch.reconcile.accounting.ledger import AccountingState
from hookswitch.reconcile.accounting.listing import Reader, last_second_of_month
from hookswitch.reconcile.accounting.totals import Accounting, Tally
from hookswitch.reconcile.recognition import JSON, FailedDelivery
from hookswitch.reconcile.redeliverer import PATIENCE, Fate, Redeliverer
from hookswitch.reconcile.retention import DAY
from hookswitch.webhooks.desired import Desired

NOT_SENT = "not sent"  # why an event had to be recovered
DESCENDANTS = "descendants"  # what the state calls them
BATCH = 20  # records between two checks of the time left
MAX_MISSING = 1_000  # ids to remember
MAX_FAILURES = 3  # accounts in a row that can't be read, before the run gives up
HERE = frozenset({Outcome.STORED, Outcome.DUPLICATE})


@dataclass(slots=True)
class Accountant:
    """Compares Dash's records with a table, account by account.

    Attributes:
        desired: The stack's webhooks: whose records to read, and what they add to each event.
        state: What was compared before; updated along the way.
        save: Saves the state.
        reader: Reads Dash's listings.
        index: Finds events in the table.
        redeliverer: Sends what is missing through the hook functions; None only counts it.
        check_time: Raises an error once the run's time is used up.
        recovered: Called with hook and time of each event that is new.
        result: What was found.
        errors: Why accounts could not be read while others could.
    """

    desired: Desired
    state: AccountingState
    save: Callable[[], None]
    reader: Reader
    index: EventIndex
    redeliverer: Redeliverer | None
    check_time: Callable[[], None]
    recovered: Callable[[str, int], None]
    result: Accounting
    errors: list[DashError] = field(default_factory=list)
    _counted: set[tuple[str, str, str]] = field(default_factory=set)
    _has_read: bool = False
    _deferred_in_a_row: int = 0

    def catch_up(self, kinds: Sequence[Kind]) -> None:
        """Compare what earlier runs could not read; what can't be read now either is left again.

        Raises:
            OutOfTimeError, DeadlineError: The time is used up.
            HookswitchError: Dash, the table or the hook functions can't be reached.
        """
        for account_id, left in list(self.state.behind.items()):
            try:
                self._compare_account(account_id, kinds, left.start, left.end, lambda _: None)
            except DeadlineError:
                raise
            except DashError as error:
                self.errors.append(error)
            else:
                del self.state.behind[account_id]
                self.save()

    def go_round(self, accounts: Sequence[str], kinds: Sequence[Kind]) -> None:
        """Compare all accounts over the time of the round; what of an account can't be read is left to later runs.

        Raises:
            OutOfTimeError, DeadlineError: The time is used up; the state says where to go on.
            HookswitchError: Dash, the table or the hook functions can't be reached; the state says where to go on.
        """
        round_, in_a_row = self.state.round, 0
        if round_ is None:
            return
        for account_id in sorted(accounts):
            if account_id < round_.account_id:
                continue
            if account_id > round_.account_id:
                round_.account_id, round_.second = account_id, round_.since - 1
            try:
                self._compare_account(account_id, kinds, max(round_.second + 1, round_.since), round_.until, self._pass)
                in_a_row = 0
            except DeadlineError:
                raise
            except DashError as error:
                in_a_row += 1
                if not self._has_read or in_a_row == MAX_FAILURES:
                    raise
                self.errors.append(error)
                self.state.leave(account_id, round_.second + 1, round_.until)
                self._pass(round_.until)
        self.state.read_until, self.state.round = max(self.state.read_until, round_.until), None
        self.save()

    def _pass(self, second: int) -> None:
        if self.state.round:
            self.state.round.second = second
        self.save()

    def _compare_account(
        self, account_id: str, kinds: Sequence[Kind], start: int, end: int, done: Callable[[int], None]
    ) -> None:
        """Compare a range of an account, in pieces of a day at most, none with the border of two months in it."""
        length = DAY
        while start <= end:
            self.check_time()
            last = min(end, start + length - 1, last_second_of_month(start))
            try:
                self._compare(account_id, kinds, start, last)
            except TooManyError:
                length = max(1, (last - start + 1) // 2)
                continue
            self.result.since = min(start, self.result.since or start)
            self.result.until = max(last, self.result.until)
            done(last)
            start, length = last + 1, min(DAY, length * 2)

    def _compare(self, account_id: str, kinds: Sequence[Kind], start: int, end: int) -> None:
        for kind in kinds:
            if kind.name in self.state.refused:
                continue
            try:
                entries = kind.read(self.reader, account_id, start, end)
            except NotOpenError:
                if account_id == self.desired.account_id:
                    self.state.refused[kind.name] = int(time.time())
                continue  # of a descendant, what Dash serves is compared
            self._has_read = True
            self._account_for(kind, account_id, entries)

    def _account_for(self, kind: Kind, account_id: str, entries: Sequence[Entry]) -> None:
        begins = self._begins(kind, account_id)
        entries = [entry for entry in entries if entry.at >= begins]
        here = kind.here(self.index, account_id, entries)
        tally = self._tally(kind)
        for entry in entries:
            if entry.id in here:
                self._count(kind, entry, tally, is_here=True)
                self.state.missing.pop(entry.id, None)
        missing = [entry for entry in entries if entry.id not in here]
        if not self.redeliverer:
            self.state.missing |= {entry.id: entry.at for entry in missing}
            for entry in missing:
                self._count(kind, entry, tally, is_here=False)
            return
        for batch in batched(kind.complete(self.reader.history, missing), BATCH, strict=False):
            self.check_time()
            self._recover(self.redeliverer, kind, batch, tally)

    def _begins(self, kind: Kind, account_id: str) -> int:
        """Return since when the stack serves a kind of records of an account, in Unix seconds."""
        began = self.state.began
        descendant = began.get(DESCENDANTS, 0) if account_id != self.desired.account_id else 0
        return max(self.state.begins, began.get(kind.name, 0), descendant)

    def _recover(self, redeliverer: Redeliverer, kind: Kind, batch: Sequence[Entry], tally: Tally) -> None:
        failures = {id(failure := self._failure(entry)): (entry, failure) for entry in batch}
        for failure, outcome in redeliverer.send([failure for _, failure in failures.values()]):
            entry = failures[id(failure)][0]
            is_here = outcome in HERE
            self._count(kind, entry, tally, is_here=is_here)
            if outcome == Outcome.STORED:
                tally.recovered += 1
                self.recovered(entry.hook, entry.at)
            if is_here:
                self.state.missing.pop(entry.id, None)
            elif len(self.state.missing) < MAX_MISSING:
                self.state.missing[entry.id] = entry.at
            self._deferred_in_a_row = self._deferred_in_a_row + 1 if outcome == Fate.DEFERRED else 0
        if self._deferred_in_a_row >= PATIENCE:
            raise NotTakenError("The hook functions do not take what Dash's records tell. The next run tries again.")

    def _count(self, kind: Kind, entry: Entry, tally: Tally, *, is_here: bool) -> None:
        key = (kind.name, entry.account_id, entry.id)
        if key not in self._counted:
            self._counted.add(key)
            tally.on_dash += 1
            tally.here += is_here

    def _tally(self, kind: Kind) -> Tally:
        if kind.name == "legs":
            return self.result.legs
        tally = (self.result.voicemails if kind.name == "voicemails" else self.result.faxes) or Tally()
        if kind.name == "voicemails":
            self.result.voicemails = tally
        else:
            self.result.faxes = tally
        return tally

    def _failure(self, entry: Entry) -> FailedDelivery:
        return FailedDelivery(entry.hook, entry.at, NOT_SENT, to_delivery(entry, self.desired))


def to_delivery(entry: Entry, desired: Desired) -> Delivery:
    """Return the delivery that the webhook would have made of a record."""
    body = json.dumps({**entry.record.to_fields(), **desired.custom_data}).encode()
    return Delivery(
        hook=entry.hook,
        received_at=datetime.fromtimestamp(time.time(), UTC),
        content_type=JSON,
        headers={"x-account-id": desired.account_id, "content-type": JSON},
        body=body,
        body_size=len(body),
        body_sha256=hashlib.sha256(body).hexdigest(),
    )
