"""The part of a reconcile run that accounts for every call."""

import time
from collections.abc import Callable, Collection, Sequence

from hookswitch.dash.client import DashClient
from hookswitch.dash.history import DashHistory
from hookswitch.dash.hooks import CATALOGUE
from hookswitch.errors import DeadlineError, NotOpenError
from hookswitch.events.kinds import CDR
from hookswitch.observability.log import logger
from hookswitch.receiving.hook_functions import HookFunctions
from hookswitch.reconcile.accounting.accountant import DESCENDANTS, NOT_SENT, Accountant
from hookswitch.reconcile.accounting.index import EventIndex
from hookswitch.reconcile.accounting.kinds import LEG_HOOK, Faxes, Kind, Legs, Voicemails
from hookswitch.reconcile.accounting.ledger import AccountingLedger, AccountingState, Compared, Round
from hookswitch.reconcile.accounting.listing import Reader, served_accounts
from hookswitch.reconcile.accounting.totals import MAX_LISTED, Accounting
from hookswitch.reconcile.notices import Notices
from hookswitch.reconcile.redeliverer import Redeliverer
from hookswitch.reconcile.report import Request
from hookswitch.reconcile.retention import DAY
from hookswitch.reconcile.source import OutOfTimeError
from hookswitch.reconcile.state import Gap, State, iso
from hookswitch.settings.webhooks import ReconcileSettings
from hookswitch.webhooks.desired import Desired

DELAY = 600  # seconds until a record is compared: Dash writes it some time after the end, and our indexes lag
OVERLAP = 900  # seconds to read again in every round, for records that Dash wrote late
READ_AGAIN = {3_600: 7_200, DAY: 26 * 3_600}  # how much of the past to read again, by how often that is done; seconds
MAX_HOLD = DAY  # seconds for which a gap in the attempt log holds the accounting up
PROBED = 60  # seconds that a probe reads
IGNORED_FOR, MAX_IGNORED = 2 * DAY, 2_000  # legs that their webhook does not tell of


class AccountingRun:
    """Accounts for the calls of one stack, as far as one run gets.

    Attributes:
        result: What was found so far.
        meanwhile: Called between steps; the run has other things to see to.
    """

    def __init__(
        self, desired: Desired, settings: ReconcileSettings, notices: Notices, stop_at: float, now: int
    ) -> None:
        """Prepare.

        Args:
            desired: The stack's webhooks.
            settings: The function's.
            notices: Where to report what needs an operator.
            stop_at: When to start nothing new, in `time.monotonic` seconds.
            now: Unix seconds.
        """
        self.result = Accounting()
        self.meanwhile: Callable[[], None] = lambda: None
        self._desired, self._settings, self._notices = desired, settings, notices
        self._stop_at, self._now = stop_at, now
        # What is older would be stored again although it has expired.
        self._oldest = now - settings.retention_days * DAY if settings.retention_days else 0
        self._ledger, self._saves = AccountingLedger(settings.events_table), True
        self._legs = Legs(includes_internal=desired.include_internal_legs)

    def carry_out(
        self, client: DashClient, functions: HookFunctions, request: Request, run: State, *, has_log: bool
    ) -> None:
        """Compare what Dash keeps with the table, and store what the table lacks.

        Args:
            client: A client of the account's Dash.
            functions: The stack's hook functions.
            request: Since when to compare everything again, up to when to leave what is missing as it is, and whether
                to change nothing.
            run: What the run has recovered from the attempt log, and is to announce.
            has_log: Whether this Dash has an attempt log.

        Raises:
            HookswitchError: Something can't be reached; the next run goes on from there.
        """
        kinds = self._kinds()
        before = self._ledger.read()
        state = before or AccountingState(begins=self._now, read_until=self._now)
        self._saves = not request.dry_run
        if self._prepare(state, kinds, request) or not before:
            if not before:
                self._probe(DashHistory(client), kinds, state)
            self._save(state)
        missing_before = frozenset(state.missing)
        reader = Reader(DashHistory(client))
        accountant = Accountant(
            desired=self._desired,
            state=state,
            save=lambda: self._save(state),
            reader=reader,
            index=EventIndex(self._settings.events_table),
            redeliverer=None if request.dry_run else Redeliverer(functions, CDR),
            check_time=self._check_time,
            recovered=lambda hook, at: run.news.add_recovered(hook, at, NOT_SENT),
            result=self.result,
        )
        until = hold_up(run, self._now, has_log=has_log) + round(client.clock_ahead)
        try:
            accounts = served_accounts(client, self._settings)
            accountant.catch_up(kinds)
            while self._begin(state, until):
                accountant.go_round(accounts, kinds)
        except (OutOfTimeError, DeadlineError):
            logger.info("The time is used up; the next run continues the accounting.")
        finally:
            self._conclude(state, kinds, reader)
            self._notice_missing(missing_before)
            self._remember(state)
        if accountant.errors:
            raise accountant.errors[0]

    def _kinds(self) -> Sequence[Kind]:
        hooks = frozenset(self._desired.hooks)
        if any(CATALOGUE[hook].is_catch_all for hook in hooks):
            hooks |= {hook.name for hook in CATALOGUE.values() if hook.notification_type}
        kinds: list[Kind] = [self._legs, Voicemails(), Faxes(registered=hooks)]
        return [kind for kind in kinds if hooks.intersection(kind.hooks)]

    def _probe(self, history: DashHistory, kinds: Sequence[Kind], state: AccountingState) -> None:
        """Find out, before there is anything to compare, what Dash's API opens."""
        for kind in kinds:
            try:
                history.page(kind.listing, self._desired.account_id, self._now - PROBED, self._now, size=1)
            except NotOpenError:
                state.refused[kind.name] = self._now

    def _prepare(self, state: AccountingState, kinds: Sequence[Kind], request: Request) -> bool:
        """Do what is asked for, forget what is old, and ask again once a day for what Dash refused.

        Returns:
            Whether the next run has to know of it, however far this one gets.
        """
        state.refused = {kind: at for kind, at in state.refused.items() if self._now - at < DAY}
        recent = [(id_, at) for id_, at in state.ignored.items() if self._now - at < IGNORED_FOR]
        state.ignored = dict(recent[-MAX_IGNORED:])
        self._legs.ignored = state.ignored
        served = [kind.name for kind in kinds] + [DESCENDANTS] * self._settings.include_subaccounts
        is_new = state.serve(served, self._now)
        if request.since:
            state.set_back(int(request.since.timestamp()))
        if request.skip_until:
            state.give_up(int(request.skip_until.timestamp()))
        state.give_up(self._oldest - 1)
        return is_new or bool(request.since or request.skip_until)

    def _begin(self, state: AccountingState, until: int) -> bool:
        """Begin a round up to a time, if none is under way; tell whether there is one."""
        if state.round:
            state.round.since = max(state.round.since, self._oldest)
            return True
        if until <= state.read_until:
            return False
        back = OVERLAP
        for every, length in READ_AGAIN.items():
            if self._now - state.read_again.get(every, state.begins) >= every:
                state.read_again[every] = self._now
                back = max(back, length)
        since = max(state.begins, state.read_until + 1 - back, self._oldest)
        state.round = Round(since=since, until=until)
        return True

    def _save(self, state: AccountingState) -> None:
        if self._saves:
            self._ledger.save(state)

    def _check_time(self) -> None:
        self.meanwhile()
        if time.monotonic() >= self._stop_at:
            raise OutOfTimeError

    def _conclude(self, state: AccountingState, kinds: Sequence[Kind], reader: Reader) -> None:
        self.result.complete = state.round is None and not state.behind
        result, names = self.result, {kind.name for kind in kinds}
        result.missing = [id_ for id_, _ in sorted(state.missing.items(), key=lambda it: it[1])]
        closed = {kind.name: kind.title for kind in kinds if kind.name in state.refused}
        sentences = {
            f"accounting/{name}": f"Dash's API does not open {title}, so what happens while a webhook is off can't be "
            "recovered from them. See docs/healing.md#what-cant-be-recovered"
            for name, title in closed.items()
        }
        self._notices.update("accounting/", sentences)
        overflowed = {
            f"accounted/{second}": f"Dash has more records of {iso(second)} than it shows; the rest can't be compared."
            for second in sorted(reader.overflowed)
        }
        self._notices.update("accounted/", overflowed, forget_after=DAY)
        result.available = "legs" in names and "legs" not in closed
        if "legs" not in names:
            result.reason = f"The stack does not register {LEG_HOOK}, so calls are not accounted for."
        elif "legs" in closed:
            result.reason = sentences["accounting/legs"]
        if result.available:
            logger.info(str(result), extra={"accounting": result.to_json(), "calls_of_dash": reader.history.calls})

    def _notice_missing(self, before: Collection[str]) -> None:
        """Report what this run and the one before failed to store."""
        stuck = [id_ for id_ in self.result.missing if id_ in before]
        listed = ", ".join(stuck[:MAX_LISTED]) + (", ..." if stuck[MAX_LISTED:] else "")
        sentence = (
            f"Dash has {len(stuck):,} {'record that is' if len(stuck) == 1 else 'records that are'} not here, though "
            f"several runs tried to store what {'it tells' if len(stuck) == 1 else 'they tell'}: {listed}. "
            "See docs/runbook.md#missing-legs"
        )
        self._notices.update("missing/", {"missing/records": sentence} if stuck else {})

    def _remember(self, state: AccountingState) -> None:
        """Remember what was compared, for who asks how the stack is doing."""
        result = self.result
        if result.complete and result.available and result.since:
            found = Compared(since=result.since, until=result.until, on_dash=result.legs.on_dash, here=result.legs.here)
            state.note_compared(found)
            self._save(state)


def hold_up(state: State, now: int, *, has_log: bool) -> int:
    """Return up to when records may be compared, in Unix seconds.

    The attempt log has the exact body of a delivery that failed, and goes first: its gaps hold the accounting up, for
    a day at most. A late attempt is recognized as the same event all the same.
    """
    until = now - DELAY
    if not has_log:
        return until
    gaps = [gap for gap in state.gaps if _concerns(gap) and now - gap.start < MAX_HOLD]
    return min([until, max(state.read_until, now - MAX_HOLD), *(gap.start - 1 for gap in gaps)])


def _concerns(gap: Gap) -> bool:
    return gap.hook in {"", LEG_HOOK}
