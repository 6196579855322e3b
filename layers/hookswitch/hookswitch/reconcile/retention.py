"""What may still be recovered, given how long items are kept."""

from dataclasses import replace

from hookswitch.reconcile.state import Gap, State, iso, merge_gaps

DAY = 86_400  # seconds


def add_gap(state: State, since: int) -> None:
    """Have the log read again from a moment on, in Unix seconds."""
    if since <= state.read_until:
        state.gaps = merge_gaps([*state.gaps, Gap(since, state.read_until)])


def drop_expired(state: State, now: int, retention_days: int) -> str:
    """Take out of the state what is older than items are kept: an expired event would be stored and published again.

    Args:
        state: Is changed.
        now: Unix seconds.
        retention_days: 0 for forever.

    Returns:
        A sentence on what can't be recovered any more; empty if there is nothing.
    """
    oldest = now - retention_days * DAY if retention_days else 0
    lost = _skip(state, oldest)
    return lost and (
        f"{lost}: RetentionDays is {retention_days}, and an event as old as that would be stored and published again."
    )


def give_up(state: State, until: int) -> str:
    """Take out of the state what has not been recovered up to a moment, in Unix seconds; return a sentence on it."""
    lost = _skip(state, min(until, state.read_until))
    return lost and f"{lost}: they have been given up by hand."


def _skip(state: State, until: int) -> str:
    unread_from = state.watermark + 1
    if unread_from >= until:
        return ""
    state.read_until = max(state.read_until, until)
    state.gaps = merge_gaps(replace(gap, start=max(gap.start, until)) for gap in state.gaps if gap.end >= until)
    return f"Deliveries that failed between {iso(unread_from)} and {iso(until)} and had not been recovered are lost"
