"""The way of a delivery through a hook function, and the one place that decides how it is answered.

Dash counts exactly 200 as success, repeats nothing that got another status, and switches a webhook off after six
of those in a minute (docs/dash-protocol.md, section 2). So an authentic delivery is answered 200 whatever it
holds: stored, or known already, or quarantined, or queued for later. 403 is for a sender that proves nothing,
500 for the case that no durable place is left.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hookswitch.callback.verification import SenderCheck, secret_reader
from hookswitch.deliveries.delivery import Delivery, delivery_of, request_id_of, token_of
from hookswitch.errors import (
    ForbiddenError,
    HookswitchError,
    StorageUnavailableError,
    UnavailableServiceError,
    UnusableError,
)
from hookswitch.events.event import Event, event_of, fields_of, quarantine_item, safe_to_keep
from hookswitch.events.table import put_new, store_event
from hookswitch.observability.log import log_fault, logger
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.payloads.base import Payload
from hookswitch.receiving.redelivery import Outcome, Redelivery, RedeliveryResult
from hookswitch.receiving.redrive_queue import enqueue
from hookswitch.settings import HookSettings, starts_from_snapshot

settings = HookSettings.from_environment

type Handler = Callable[[Mapping[str, Any], Any], dict[str, Any]]
type Receive = Callable[[Mapping[str, Any], str, MetricsRecorder], Mapping[str, object]]

NO_HOOK = "unknown"  # what stands for a hook where the address is none's

# For whoever tries the URL by hand: Dash reads neither. API Gateway says the same where it answers by itself.
REFUSED = "This address accepts deliveries of its own webhook only."
NOT_KEPT = "The delivery could not be kept. Dash has it in its attempt log."


@dataclass(frozen=True, slots=True)
class Result:
    """An outcome, the key of the item that it is about, where there is one, why it is quarantined, and the event."""

    outcome: Outcome
    event_id: str | None = None
    reasons: tuple[str, ...] | None = None
    event: Event | None = None


def receiver(payload_type: type[Payload]) -> Handler:
    """Return the Lambda handler of a hook.

    It takes an API Gateway event of either format, or a delivery that another function of the stack brings in:
    `{"redelivery": ...}`, with `"queue": true` if it may go to the redrive queue. Nothing that comes through the
    API can pass itself off as that: API Gateway makes the top level of its events itself, and always with a
    `requestContext`. Only such a delivery is told why it is quarantined, and which call it is about.
    """
    payload_type.model_rebuild()  # now, in the cold start's own time, and not with the first delivery
    if starts_from_snapshot():
        from hookswitch.aws import snapstart  # noqa: PLC0415 - brings the SDK, which no other cold start waits for

        snapstart.register()
    hook = payload_type.hook
    accepts = _sender_check(hook)

    def authenticated(event: Mapping[str, Any]) -> Delivery:
        token = token_of(event)
        if not accepts(token):
            raise ForbiddenError
        return delivery_of(event, hook, token)

    def received(event: Mapping[str, Any], correlation_id: str, measures: MetricsRecorder) -> Mapping[str, object]:
        if not _is_through_api(event):
            return _brought_in(payload_type, event, correlation_id, measures)
        delivery = authenticated(event)
        measures.add("received")
        result = _measured(_kept(payload_type, delivery, queue=True), measures)
        return RedeliveryResult(result.outcome, result.event_id).to_message()

    return _answering(hook, received)


def refuser() -> Handler:
    """Return the Lambda handler of every address that is no hook's.

    It does a hook's work with a wrong token, down to the calls of Secrets Manager, and gives the same answer, so that
    nobody learns from it which addresses there are. No token opens it: its route has none.
    """
    accepts = _sender_check(NO_HOOK)

    def refused(event: Mapping[str, Any], correlation_id: str, measures: MetricsRecorder) -> Mapping[str, object]:
        del correlation_id, measures
        accepts(token_of(event))  # for the work, and for the errors that it may end in
        raise ForbiddenError

    return _answering(NO_HOOK, refused)


def _sender_check(hook: str) -> Callable[[str], bool]:
    """Return what tells whether a token is the hook's, made when it is first needed."""
    made: list[SenderCheck] = []

    def accepts(token: str) -> bool:
        if not made:
            made.append(SenderCheck(hook, secret_reader(settings().callback_secret)))
        return made[0].accepts(token)

    return accepts


def _answering(hook: str, received: Receive) -> Handler:
    """Return the Lambda handler that answers with what became of a delivery, and logs and counts it."""

    @logger.inject_lambda_context(clear_state=True)
    def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        through_api = _is_through_api(event)
        correlation_id = (request_id_of(event) if through_api else None) or context.aws_request_id
        logger.append_keys(hook=hook, correlation_id=correlation_id)
        with MetricsRecorder(hook=hook) as measures, measures.timed("handling_time"):
            try:
                return _answer(200, received(event, correlation_id, measures))
            except Exception as error:
                if answer := _refused(error, measures, through_api=through_api):
                    return answer
                raise

    return handler


def _is_through_api(event: Mapping[str, Any]) -> bool:
    return "redelivery" not in event or "requestContext" in event


def _brought_in(
    payload_type: type[Payload], event: Mapping[str, Any], invocation: str, measures: MetricsRecorder
) -> Mapping[str, object]:
    redelivery = Redelivery.from_message(event)
    delivery = replace(redelivery.delivery, correlation_id=redelivery.delivery.correlation_id or invocation)
    logger.append_keys(correlation_id=delivery.correlation_id)
    result = _measured(_kept(payload_type, delivery, queue=redelivery.may_queue), measures)
    call_id = result.event.payload.timeline_call() if result.event else None
    return RedeliveryResult(result.outcome, result.event_id, result.reasons or (), call_id).to_message()


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
        return _stored(payload_type, delivery, payload_type.redact(fields))
    except StorageUnavailableError as error:
        if not queue:
            raise
        logger.warning("Delivery goes to the redrive queue. %s", error)
        enqueue(delivery, settings())
        return Result(Outcome.QUEUED)


def _stored(payload_type: type[Payload], delivery: Delivery, fields: dict[str, Any]) -> Result:
    try:
        event = event_of(payload_type, delivery, fields, settings())
        logger.append_keys(call_id=event.payload.timeline_call())
        if event.payload.superseded_by(settings().hooks):
            return Result(Outcome.LEFT, event=event)
        logger.append_keys(event_id=event.key)
        if event.invalid_fields:
            logger.warning(
                "Fields do not fit their types and are kept as they came.", extra={"fields": event.invalid_fields}
            )
        event_id, new = store_event(event, settings())
    except UnusableError as error:
        return _quarantined(delivery, error.reasons)
    except HookswitchError:
        raise
    except Exception as error:  # noqa: BLE001 - a fault of ours must not cost the customer the event
        return _quarantined(delivery, (log_fault(error),))
    return Result(Outcome.STORED if new else Outcome.DUPLICATE, event_id, event=event)


def _quarantined(delivery: Delivery, reasons: tuple[str, ...]) -> Result:
    item = quarantine_item(delivery, reasons, settings())
    try:
        put_new(item, settings().events_table)
    except UnusableError as error:
        raise StorageUnavailableError(str(error)) from error
    logger.append_keys(event_id=item["event_id"])
    logger.warning("Delivery is unusable: %s", " ".join(reasons))
    return Result(Outcome.QUARANTINED, str(item["event_id"]), reasons)


def _measured(result: Result, measures: MetricsRecorder) -> Result:
    """Log and count what became of a delivery."""
    if result.event_id:
        logger.append_keys(event_id=result.event_id)  # a duplicate's may be another than its own
    logger.info("Delivery %s.", result.outcome, extra={"outcome": result.outcome})
    measures.add(result.outcome)
    if result.outcome is Outcome.STORED and result.event:
        try:
            if not result.event.attempted_at:
                measures.add_delay("delay_to_stored", result.event.occurred_at.timestamp())
            for measure in result.event.payload.measurements():
                measures.add(measure.name, measure.value, **measure.dimensions)
        except Exception as error:  # noqa: BLE001 - the event is stored, and that is what the sender is told
            log_fault(error)
    return result


def _refused(error: Exception, measures: MetricsRecorder, *, through_api: bool) -> dict[str, Any] | None:
    """Map an error to an answer; None is for faults.

    The sentence is for whoever tries the URL by hand.
    """
    if isinstance(error, ForbiddenError):
        logger.warning("Delivery refused: it does not prove that it comes from a webhook of this stack.")
        measures.add("refused")
        return _answer(403, {"message": REFUSED})
    if through_api:  # one that is brought in stays where it comes from
        measures.add("failed")
    if not isinstance(error, UnavailableServiceError):
        return None
    logger.error("Delivery not kept. %s", error)
    return _answer(500, {"message": NOT_KEPT})


def _answer(status: int, body: Mapping[str, object]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": json.dumps({name: value for name, value in body.items() if value is not None}),
    }
