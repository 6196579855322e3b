"""The way of an event that Dash never sent, made of one of its records: a call detail record, a message or a fax.

Only a hook function that reconcile invokes imports this.
"""

from hookswitch.deliveries.delivery import Delivery
from hookswitch.errors import HookswitchError, UnusableError
from hookswitch.events.event import Event
from hookswitch.events.records import store_record
from hookswitch.observability.log import log_fault, logger
from hookswitch.payloads.base import Payload
from hookswitch.receiving.processing import Result, redact
from hookswitch.receiving.redelivery import Outcome
from hookswitch.settings.hooks import HookSettings


def process_record(payload_type: type[Payload], delivery: Delivery, settings: HookSettings, source: str) -> Result:
    """Store the event in a delivery that was made of one of Dash's records, unless the event is in the table.

    Dash keeps its records, so what can't be used is not quarantined: the result has the outcome and the reasons.

    Args:
        payload_type: The hook's payload type.
        delivery: What the webhook would have delivered.
        settings: The function's.
        source: What the event was made of, `cdr`.

    Raises:
        StorageUnavailableError: DynamoDB did not take it.
    """
    try:
        delivery, fields = redact(payload_type, delivery, delivery.decode())
        event = Event.from_delivery(payload_type.type_for(fields or {}), delivery, fields or {}, settings, source)
        logger.append_keys(hook=event.payload.hook, call_id=event.payload.timeline_call(), event_id=event.key)
        event_id, is_new = store_record(event, settings)
    except UnusableError as error:
        return _unusable(error.reasons)
    except HookswitchError:
        raise
    except Exception as error:  # noqa: BLE001 - a fault of ours must not stop the accounting
        return _unusable((log_fault(error),))
    return Result(Outcome.STORED if is_new else Outcome.DUPLICATE, event_id, event=event)


def _unusable(reasons: tuple[str, ...]) -> Result:
    logger.warning("A record of Dash is unusable: %s", " ".join(reasons))
    return Result(Outcome.QUARANTINED, None, reasons)
