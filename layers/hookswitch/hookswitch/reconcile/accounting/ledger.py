"""How far the accounting has come, in an item of its own."""

from collections.abc import Iterable
from typing import Self

from pydantic import BaseModel

from hookswitch.reconcile.state import iso
from hookswitch.reconcile.state_item import StateItem

KEY = "state-accounting"
REMEMBERED = 25 * 3_600  # seconds: once a day, a run compares a whole day again


class Round(BaseModel):
    """One comparison of all accounts over the same time, which may take several runs.

    Attributes:
        since: Its first second, in Unix seconds of Dash's clock.
        until: Its last one.
        account_id: The account that it is at; the accounts before it, by their ids, are done. Empty at its beginning.
        second: Up to where that account is done.
    """

    since: int
    until: int
    account_id: str = ""
    second: int = 0


class Behind(BaseModel):
    """A range of an account that could not be read."""

    start: int
    end: int


class Compared(BaseModel):
    """How many legs a run compared, and how many of them were in the table then.

    Attributes:
        since: The first second, in Unix seconds.
        until: The last one.
        on_dash: Legs that Dash listed.
        here: Those of them that were in the table in the end.
    """

    since: int
    until: int
    on_dash: int
    here: int

    @property
    def seconds(self) -> int:
        """How long a time it is."""
        return self.until - self.since + 1


class AccountingState(BaseModel):
    """What the accounting remembers between runs; all times are Unix seconds.

    Attributes:
        begins: Before this, nothing is compared unless somebody asks: the stack was not there.
        began: The same for each kind of records, and for descendants: their webhooks were not there.
        read_until: Up to here, all accounts have been compared, but for `behind`.
        round: The round that the last run did not finish.
        behind: By account, what could not be read while others could.
        read_again: When longer ranges were last read again, by how often that is done, in seconds.
        refused: When Dash last refused to show records of a kind.
        missing: What Dash has and the table did not take: the time of each, by its id.
        ignored: The time of legs that their webhook does not tell of, by the id of the CDR.
        compared: What the most thorough run of about a day compared.
    """

    begins: int
    read_until: int
    began: dict[str, int] = {}
    round: Round | None = None
    behind: dict[str, Behind] = {}
    read_again: dict[int, int] = {}
    refused: dict[str, int] = {}
    missing: dict[str, int] = {}
    ignored: dict[str, int] = {}
    compared: Compared | None = None

    @property
    def watermark(self) -> int:
        """The second up to which everything has been compared."""
        return min([self.read_until, *(range_.start - 1 for range_ in self.behind.values())])

    def set_back(self, second: int) -> None:
        """Compare everything from a time on again."""
        self.begins = min(self.begins, second)
        self.began = {name: min(at, second) for name, at in self.began.items()}
        self.read_until = min(self.read_until, second - 1)
        self.round = None

    def serve(self, names: Iterable[str], now: int) -> bool:
        """Note what the stack serves from now on; tell whether that has changed.

        What was served before keeps its beginning, and anything else begins now.
        """
        before, self.began = self.began, {name: self.began.get(name, now) for name in names}
        return before != self.began

    def give_up(self, second: int) -> None:
        """Leave what is missing or could not be read up to a time as it is."""
        self.missing = {id_: at for id_, at in self.missing.items() if at > second}
        self.behind = {
            account_id: Behind(start=max(range_.start, second + 1), end=range_.end)
            for account_id, range_ in self.behind.items()
            if range_.end > second
        }

    def note_compared(self, found: Compared) -> None:
        """Remember what a run compared, unless one of the last day compared far more."""
        before = self.compared
        if not before or found.until - before.until > REMEMBERED or 2 * found.seconds >= before.seconds:
            self.compared = found

    def leave(self, account_id: str, start: int, end: int) -> None:
        """Leave a range of an account to later runs."""
        before = self.behind.get(account_id)
        self.behind[account_id] = Behind(
            start=min(start, before.start) if before else start, end=max(end, before.end) if before else end
        )

    def to_json(self) -> str:
        """Return the state as JSON text."""
        return self.model_dump_json(exclude_defaults=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the state that `to_json` wrote, in this version or an earlier one."""
        return cls.model_validate_json(text)


class AccountingLedger:
    """The item that holds the state. Only the run that has the lease writes it (`hookswitch.reconcile.ledger`)."""

    def __init__(self, table: str) -> None:
        """Use the item of a table."""
        self._item = StateItem(table, KEY, "the accounting")

    def read(self) -> AccountingState | None:
        """Return the state; None before the first run.

        Raises:
            StorageUnavailableError: DynamoDB did not answer.
        """
        item = self._item.read()
        return AccountingState.from_json(item["progress"]["S"]) if "progress" in item else None

    def save(self, state: AccountingState) -> None:
        """Write the state.

        Raises:
            StorageUnavailableError: DynamoDB did not accept it.
        """
        self._item.write({"progress": {"S": state.to_json()}, "watermark": {"S": iso(state.watermark)}})
