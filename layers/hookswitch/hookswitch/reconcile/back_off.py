"""Backs off from a webhook that Dash disables again and again.

See docs/engineering/decisions/0095-told-by-dash.md.
"""

from collections.abc import Sequence
from typing import TypeIs

from hookswitch.reconcile.drift import Decision
from hookswitch.reconcile.state import State
from hookswitch.webhooks.plan import Change, Update

WINDOW = 3600  # seconds for which it is remembered that a webhook was enabled
AT_ONCE = 3  # times within the window that a webhook is enabled without a wait
WAITS = (60, 120, 240, 480, 900)  # seconds from one time to the next after those; then always the last

SECTION = "docs/runbook.md#disabled-again-and-again"


def due(enabled_at: Sequence[int], now: int) -> int:
    """Return from when on a webhook may be enabled, in Unix seconds; 0 for at once.

    Args:
        enabled_at: When it was enabled before, in Unix seconds, oldest first.
        now: The present, in Unix seconds.
    """
    recent = _recent(enabled_at, now)
    if len(recent) < AT_ONCE:
        return 0
    return recent[-1] + WAITS[min(len(recent) - AT_ONCE, len(WAITS) - 1)]


class BackOff:
    """Decides which webhooks have to wait before they are enabled again, and remembers in the state when they were."""

    def __init__(self, state: State, now: int) -> None:
        """Forget what is too long ago; `now` is in Unix seconds."""
        self._state, self._now = state, now
        recent = {webhook_id: _recent(times, now) for webhook_id, times in state.enabled_at.items()}
        state.enabled_at = {webhook_id: times for webhook_id, times in recent.items() if times}

    def hold(self, decision: Decision, *, at_once: bool) -> dict[str, str]:
        """Take out of a decision what has to wait.

        Args:
            decision: What to repair; it is changed.
            at_once: Whether nothing has to wait: somebody asks for it.

        Returns:
            One sentence for each webhook that Dash disables again and again, by a key that is stable while it does.
        """
        findings: dict[str, str] = {}
        self._state.held_back = {}
        for change in [change for change in decision.changes if _is_disabled_by_dash(change)]:
            enabled_at = self._state.enabled_at.get(change.webhook_id, [])
            if len(enabled_at) >= AT_ONCE:
                findings[f"again/{change.webhook_id}"] = (
                    f"Dash has disabled the webhook of {change.hook} {len(enabled_at) + 1} times within an hour. It is "
                    f"enabled again after a wait, which grows to {WAITS[-1] // 60} minutes. See {SECTION}"
                )
            when = due(enabled_at, self._now)
            if when > self._now and not at_once:
                decision.changes.remove(change)
                self._state.held_back[change.hook] = when
        return findings

    def note(self, change: Change) -> None:
        """Remember a change that was made, if it enabled what Dash had disabled."""
        if _is_disabled_by_dash(change):
            self._state.enabled_at.setdefault(change.webhook_id, []).append(self._now)


def _is_disabled_by_dash(change: Change) -> TypeIs[Update]:
    return isinstance(change, Update) and bool(change.disable_reason)


def _recent(times: Sequence[int], now: int) -> list[int]:
    return [at for at in times if now - at < WINDOW]
