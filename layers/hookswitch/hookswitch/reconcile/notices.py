"""What is left to people: each thing is reported once for as long as it is so."""

from collections.abc import Mapping

from hookswitch.observability.log import logger
from hookswitch.reconcile.state import State


class Notices:
    """Reports what is left to people, and remembers it in the state."""

    def __init__(self, state: State, now: int) -> None:
        """Prepare to report what is so at a moment, in Unix seconds."""
        self._state, self._now = state, now
        self.reported: list[str] = []

    def update(self, kind: str, current: Mapping[str, str], forget_after: int = 0) -> None:
        """Report what is new among the things of one kind.

        Args:
            kind: What the keys of its things begin with.
            current: A sentence for each thing that is so now, by a key that stays the same while it is.
            forget_after: Seconds after which a thing that is no longer so is forgotten: should it be so again, it is
                reported again.
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
