"""Findings that need an operator: each is reported once while it persists."""

from collections.abc import Mapping

from hookswitch.observability.log import logger
from hookswitch.reconcile.state import State


class Notices:
    """Reports findings that need an operator, and remembers them in the state."""

    def __init__(self, state: State, now: int) -> None:
        """Prepare to report findings at a time, in Unix seconds."""
        self._state, self._now = state, now
        self.reported: list[str] = []

    def update(self, kind: str, current: Mapping[str, str], forget_after: int = 0) -> None:
        """Report the new findings of one kind.

        Args:
            kind: The prefix of their keys.
            current: One sentence for each current finding, by a key that is stable while it persists.
            forget_after: Seconds after which a resolved finding is forgotten; if it recurs later, it is reported
                again.
        """
        for key, sentence in current.items():
            if key not in self._state.reported:
                logger.warning(sentence)
                self.reported.append(sentence)
                self._state.news.noticed.append(sentence)
            self._state.reported[key] = self._now
        self._state.reported = {
            key: seen
            for key, seen in self._state.reported.items()
            if not key.startswith(kind) or key in current or self._now - seen < forget_after
        }
