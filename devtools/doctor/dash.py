"""Checks of what Dash knows of a stack: its webhooks, and the callflows without which one of them never fires."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from devtools.checks import Check, bad, good, note
from devtools.since import shown
from devtools.webhooks import Registered
from hookswitch.dash import credentials
from hookswitch.dash.client import DashClient
from hookswitch.errors import AccountError, DashError, UnknownWebhookError
from hookswitch.webhooks.plan import Create, Delete, Update

MISSED_CALL = "missed_call"
ACTION = "missed_call_alert"  # the module of a callflow's action *missed call alert* (dash-protocol, section 6)
MOST = 200  # callflows that are read, one call each, within the API's rate limit (dash-protocol, section 5)


def check_webhooks(found: Registered, held_back: Mapping[str, datetime]) -> Iterator[Check]:
    """Yield whether each webhook is on, and calls this stack.

    Args:
        found: The webhooks on Dash.
        held_back: Until when each webhook stays off that Dash disables again and again, by its hook.
    """
    wrong = 0
    for change in found.plan:
        wrong += 1
        match change:
            case Create():
                yield bad(f"webhook: {change.hook}", "is missing on Dash", "`make reconcile` registers it again.")
            case Update() if "enabled" in change.fields and change.hook in held_back:
                said = f"is off until {shown(held_back[change.hook])}: Dash disables it again and again"
                yield bad(f"webhook: {change.hook}", said, "docs/runbook.md#disabled-again-and-again")
            case Update() if "enabled" in change.fields:
                reason = change.disable_reason or "switched off by hand"
                yield bad(f"webhook: {change.hook}", f"is off: {reason}", "docs/runbook.md#webhook-disabled")
            case Update() if "uri" in change.fields:
                yield bad(f"webhook: {change.hook}", "calls another address", "`make reconcile` corrects it.")
            case Update():
                fields = ", ".join(change.fields)
                yield note(f"webhook: {change.hook}", f"differs in {fields}", "`make reconcile` corrects it.")
            case Delete():
                yield note("webhook", f"{change.name} is not wanted any more", "`make reconcile` removes it.")
    total = len(found.wanted.registered)
    if not wrong:
        yield good("webhooks", f"{total} of {total} are on, and call this stack")


def check_callflows(client: "CallflowReader", found: Registered) -> Check | None:
    """Return whether any callflow reports missed calls; None if no such webhook is registered."""
    name = "missed calls"
    if MISSED_CALL not in found.wanted.hooks:
        return None
    try:
        total, reported = client.count(found.wanted.account_id)
    except (AccountError, UnknownWebhookError):
        return note(name, "Dash does not show its callflows, so nobody can tell whether missed calls are reported")
    except DashError as error:
        return note(name, f"the callflows can't be read: {error}")
    if reported:
        return good(name, "a callflow has the action missed call alert")
    return note(
        name,
        f"none of {total} callflows has the action missed call alert, so missed_call never fires",
        "Add that action to the callflow of each number whose missed calls you want.",
    )


class CallflowReader(DashClient):
    """Reads an account's callflows (Crossbar, `/accounts/{id}/callflows`)."""

    @classmethod
    def of(cls, found: Registered, secret: str) -> "CallflowReader":
        """Return one with the credentials of a stack."""
        return cls(found.wanted.api_url, credentials.parse(secret))

    def count(self, account_id: str) -> tuple[int, int]:
        """Return how many callflows there are, and whether one of them reports missed calls (1 or 0).

        Raises:
            DashError: The API does not open them, or does not answer.
        """
        path = f"/accounts/{account_id}/callflows"
        action = "reading the callflows"
        summaries = self._call("GET", f"{path}?page_size={MOST}", action)["data"] or []
        for summary in summaries[:MOST]:
            document = self._call("GET", f"{path}/{summary['id']}", action)["data"]
            if has_action(document.get("flow") or {}):
                return len(summaries), 1
        return len(summaries), 0


def has_action(flow: Mapping[str, Any]) -> bool:
    """Return whether a callflow's tree has the action that reports missed calls."""
    children = flow.get("children") or {}
    return flow.get("module") == ACTION or any(has_action(child) for child in children.values())
