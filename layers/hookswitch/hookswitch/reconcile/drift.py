"""What reconcile does about each difference between the webhooks on Dash and those that are wanted.

Dash switches webhooks off by itself and never on again; people change them for reasons of their own. So what is
missing is created and what Dash switched off is switched on; what somebody switched off stays off; and whether other
changes by hand are put back is the customer's choice (OnDrift).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from hookswitch.dash.client import Document
from hookswitch.dash.wire import redact
from hookswitch.webhooks.ownership import Ownership
from hookswitch.webhooks.plan import Change, Create, Delete, Update


@dataclass(slots=True)
class Decision:
    """What is to be done, and what people are told instead.

    Attributes:
        changes: To be carried out.
        left: Sentences on what is left as it is, by a key that stays the same while it is so.
    """

    changes: list[Change] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)


def decide(
    changes: Iterable[Change],
    webhooks: Sequence[Document],
    ownership: Ownership,
    *,
    put_back: bool,
    rotating: bool = False,
) -> Decision:
    """Sort the differences into what is repaired and what is only reported.

    Args:
        changes: As `hookswitch.webhooks.plan.Plan.between` finds them.
        webhooks: Our webhooks as they are.
        ownership: Of this stack.
        put_back: Whether a change that somebody made by hand is taken back.
        rotating: Whether the callback secret has just been changed: who did that gives the webhooks their tokens.
    """
    decision = Decision()
    documents = {str(webhook["id"]): webhook for webhook in webhooks}
    for change in changes:
        match change:
            case Create():
                decision.changes.append(change)
            case Delete() if put_back:
                decision.changes.append(change)
            case Delete():
                decision.left[f"surplus/{change.webhook_id}"] = (
                    f"{change.name} is a double, or for a hook that this stack does not have registered."
                )
            case Update():
                _decide_edit(change, documents[change.webhook_id], ownership, decision, put_back, rotating)
    return decision


def _decide_edit(  # noqa: PLR0913, PLR0917 - the parts of one decision
    change: Update,
    webhook: Document,
    ownership: Ownership,
    decision: Decision,
    put_back: bool,  # noqa: FBT001
    rotating: bool,  # noqa: FBT001
) -> None:
    if "enabled" in change.fields and not change.disable_reason:
        # Whoever switched it off has the last word, also on the rest of it.
        decision.left[f"off/{change.webhook_id}"] = (
            f"{change.name} is switched off, and Dash gives no reason, so somebody wants it so. Its events do not "
            "come. Switch it on again on Dash."
        )
        return
    fields = set(change.fields)
    stale = "uri" in fields and _differs_in_token_only(change, webhook, ownership)
    if stale and rotating:
        fields -= {"uri"}
    by_hand = fields - {"enabled"} - ({"uri"} if stale else set())
    done = fields if put_back else fields - by_hand
    if done:
        wanted = {name: change.document[name] for name in done if name in change.document}
        document = change.document if done == set(change.fields) else {**webhook, **wanted}
        decision.changes.append(
            replace(change, document=document, fields=tuple(name for name in change.fields if name in done))
        )
    if left := [name for name in change.fields if name in fields - done]:
        decision.left[f"drift/{change.webhook_id}/{','.join(left)}"] = (
            f"{change.name} was changed by hand in {', '.join(left)}, and OnDrift says to leave that."
        )


def _differs_in_token_only(change: Update, webhook: Mapping[str, object], ownership: Ownership) -> bool:
    """Tell whether a webhook's address is ours and for its hook: then our own secret has changed, by nobody's hand."""
    uri, wanted = str(webhook.get("uri")), str(change.document.get("uri"))
    return any(
        uri.startswith(f"{address}{change.hook}/") and wanted.startswith(address) for address in ownership.addresses
    )


def told(change: Change, looked_at: str = "") -> str:
    """Return what was done and why, to go on after the webhook's name; `looked_at` is when it was still well."""
    match change:
        case Create():
            return "was missing on Dash and is there again"
        case Delete():
            return "was one too many on Dash and is removed"
    others = [name for name in change.fields if name != "enabled"]
    drift = f"differed in {', '.join(others)} and is as the template wants it again"
    if change.disable_reason:
        reason = redact(change.disable_reason)
        since = f" after {looked_at}" if looked_at else ""
        return f"was switched off by Dash{since} ({reason}) and is on again" + (f"; it {drift}" if others else "")
    return drift
