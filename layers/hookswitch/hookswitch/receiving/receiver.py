"""The Lambda handlers of the API's addresses: who is let in, and how a delivery is answered.

Dash counts exactly 200 as success, does not repeat what got another status, and switches a webhook off after six
of those in a minute (docs/dash-protocol.md, section 2). So an authentic delivery is answered 200 whatever it holds:
stored, already known, quarantined, or queued for later. 403 is for a sender that proves nothing, 500 for the case that
no durable place is left.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, override

from hookswitch.callback.verification import SenderCheck, Stage, secret_reader
from hookswitch.deliveries.delivery import Delivery, path_token, request_id, request_method
from hookswitch.errors import ForbiddenError, UnavailableServiceError
from hookswitch.observability.log import logger
from hookswitch.observability.metrics import MetricsRecorder
from hookswitch.payloads.base import Payload
from hookswitch.receiving.processing import Result, process
from hookswitch.receiving.redelivery import Outcome, Redelivery, RedeliveryResult
from hookswitch.settings.hooks import HookSettings, starts_from_snapshot

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

type Handler = Callable[[Mapping[str, Any], LambdaContext], dict[str, Any]]

METHODS = frozenset({"POST", "PUT", "GET"})  # that a webhook on Dash can be set to: docs/dash-protocol.md, section 1
NO_HOOK = "unknown"  # stands for the hook at an address that belongs to none

# For people who try the URL by hand: Dash reads neither. API Gateway's own responses say the same.
REFUSED = "This address accepts deliveries of its own webhook only."
NOT_STORED = "The delivery could not be stored. Dash has it in its attempt log."


def receiver(payload_type: type[Payload]) -> Handler:
    """Return the Lambda handler of a hook.

    Its event is one of API Gateway, of either format, or a `Redelivery` from another function of the stack. Nothing
    that comes through the API can pass itself off as that: API Gateway makes the top level of its events itself, and
    always with a `requestContext`.
    """
    payload_type.build()
    if starts_from_snapshot():
        from hookswitch.aws import snapstart  # noqa: PLC0415 - brings the SDK, which no other cold start waits for

        snapstart.register()
    return logger.inject_lambda_context(clear_state=True)(_HookAddress(payload_type).handle)


def refuser() -> Handler:
    """Return the Lambda handler of every address that belongs to no hook.

    It does the same work as a hook for a wrong token, down to the calls of Secrets Manager, and gives the same answer,
    so that nobody learns from it which addresses exist. No token opens it: its route has none.
    """
    return logger.inject_lambda_context(clear_state=True)(_Address(NO_HOOK).handle)


class _Address:
    """An address of the API that accepts nothing."""

    def __init__(self, hook: str) -> None:
        self._hook = hook
        self._sender = SenderCheck(hook, _read_secret)

    def handle(self, event: Mapping[str, Any], context: "LambdaContext") -> dict[str, Any]:
        """Answer an invocation, log it and count it."""
        redelivered = _is_redelivery(event)
        correlation_id = (None if redelivered else request_id(event)) or context.aws_request_id
        logger.append_keys(hook=self._hook, correlation_id=correlation_id)
        with MetricsRecorder(hook=self._hook) as metrics, metrics.timed("handling_time"):
            try:
                result = self.redeliver(event, correlation_id, metrics) if redelivered else self.receive(event, metrics)
            except ForbiddenError:
                logger.warning("Delivery refused: it does not prove that it comes from a webhook of this stack.")
                metrics.add("refused")
                return _response(403, {"message": REFUSED})
            except Exception as error:
                if not redelivered:  # a redelivery that fails stays where it comes from
                    metrics.add("failed")
                if not isinstance(error, UnavailableServiceError):
                    raise
                logger.error("Delivery not stored. %s", error)
                return _response(500, {"message": NOT_STORED})
            return _response(200, result.to_message())

    def receive(self, event: Mapping[str, Any], metrics: MetricsRecorder) -> RedeliveryResult:
        """Receive a delivery through the API."""
        del metrics
        self._sender.accepts(path_token(event))  # for the work, and for the errors that it may end in
        raise ForbiddenError

    def redeliver(self, event: Mapping[str, Any], correlation_id: str, metrics: MetricsRecorder) -> RedeliveryResult:
        """Receive a delivery from another function of the stack."""
        del correlation_id
        return self.receive(event, metrics)


class _HookAddress(_Address):
    """The address of a hook."""

    def __init__(self, payload_type: type[Payload]) -> None:
        super().__init__(payload_type.hook)
        self._payload_type = payload_type

    @override
    def receive(self, event: Mapping[str, Any], metrics: MetricsRecorder) -> RedeliveryResult:
        # Another method counts as no token at all, so that its refusal takes the same work as every other.
        token = path_token(event) if request_method(event) in METHODS else ""
        if not self._sender.accepts(token):
            raise ForbiddenError
        metrics.add("received")
        delivery = Delivery.from_api_gateway(event, self._hook)
        result = process(self._payload_type, delivery, HookSettings.from_environment(), may_queue=True)
        _record(result, metrics)
        return result.for_sender()

    @override
    def redeliver(self, event: Mapping[str, Any], correlation_id: str, metrics: MetricsRecorder) -> RedeliveryResult:
        redelivery = Redelivery.from_message(event)
        delivery = replace(redelivery.delivery, correlation_id=redelivery.delivery.correlation_id or correlation_id)
        logger.append_keys(correlation_id=delivery.correlation_id)
        settings = HookSettings.from_environment()
        if redelivery.source:
            from hookswitch.receiving.records import process_record  # noqa: PLC0415 - no delivery needs it

            result = process_record(self._payload_type, delivery, settings, redelivery.source)
        else:
            result = process(self._payload_type, delivery, settings, may_queue=redelivery.may_queue)
        if result.event or not redelivery.source:  # a record that can't be used is not in the quarantine
            _record(result, metrics)
        return result.for_redelivery()


def _read_secret(stage: Stage) -> str | None:
    return secret_reader(HookSettings.from_environment().callback_secret)(stage)


def _is_redelivery(event: Mapping[str, Any]) -> bool:
    return "redelivery" in event and "requestContext" not in event


def _record(result: Result, metrics: MetricsRecorder) -> None:
    """Log and count what became of a delivery."""
    if result.event_id:
        logger.append_keys(event_id=result.event_id)  # that of a duplicate may be another than its own
    logger.info("Delivery %s.", result.outcome, extra={"outcome": result.outcome})
    if result.is_test:
        metrics.add_only("test")
        return
    if result.event:
        metrics.add(result.outcome, hook=result.event.payload.hook)  # which need not be that of the address
    else:
        metrics.add(result.outcome)
    if result.outcome is Outcome.STORED and result.event and not result.event.is_recovered:
        metrics.add_delay("delay_to_stored", result.event.occurred_at.timestamp())


def _response(status: int, body: Mapping[str, object]) -> dict[str, Any]:
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}
