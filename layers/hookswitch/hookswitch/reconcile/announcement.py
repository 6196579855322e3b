"""The announcement of repairs: one message on the topic, whose summary says everything.

The message is an event like any other: an item of the table, which the stream publishes.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, TypedDict

from hookswitch.events.envelope import Field, Time
from hookswitch.events.items import announcement_item
from hookswitch.reconcile.state import News, iso
from hookswitch.settings.functions import ReconcileSettings

RESTORED = "webhook_restored"
NOTICED = "webhook_noticed"


class RestoredWebhook(TypedDict):
    """A webhook that was repaired."""

    hook: str
    what: Annotated[str, Field("What was done to it and why, for people.")]


class RecoveredEvents(TypedDict):
    """The events of one hook that Dash could not deliver and that were recovered."""

    events: int
    since: Annotated[Time, Field("When Dash failed to deliver the oldest of them.")]
    reasons: Annotated[list[str], Field("Why Dash could not deliver them.")]


class WebhookNoticed(TypedDict):
    """Something about the webhooks that is left to people; nothing was repaired."""

    restored: list[RestoredWebhook]
    recovered: Annotated[dict[str, RecoveredEvents], Field("By hook.")]
    noticed: Annotated[list[str], Field("A sentence for each thing that is left to people.")]


class WebhookRestored(WebhookNoticed):
    """What one reconciliation repaired and recovered, and what it leaves to people."""


ANNOUNCEMENTS: dict[str, type[WebhookNoticed]] = {RESTORED: WebhookRestored, NOTICED: WebhookNoticed}
"""The type of `data` by the hook that an announcement's `type` ends with; docs/schemas/ has a schema of each."""


def to_item(news: News, settings: ReconcileSettings, now: datetime | None = None) -> dict[str, object] | None:
    """Return the item by which the news is stored and published; None if there is none.

    The hook is `webhook_restored`, or `webhook_noticed` if nothing was repaired; the key follows from the news, so
    that the same news is published once.
    """
    if not news:
        return None
    hook = RESTORED if news.restored or news.recovered else NOTICED
    return announcement_item(
        hook=hook,
        identity=news.id,
        at=now or datetime.now(UTC),
        summary=" ".join(_sentences(news)),
        payload=_payload(news),
        settings=settings,
    )


def _sentences(news: News) -> Iterable[str]:
    by_repair: dict[str, list[str]] = {}
    for hook, what in news.restored:
        by_repair.setdefault(what, []).append(hook)
    for what, hooks in by_repair.items():
        yield (
            f"The webhook of {hooks[0]} {what}."
            if len(hooks) == 1
            else f"The webhooks of {_listed(hooks)}: each {what}."
        )
    if news.recovered:
        total = sum(recovered.events for recovered in news.recovered.values())
        first = min(recovered.first for recovered in news.recovered.values())
        reasons = sorted({reason for recovered in news.recovered.values() for reason in recovered.reasons})
        counts = ", ".join(f"{recovered.events} {hook}" for hook, recovered in sorted(news.recovered.items()))
        yield (
            f"Since {iso(first)[:19]}Z Dash could not deliver {total} event{'s' if total > 1 else ''} "
            f"({', '.join(reasons)}); {'they have' if total > 1 else 'it has'} been recovered: {counts}."
        )
    yield from news.noticed


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _payload(news: News) -> WebhookNoticed:
    return {
        "restored": [{"hook": hook, "what": what} for hook, what in news.restored],
        "recovered": {
            hook: {"events": recovered.events, "since": iso(recovered.first), "reasons": recovered.reasons}
            for hook, recovered in news.recovered.items()
        },
        "noticed": news.noticed,
    }
