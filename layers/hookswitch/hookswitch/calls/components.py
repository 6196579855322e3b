"""Reads the legs of a call from the table: those that are joined with one another, in either direction."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from hookswitch.calls.facts import Fact
from hookswitch.calls.items import LegItem
from hookswitch.calls.table import CallTable
from hookswitch.errors import TooManyLegsError, UnstorableError
from hookswitch.observability.log import logger

MAX_NODES = 1_000  # legs of one call that are read


@dataclass
class Component:
    """The legs that are joined with one another, as they were read.

    Attributes:
        account_id: The account.
        legs: Their items.
        is_new: Whether no call of it can be in the table, as far as is known.
    """

    account_id: str
    legs: dict[str, LegItem]
    is_new: bool = False

    @property
    def facts(self) -> list[Fact]:
        """All facts about them."""
        return [fact for leg in self.legs.values() for fact in leg.facts]

    def is_made_of(self, events: frozenset[str]) -> bool:
        """Tell whether it is a single leg that nothing was known of before these events."""
        return len(self.legs) == 1 and events >= {fact.event_id for fact in self.facts}


class Legs:
    """The legs in the table."""

    def __init__(self, table: CallTable, expiry: Callable[[Iterable[Fact]], int | None]) -> None:
        """Read legs from a table.

        Args:
            table: The table.
            expiry: Returns when an item expires that has some facts, in Unix seconds; None for never.
        """
        self._table = table
        self._expiry = expiry

    def join(self, account_id: str, legs: Mapping[str, LegItem]) -> dict[str, LegItem]:
        """Note on all legs that some legs name that they do, and return them all."""
        named = {other for leg in legs.values() for other in leg.names}
        known = {**legs, **self._table.legs(account_id, sorted(named - set(legs)))}
        self._note_mentions(account_id, legs, known)
        return known

    def read(self, account_id: str, start: str, known: Mapping[str, LegItem]) -> Component:
        """Read all legs that are joined with one, and note on each by which others it is named.

        Args:
            account_id: The account.
            start: The leg.
            known: Items of legs that were read just now, that of the leg among them.

        Raises:
            TooManyLegsError: There are more than are read.
        """
        legs = {start: known[start]}
        done: set[str] = set()
        asked = {start}
        while left := sorted(set(legs) - done):
            pending = {node for name in left for node in legs[name].neighbours} - asked
            if len(asked) + len(pending) > MAX_NODES:
                raise TooManyLegsError(MAX_NODES, asked | pending)
            legs |= {node: known[node] for node in pending & known.keys()}
            legs |= self._table.legs(account_id, sorted(pending - known.keys()))
            asked |= pending
            self._note_mentions(account_id, left, legs)
            done |= {*left}
        return Component(account_id, legs)

    def _note_mentions(self, account_id: str, nodes: Iterable[str], legs: dict[str, LegItem]) -> None:
        """Note on all legs that some of these legs name that they do, unless that is noted."""
        unnoted: dict[str, set[str]] = defaultdict(set)
        for node in nodes:
            for other in legs[node].names:
                if other not in legs or node not in legs[other].named_by:
                    unnoted[other].add(node)
        for other, by in sorted(unnoted.items()):
            expires_at = self._expiry(fact for node in by for fact in legs[node].facts)
            try:
                legs[other] = self._table.add_mentions(account_id, other, by, expires_at)
            except UnstorableError as error:  # the legs stay joined as seen from the others
                logger.error("%s The leg takes no more.", error, extra={"call_id": other})
