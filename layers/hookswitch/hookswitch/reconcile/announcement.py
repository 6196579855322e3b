"""The announcement of repairs: one message on the topic, with a complete summary.

The message is an event like any other: an item in the table, published through the stream.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, TypedDict

from hookswitch.events.envelope import NOTICED, RESTORED, Field, Time
from hookswitch.events.items import announcement_item
from hookswitch.reconcile.state import News, iso
from hookswitch.settings.webhooks import ReconcileSettings


class RestoredWebhook(TypedDict):
    """A webhook that was repaired."""

    hook: str
    what: Annotated[str, Field("What was done to it and why, in words.")]


class RecoveredEvents(TypedDict):
    """The recovered events of one hook, which Dash could not deliver."""

    events: int
    since: Annotated[Time, Field("When Dash failed to deliver the oldest one.")]
    reasons: Annotated[list[str], Field("Why Dash could not deliver them.")]


class WebhookNoticed(TypedDict):
    """Findings that need an operator; nothing was repaired."""

    restored: list[RestoredWebhook]
    recovered: Annotated[dict[str, RecoveredEvents], Field("By hook.")]
    noticed: Annotated[list[str], Field("One sentence for each finding that needs an operator.")]


class WebhookRestored(WebhookNoticed):
    """What one reconciliation repaired and recovered, and what it leaves to an operator."""


ANNOUNCEMENTS: dict[str, type[WebhookNoticed]] = {RESTORED: WebhookRestored, NOTICED: WebhookNoticed}
"""The type of `data`, by the hook at the end of an announcement's `type`; docs/schemas/ has a schema for each."""


def to_item(news: News, settings: ReconcileSettings, now: datetime | None = None) -> dict[str, object] | None:
    """Return the item that stores and publishes the news; None if there is no news.

    The hook is `webhook_restored`, or `webhook_noticed` if nothing was repaired. The key is derived from the news, so
    the same news is published only once.
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
