"""The way of a delivery through a hook function, and the one place that decides how it is answered.

Dash counts exactly 200 as success, repeats nothing that got another status, and switches a webhook off after six
of those in a minute (docs/dash-protocol.md, section 2). So an authentic delivery is answered 200 whatever it
holds: stored, or known already, or quarantined, or queued for later. 403 is for a sender that proves nothing,
500 for the case that no durable place is left.
"""

import json
import os
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from .delivery import Delivery, delivery_of, token_of
from .errors import (
    ForbiddenError,
    HookswitchError,
    QueueUnavailableError,
    SecretUnavailableError,
    StorageUnavailableError,
    UnusableError,
)
from .event import event_of, fields_of, quarantine_item, safe_to_keep
from .log import count, logger
from .payload import Payload
from .redrive import enqueue
from .sender import SenderCheck, secret_reader
from .settings import settings
from .store import put_new, store_event

type Handler = Callable[[Mapping[str, Any], Any], dict[str, Any]]


class Outcome(StrEnum):
    """What became of an authentic delivery; all are answered 200."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    QUEUED = "queued"
    LEFT = "left_to_dedicated_hook"


@dataclass(frozen=True, slots=True)
class Result:
    """An outcome, the key of the item that it is about, where there is one, and why it is quarantined."""

    outcome: Outcome
    event_id: str | None = None
    reasons: tuple[str, ...] | None = None


def receiver(payload_type: type[Payload]) -> Handler:
    """Return the Lambda handler of a hook.

    It takes an API Gateway event of either format, or a delivery that another function of the stack brings in:
    `{"redelivery": ...}`, with `"queue": true` if it may go to the redrive queue. Nothing that comes through the
    API can pass itself off as that: API Gateway makes the top level of its events itself, and always with a
    `requestContext`. Only such a delivery is told why it is quarantined.
    """
    payload_type.model_rebuild()  # now, in the cold start's own time, and not with the first delivery
    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
        from . import snapstart  # noqa: PLC0415 - brings the SDK, which no other cold start waits for

        snapstart.register()
    hook = payload_type.hook
    sender: list[SenderCheck] = []

    def authenticated(event: Mapping[str, Any]) -> Delivery:
        if not sender:
            sender.append(SenderCheck(hook, secret_reader(settings().callback_secret)))
        token = token_of(event)
        if not sender[0].accepts(token):
            raise ForbiddenError
        return delivery_of(event, hook, token)

    def received(event: Mapping[str, Any]) -> Result:
        if "redelivery" in event and "requestContext" not in event:
            return _kept(payload_type, Delivery.from_message(event["redelivery"]), queue=event.get("queue") is True)
        logger.append_keys(correlation_id=(event.get("requestContext") or {}).get("requestId"))
        return replace(_kept(payload_type, authenticated(event), queue=True), reasons=None)

    @logger.inject_lambda_context(clear_state=True)
    def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        del context
        logger.append_keys(hook=hook)
        try:
            result = received(event)
        except HookswitchError as error:
            return _refused(error, hook)
        logger.info("Delivery %s.", result.outcome, extra={"outcome": result.outcome, "event_id": result.event_id})
        count(result.outcome, hook)
        return _answer(200, {"status": result.outcome, "event_id": result.event_id, "reasons": result.reasons})

    return handler


def _kept(payload_type: type[Payload], delivery: Delivery, *, queue: bool) -> Result:
    """Keep a delivery in the table, or in the queue if that is to be used."""
    fields: dict[str, Any] | None = None
    try:
        fields = fields_of(delivery)
        reasons: tuple[str, ...] = ()
    except UnusableError as error:
        reasons = error.reasons
    delivery = safe_to_keep(payload_type, delivery, fields)
    try:
        if fields is None:
            return _quarantined(delivery, reasons)
        return _stored(payload_type, delivery, payload_type.without_secrets(fields))
    except StorageUnavailableError as error:
        if not queue:
            raise
        logger.warning("Delivery goes to the redrive queue. %s", error)
        enqueue(delivery, settings())
        return Result(Outcome.QUEUED)


def _stored(payload_type: type[Payload], delivery: Delivery, fields: dict[str, Any]) -> Result:
    try:
        event = event_of(payload_type, delivery, fields, settings())
        if event.payload.left_to(settings().hooks):
            return Result(Outcome.LEFT)
        if event.misfits:
            logger.warning("Fields do not fit their types and are kept as they came.", extra={"fields": event.misfits})
        event_id, new = store_event(event, settings())
    except UnusableError as error:
        return _quarantined(delivery, error.reasons)
    except HookswitchError:
        raise
    except Exception as error:  # noqa: BLE001 - a fault of ours must not cost the customer the event
        where = traceback.extract_tb(error.__traceback__)[-1]
        reason = f"{type(error).__name__} in {where.name}, line {where.lineno}: this is a fault in hookswitch."
        logger.error(reason)
        return _quarantined(delivery, (reason,))
    return Result(Outcome.STORED if new else Outcome.DUPLICATE, event_id)


def _quarantined(delivery: Delivery, reasons: tuple[str, ...]) -> Result:
    item = quarantine_item(delivery, reasons, settings())
    try:
        put_new(item, settings().events_table)
    except UnusableError as error:
        raise StorageUnavailableError(str(error)) from error
    logger.warning("Delivery is unusable: %s", " ".join(reasons))
    return Result(Outcome.QUARANTINED, str(item["event_id"]), reasons)


def _refused(error: HookswitchError, hook: str) -> dict[str, Any]:
    """Map an error to an answer. The sentence is for whoever tries the URL by hand: Dash reads none."""
    match error:
        case ForbiddenError():
            logger.warning("Delivery refused: it does not prove that it comes from a webhook of this stack.")
            count("refused", hook)
            return _answer(403, {"message": "This address accepts deliveries of its own webhook only."})
        case SecretUnavailableError() | StorageUnavailableError() | QueueUnavailableError():
            logger.error("Delivery not kept. %s", error)
            count("failed", hook)
            return _answer(500, {"message": "The delivery could not be kept. Dash has it in its attempt log."})
        case _:
            raise error


def _answer(status: int, body: Mapping[str, object]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": json.dumps({name: value for name, value in body.items() if value is not None}),
    }
