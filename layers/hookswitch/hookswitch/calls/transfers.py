"""When a call was transferred, and to whom.

Dash says so by the hangup cause of the phone that transferred, at best (docs/dash-protocol.md, section 6). Otherwise a
transfer shows by another phone that the caller is connected to later.
"""

from collections.abc import Iterator

from hookswitch.calls.legs import TRANSFER_CAUSES, Leg
from hookswitch.calls.story import AT_ONCE, Story


def transfers(story: Story) -> Iterator[tuple[int, Leg | None]]:
    """Yield when the call was transferred, in Unix seconds, and the leg that it went to, if that is known."""
    found = list(_by_cause(story))
    yield from found
    targets = {leg.id for _, leg in found if leg}
    # A phone that calls, and is then connected, retrieves a parked call or asks a colleague.
    for at, leg in story.takers[1:]:
        if leg.direction == "outbound" and leg.id not in targets and _takes_over(story, at, leg):
            yield at, leg


def _by_cause(story: Story) -> Iterator[tuple[int, Leg | None]]:
    """Yield the transfers that hangup causes tell of; the legs of one transfer end together."""
    last: int | None = None
    for at in sorted(leg.end.at for leg in story.group.legs if leg.end and leg.cause in TRANSFER_CAUSES):
        if last is None or at > last + AT_ONCE:
            yield at, _target(story, at)
        last = at


def _target(story: Story, at: int) -> Leg | None:
    """Return the leg that was connected when the call was transferred, else one that began then."""
    remaining = [leg for leg in story.people if leg.cause not in TRANSFER_CAUSES and leg.last_at > at - AT_ONCE]
    connected = [
        leg for leg in remaining if any(abs(when - at) <= AT_ONCE for when in story.bridged.get(leg.id, {}).values())
    ]
    begun = [leg for leg in remaining if abs(leg.earliest - at) <= AT_ONCE]
    return next(iter([*connected, *begun]), None)


def _takes_over(story: Story, at: int, leg: Leg) -> bool:
    """Tell whether a leg was connected to the caller after somebody else, rather than at the same time."""
    return story.root.id in story.bridged.get(leg.id, {}) and at > (story.answered_at or at)
