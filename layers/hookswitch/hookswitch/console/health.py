"""How hookswitch is doing, for operators. What they can change is in `console/actions.py`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, cast

from hookswitch.aws import clients
from hookswitch.aws.clients import CALL_ERRORS, QUICK, error_code
from hookswitch.calls.log import Item, rfc3339
from hookswitch.console.action_log import ActionLog
from hookswitch.console.alarms import alarms
from hookswitch.console.feeds import AT_ONCE, Feeds, newest
from hookswitch.console.questions import SKEW
from hookswitch.console.scope import Scope
from hookswitch.dash.hooks import DISABLED
from hookswitch.destinations.leases import Standing
from hookswitch.destinations.table import DestinationTable
from hookswitch.events.kinds import QUARANTINE
from hookswitch.observability.log import logger
from hookswitch.reconcile.accounting.ledger import AccountingLedger
from hookswitch.reconcile.announcement import ANNOUNCEMENTS
from hookswitch.reconcile.ledger import Ledger
from hookswitch.reconcile.state import iso
from hookswitch.settings.console import ConsoleSettings

MOST_COUNTED = 1_000  # of anything; more is said to be more
SHOWN = 20  # quarantined deliveries, and announcements
REASONS = 5  # shown of each hook
QUARANTINE_DAYS = ANNOUNCED_DAYS = 7
ABOUT_WEBHOOKS = (DISABLED, *ANNOUNCEMENTS)
MILLISECONDS = 1_000


def health(settings: ConsoleSettings, scope: Scope, now: datetime) -> dict[str, object]:
    """Return what is known of alarms, webhooks, Dash's count of legs, destinations, quarantine, queues and actions.

    Destinations, quarantine and actions are those that the user may see. Addresses and payloads are not in it. What
    Dash says is as reconcile found it last: nothing here asks Dash.
    """
    return {
        "at": rfc3339(now),
        "may_act": scope.is_whole,
        "alarms": alarms(settings.stack),
        "reconcile": _reconcile(settings.events_table),
        "legs": _legs(settings.events_table),
        "webhooks": _announcements(settings, now),
        "destinations": _destinations(DestinationTable(settings.destinations_table), scope),
        "quarantine": _quarantine(settings.events_table, scope, now),
        "queues": _queues(settings.queues),
        "actions": ActionLog(settings).newest(scope, now),
    }


def _reconcile(table: str) -> dict[str, object] | None:
    """Return when reconcile last looked, until when everything is recovered, and which webhooks wait to be enabled."""
    state = Ledger(table).read()
    if state is None:
        return None
    return {
        "looked_at": iso(state.looked_at) if state.looked_at else None,
        "recovered_until": iso(state.watermark),
        "gaps": len(state.gaps),
        "held_back": [{"hook": hook, "until": iso(due)} for hook, due in sorted(state.held_back.items())],
    }


def _legs(table: str) -> dict[str, object] | None:
    """Return how many legs of calls Dash has of a time, and how many of them are here; None if nobody compared."""
    state = AccountingLedger(table).read()
    if state is None:
        return None
    compared = state.compared
    return {
        "compared_until": iso(state.watermark),
        "missing": len(state.missing),
        "last": compared
        and {
            "since": iso(compared.since),
            "until": iso(compared.until),
            "on_dash": compared.on_dash,
            "here": compared.here,
        },
    }


def _announcements(settings: ConsoleSettings, now: datetime) -> list[Item]:
    """Return what was announced about webhooks within a week, newest first."""
    feeds = Feeds(clients.dynamodb(), settings.events_table, settings.account_id, SHOWN)
    found = feeds.newest(ABOUT_WEBHOOKS, (now - timedelta(days=ANNOUNCED_DAYS), now + SKEW))
    return [
        {name: item.get(name) for name in ("event_id", "hook", "occurred_at", "summary")}
        for item in islice(found, SHOWN)
    ]


def _destinations(table: DestinationTable, scope: Scope) -> list[dict[str, object]]:
    """Return the destinations that the user may see, and so may act on."""
    standings = [standing for standing in table.standings() if scope.has_destination(standing.destination)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [*pool.map(lambda standing: _destination(table, standing), standings)]


def _destination(table: DestinationTable, standing: Standing) -> dict[str, object]:
    destination, health = standing.destination, standing.destination.health
    owed = table.count_owed(destination.id, MOST_COUNTED + 1)
    dead = table.count_dead(destination.id, MOST_COUNTED + 1)
    return {
        "name": destination.name,
        "type": destination.type,
        "state": destination.state,
        "state_reason": destination.state_reason,
        "backlog": counted(owed),
        "dead_letters": counted(dead),
        "last_success": _moment(health.last_success),
        "failing_since": _moment(health.failing_since),
        "failures": health.failures,
        "next_attempt": _moment(health.next_attempt),
        "last_answer": health.last_answer,
    }


def _quarantine(table: str, scope: Scope, now: datetime) -> dict[str, object]:
    """Return how many deliveries of the last days are quarantined, of which hooks, and the newest of them."""
    read = [*islice(newest(table, QUARANTINE, now - timedelta(days=QUARANTINE_DAYS)), MOST_COUNTED + 1)]
    found = [item for item in read[:MOST_COUNTED] if scope.has(item.get("account_id"))]
    shown = ("event_id", "hook", "account_id", "received_at", "summary")
    return {
        "days": QUARANTINE_DAYS,
        "count": {"number": len(found), "more": len(read) > MOST_COUNTED},
        "hooks": _by_hook(found),
        "newest": [{name: item.get(name) for name in shown} for item in found[:SHOWN]],
    }


def _by_hook(quarantined: Sequence[Item]) -> list[dict[str, object]]:
    """Return how many deliveries each hook has, most first, and for which reasons: the first one of each delivery."""
    hooks = Counter(str(item["hook"]) for item in quarantined)
    reasons = Counter((str(item["hook"]), str(item.get("summary", "")).partition(": ")[2]) for item in quarantined)
    return [
        {
            "hook": hook,
            "number": number,
            "reasons": [
                {"reason": reason, "number": times} for (of, reason), times in reasons.most_common() if of == hook
            ][:REASONS],
        }
        for hook, number in hooks.most_common()
    ]


def _queues(addresses: Mapping[str, str]) -> list[dict[str, object]]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [*pool.map(lambda pair: _queue(*pair), addresses.items())]


def _queue(name: str, address: str) -> dict[str, object]:
    """Return how many messages a queue has: about, says SQS; None if it does not tell."""
    asked = (
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    )
    try:
        found = clients.sqs(QUICK).get_queue_attributes(QueueUrl=address, AttributeNames=cast("Any", list(asked)))
    except CALL_ERRORS as error:
        logger.warning("The length of a queue is unknown: %s", error_code(error), extra={"queue": name})
        return {"name": name, "messages": None}
    return {"name": name, "messages": sum(int(value) for value in found["Attributes"].values())}


def counted(number: int) -> dict[str, object]:
    """Return a number, and whether there are more than are counted."""
    return {"number": min(number, MOST_COUNTED), "more": number > MOST_COUNTED}


def _moment(milliseconds: int) -> str | None:
    return rfc3339(datetime.fromtimestamp(milliseconds / MILLISECONDS, UTC)) if milliseconds else None
