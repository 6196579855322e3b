"""What can still be recovered, given how long items are kept."""

from dataclasses import replace

from hookswitch.reconcile.state import Gap, State, iso, merge_gaps

DAY = 86_400  # seconds


def add_gap(state: State, since: int) -> None:
    """Make the run read the log again from a time on, in Unix seconds."""
    if since <= state.read_until:
        state.gaps = merge_gaps([*state.gaps, Gap(since, state.read_until)])


def drop_expired(state: State, now: int, retention_days: int) -> str:
    """Remove from the state what is older than the retention: expired events would be stored and published again.

    Args:
        state: The state to change.
        now: Unix seconds.
        retention_days: How long items are kept; 0 means forever.

    Returns:
        A sentence on what can no longer be recovered; empty if there is nothing.
    """
    oldest = now - retention_days * DAY if retention_days else 0
    lost = _skip(state, oldest)
    return lost and (
        f"{lost}: RetentionDays is {retention_days}, and an event of that age would be stored and published again."
    )


def give_up(state: State, until: int) -> str:
    """Remove from the state what has not been recovered up to a time, in Unix seconds; return a sentence on it."""
    lost = _skip(state, min(until, state.read_until))
    return lost and f"{lost}: an operator gave them up."


def _skip(state: State, until: int) -> str:
    unread_from = state.watermark + 1
    if unread_from >= until:
        return ""
    state.read_until = max(state.read_until, until)
    state.gaps = merge_gaps(replace(gap, start=max(gap.start, until)) for gap in state.gaps if gap.end >= until)
    return f"Deliveries that failed between {iso(unread_from)} and {iso(until)} and had not been recovered are lost"
