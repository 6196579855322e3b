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
        retention_days: 0 for ever.

    Returns:
        A sentence on what can't be recovered any more; empty if there is nothing.
    """
    oldest = now - retention_days * DAY if retention_days else 0
    unread_from = state.watermark + 1
    if unread_from >= oldest:
        return ""
    state.read_until = max(state.read_until, oldest)
    gaps = (replace(gap, start=max(gap.start, oldest)) for gap in state.gaps if gap.end >= oldest)
    state.gaps = merge_gaps(gaps)
    return (
        f"Deliveries that failed between {iso(unread_from)} and {iso(oldest)} and had not been recovered are lost: "
        f"RetentionDays is {retention_days}, and an event as old as that would be stored and published again."
    )
