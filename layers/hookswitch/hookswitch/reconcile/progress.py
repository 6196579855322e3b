"""The progress of a run: the position and the gaps in the state, saved after each step."""

from collections.abc import Callable, Iterator

from hookswitch.reconcile.state import Gap, State, merge_gaps


class Progress:
    """Moves the position, closes gaps and adds new ones; the next run continues a run that was cut short."""

    def __init__(self, state: State, save: Callable[[], None]) -> None:
        """Prepare to update a state and to save it."""
        self._state, self._save = state, save
        self._open = list(state.gaps)
        self._left: list[Gap] = []

    @property
    def position(self) -> int:
        """The Unix second up to which the log has been read."""
        return self._state.read_until

    @property
    def next_gap(self) -> Gap | None:
        """The oldest open gap of earlier runs."""
        return self._open[0] if self._open else None

    def leave(self, *gaps: Gap) -> None:
        """Add gaps for later runs; they are saved with the next step."""
        self._left += gaps

    def overflow(self, second: int, found: int) -> bool:
        """Note a second for which Dash does not show all attempts; tell whether it shows more than before."""
        more = self._state.overflowed.get(second) != found
        self.leave(Gap(second, second))
        return more

    def remember_overflow(self, second: int, found: int) -> None:
        """Remember how many attempts of an overflowed second have been recovered, so they are not sent again."""
        self._state.overflowed[second] = found

    def advance(self, start: int, second: int) -> None:
        """Move the position: everything from `start` to here has been recovered, or is in a gap."""
        self._state.read_until = max(self._state.read_until, second)
        self.close(Gap(start, second))

    def close(self, examined: Gap) -> None:
        """Remove what has been examined from the gaps of earlier runs."""
        self._open = [rest for gap in self._open for rest in _without(gap, examined)]
        self._state.gaps = merge_gaps([*self._open, *self._left])
        self._state.overflowed = {
            second: found
            for second, found in self._state.overflowed.items()
            if any(gap.start <= second <= gap.end for gap in self._state.gaps)
        }
        self._save()


def _without(gap: Gap, examined: Gap) -> Iterator[Gap]:
    """Yield what remains of a gap after a range has been examined, for one hook or for all."""
    if examined.hook not in {"", gap.hook} or examined.end < gap.start or gap.end < examined.start:
        yield gap
        return
    if gap.start < examined.start:
        yield Gap(gap.start, examined.start - 1, gap.hook)
    if examined.end < gap.end:
        yield Gap(examined.end + 1, gap.end, gap.hook)
