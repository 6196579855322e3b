"""How far a run has come: the position and the gaps of the state, saved after each step."""

from collections.abc import Callable, Sequence

from hookswitch.reconcile.state import Gap, State, merge_gaps


class Progress:
    """Moves the position, closes gaps and leaves new ones; a run that is cut short is continued by the next."""

    def __init__(self, state: State, save: Callable[[], None]) -> None:
        """Prepare to keep a state up to date, and to save it."""
        self._state, self._save = state, save
        self._open = list(state.gaps)
        self._left: list[Gap] = []

    @property
    def position(self) -> int:
        """The Unix second up to which the log has been read."""
        return self._state.read_until

    @property
    def open_gaps(self) -> Sequence[Gap]:
        """The gaps that earlier runs left and that are not closed yet, the oldest first."""
        return tuple(self._open)

    def leave(self, *gaps: Gap) -> None:
        """Leave gaps to later runs; they are saved with the next step."""
        self._left += gaps

    def advance(self, second: int) -> None:
        """Move the position: everything up to this second has been recovered, or is in a gap."""
        self._state.read_until = max(self._state.read_until, second)
        self._keep()

    def shrink(self, gap: Gap, second: int) -> Gap | None:
        """Close an open gap up to a second; return what is left of it."""
        rest = Gap(second + 1, gap.end, gap.hook) if second < gap.end else None
        self._open = [*([rest] if rest else []), *(other for other in self._open if other != gap)]
        self._keep()
        return rest

    def _keep(self) -> None:
        self._state.gaps = merge_gaps([*self._open, *self._left])
        self._save()
