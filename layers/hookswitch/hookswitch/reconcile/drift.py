"""What reconcile does about each difference between the actual and the desired webhooks.

Dash disables webhooks automatically and never re-enables them; operators change them on purpose. So reconcile creates
missing webhooks and enables those that Dash disabled; a webhook that an operator disabled stays disabled; and OnDrift
decides whether other manual changes are reverted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hookswitch.dash.client import Document
from hookswitch.dash.wire import redact
from hookswitch.webhooks.ownership import Ownership
from hookswitch.webhooks.plan import Change, Create, Delete, Update


@dataclass(slots=True)
class Decision:
    """What to repair, and what only to report.

    Attributes:
        changes: The changes to make.
        reported: One sentence for each finding that is left as it is, by a key that is stable while it persists.
    """

    changes: list[Change] = field(default_factory=list)
    reported: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DriftPolicy:
    """Decides what to repair and what only to report.

    Attributes:
        ownership: Tells which webhooks belong to this stack.
        put_back: Whether to revert manual changes.
        rotating: Whether the callback secret has just changed: then the rotation or deployment registers the tokens.
    """

    ownership: Ownership
    put_back: bool
    rotating: bool = False

    def decide(self, differences: Iterable[Change], webhooks: Sequence[Document]) -> Decision:
        """Return the decision on differences (`hookswitch.webhooks.plan.Plan`), given our webhooks as they are."""
        decision = Decision()
        documents = {str(webhook["id"]): webhook for webhook in webhooks}
        for change in differences:
            match change:
                case Create():
                    decision.changes.append(change)
                case Delete() if self.put_back:
                    decision.changes.append(change)
                case Delete():
                    decision.reported[f"surplus/{change.webhook_id}"] = (
                        f"{change.name} is a duplicate, or for a hook that this stack does not register."
                    )
                case Update():
                    self._decide_update(change, documents[change.webhook_id], decision)
        return decision

    def _decide_update(self, change: Update, webhook: Document, decision: Decision) -> None:
        if "enabled" in change.fields and not change.disable_reason:
            # The operator who disabled it decides, also about its other fields.
            decision.reported[f"off/{change.webhook_id}"] = (
                f"{change.name} is disabled without a reason from Dash, so somebody disabled it manually. Its events "
                "do not arrive. Enable it on Dash."
            )
            return
        fields = set(change.fields)
        stale_token = "uri" in fields and self._differs_in_token_only(change, webhook)
        if stale_token and self.rotating:
            fields -= {"uri"}
        by_hand = fields - {"enabled"} - ({"uri"} if stale_token else set())
        repaired = fields if self.put_back else fields - by_hand
        if repaired:
            wanted = {name: change.document[name] for name in repaired if name in change.document}
            document = change.document if repaired == set(change.fields) else {**webhook, **wanted}
            names = tuple(name for name in change.fields if name in repaired)
            decision.changes.append(replace(change, document=document, fields=names))
        if left := [name for name in change.fields if name in fields - repaired]:
            decision.reported[f"drift/{change.webhook_id}/{','.join(left)}"] = (
                f"{change.name} was changed manually in {', '.join(left)}, and OnDrift is set to report only."
            )

    def _differs_in_token_only(self, change: Update, webhook: Mapping[str, object]) -> bool:
        """Tell whether a webhook's address is ours and for its hook: then our secret changed, not the webhook."""
        uri, wanted = str(webhook.get("uri")), str(change.document.get("uri"))
        return any(
            uri.startswith(f"{address}{change.hook}/") and wanted.startswith(address)
            for address in self.ownership.addresses
        )


def describe(change: Change, looked_at: str = "") -> str:
    """Return what was done and why, to follow the webhook's name; `looked_at` is when it was last seen intact."""
    match change:
        case Create():
            return "was missing on Dash and has been created again"
        case Delete():
            return "was a duplicate on Dash and has been removed"
    others = [name for name in change.fields if name != "enabled"]
    drift = f"differed in {', '.join(others)} and has been restored"
    if change.disable_reason:
        reason = redact(change.disable_reason)
        since = f" after {looked_at}" if looked_at else ""
        return f"was disabled by Dash{since} ({reason}) and has been re-enabled" + (f"; it {drift}" if others else "")
    return drift
