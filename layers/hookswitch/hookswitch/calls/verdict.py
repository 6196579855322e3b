"""The verdict on a call: its status, and why. docs/calls.md has the same rules for users."""

from typing import NamedTuple

from hookswitch.calls.record import Status
from hookswitch.calls.story import AT_ONCE, Story
from hookswitch.payloads.text import duration

_GIVEN_UP = frozenset({"NO_ANSWER", "NO_USER_RESPONSE", "ALLOTTED_TIMEOUT"})
_NORMAL = frozenset(
    {"", "NORMAL_CLEARING", "NORMAL_UNSPECIFIED", "LOSE_RACE", "PICKED_OFF", "ATTENDED_TRANSFER", "BLIND_TRANSFER"}
)
_EXPLANATIONS = {
    "USER_NOT_REGISTERED": "The phone is not registered.",
    "SUBSCRIBER_ABSENT": "The phone is not registered.",
    "UNALLOCATED_NUMBER": "The number is not assigned.",
    "NO_ROUTE_DESTINATION": "There is no route to the number.",
    "INVALID_NUMBER_FORMAT": "The number is not valid.",
    "NORMAL_TEMPORARY_FAILURE": "The network had a temporary failure.",
    "RECOVERY_ON_TIMER_EXPIRE": "The other side did not respond in time.",
}


class Verdict(NamedTuple):
    """How a call went.

    Attributes:
        status: In one word; None as long as it rings.
        reason: Why, in a sentence; empty as long as it rings.
    """

    status: Status | None
    reason: str


_BY_CAUSE = {
    "ORIGINATOR_CANCEL": Verdict("abandoned", "The caller hung up before anybody answered."),
    "USER_BUSY": Verdict("busy", "The line was busy."),
    "CALL_REJECTED": Verdict("missed", "The call was declined."),
}


def judge(story: Story) -> Verdict:
    """Return how a call went, as far as is known."""
    if story.answered_at is not None:
        wait = duration(story.answered_at - story.started_at)
        who = "A person answered" if story.takers else "A conference room answered"
        return Verdict("answered", f"{who} after {wait}.")
    faxes = story.notes.get("fax", [])
    if any(fax.get("result") != "failed" for fax in faxes):
        return Verdict("answered", "The call carried a fax.")
    if not story.is_over:
        return Verdict(None, "")
    if "voicemail" in story.notes:
        return Verdict("voicemail", "Nobody answered, and the caller left a message.")
    return _unanswered(story)


def _unanswered(story: Story) -> Verdict:
    cause = _cause(story)
    waited = duration(story.gave_up_at - story.started_at)
    if cause in _NORMAL:
        return _hung_up(story, waited)
    if cause in _GIVEN_UP:
        return Verdict("missed", f"Nobody answered within {waited}.")
    explained = _EXPLANATIONS.get(cause, "The call could not be connected.")
    return _BY_CAUSE.get(cause) or Verdict("failed", f"{explained} ({cause})")


def _hung_up(story: Story, waited: str) -> Verdict:
    """Return the verdict on an unanswered call that ended in the normal way, by the caller or by the system."""
    if "fax" in story.notes:
        return Verdict("failed", "The fax failed.")
    if story.root.is_lost:
        return Verdict("failed", "The media server of the call was lost.")
    at_the_end = (story.ended_at or 0) - AT_ONCE
    rang_till_end = any(leg.cause == "ORIGINATOR_CANCEL" and (leg.ended_at or 0) >= at_the_end for leg in story.people)
    if story.named("queue"):
        return Verdict("abandoned", f"The caller left the queue after {waited}, before an agent answered.")
    if rang_till_end:
        return Verdict("abandoned", f"The caller hung up after {waited}, while it rang.")
    if story.people or "missed" in story.notes:
        return Verdict("missed", "Nobody answered, and the caller left no message.")
    return Verdict("abandoned", f"The caller hung up after {waited} without reaching anybody.")


def _cause(story: Story) -> str:
    """Return the hangup cause that tells how the call went: the caller's, else that of all who were called.

    A caller whom a machine answered ends normally whatever the phones before it did.
    """
    cause = story.root.cause
    if cause not in _NORMAL or story.machine_at is not None:
        return cause
    causes = {leg.cause for leg in story.people if leg.end and leg.cause not in {"LOSE_RACE", "PICKED_OFF"}}
    return causes.pop() if len(causes) == 1 else cause
