"""What people are told about repairs: one message on the topic, with a summary that says it all.

The message is an event like any other: an item of the table, which the stream publishes.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from hookswitch.events.event import expiry, key_of, timestamp
from hookswitch.reconcile.state import News, iso
from hookswitch.settings import Settings

RESTORED = "webhook_restored"
NOTICED = "webhook_noticed"


def item_of(news: News, settings: Settings, now: datetime | None = None) -> dict[str, object] | None:
    """Return the item by which the news is stored and published; None if there is none.

    The hook is `webhook_restored`, or `webhook_noticed` if nothing was repaired; the key follows from the news, so
    that the same news is published once.
    """
    if not (news.restored or news.brought or news.noticed):
        return None
    hook = RESTORED if news.restored or news.brought else NOTICED
    at = timestamp(now or datetime.now(UTC))
    return {
        "event_id": key_of(hook, news.id),
        "kind": "event",
        "hook": hook,
        "account_id": settings.account_id,
        "occurred_at": at,
        "received_at": at,
        "summary": " ".join(_sentences(news)),
        "alert": True,
        "payload": _payload(news),
        "expires_at": expiry(now or datetime.now(UTC), settings.retention_days),
        "timeline_key": f"{at}#99#{at}",
        "feed": f"{settings.account_id}/{hook}/{at[:10]}",
    }


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
    if news.brought:
        total = sum(brought.events for brought in news.brought.values())
        first = min(brought.first for brought in news.brought.values())
        reasons = sorted({reason for brought in news.brought.values() for reason in brought.reasons})
        counts = ", ".join(f"{brought.events} {hook}" for hook, brought in sorted(news.brought.items()))
        yield (
            f"Since {iso(first)[:19]}Z Dash could not deliver {total} event{'s' if total > 1 else ''} "
            f"({', '.join(reasons)}); {'they are' if total > 1 else 'it is'} brought in now: {counts}."
        )
    yield from news.noticed


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _payload(news: News) -> dict[str, Any]:
    return {
        "restored": [{"hook": hook, "what": what} for hook, what in news.restored],
        "brought_in": {
            hook: {"events": brought.events, "since": iso(brought.first), "reasons": brought.reasons}
            for hook, brought in news.brought.items()
        },
        "noticed": news.noticed,
    }
