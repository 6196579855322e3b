"""Sends one event to one destination, whatever is at its address."""

import time
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from hookswitch.aws import clients
from hookswitch.aws.clients import CALL_ERRORS, error_code
from hookswitch.destinations import https, signing
from hookswitch.destinations.answers import Answer
from hookswitch.destinations.formats.message import Message
from hookswitch.destinations.formats.render import render
from hookswitch.destinations.record import HTTP_TYPES, Destination
from hookswitch.destinations.sealing import Sealed, unseal
from hookswitch.errors import HookswitchError
from hookswitch.observability.log import logger

if TYPE_CHECKING:
    from types_boto3_events.type_defs import PutEventsRequestEntryTypeDef

_TOO_LARGE = ("MessageTooLong", "InvalidMessageContents", "ValidationException")  # about the message, not the queue
_DENIED = ("AccessDenied", "AccessDeniedException", "KMS.AccessDeniedException", "KmsAccessDenied")


def send(destination: Destination, event: Mapping[str, Any], table: str, test_hosts: Collection[str]) -> Answer:
    """Send an event, and return what came of it, also where nothing did.

    Args:
        destination: The destination.
        event: The CloudEvent, with its data.
        table: The table of events, which an event that is too large for a queue refers to.
        test_hosts: Each `host:port` that may be private and without TLS.

    Raises:
        ClientError, BotoCoreError: KMS did not decrypt the address: that says nothing about the destination.
    """
    secrets = unseal(destination.sealed, destination.id)
    try:
        message = render(event, destination.type, destination.options, table=table)
    except (ArithmeticError, HookswitchError, LookupError, TypeError, ValueError) as error:
        logger.error("An event can't be written for a destination: %s", type(error).__name__)
        return Answer(reason="This event can't be written in the format of the destination", is_unsendable=True)
    if destination.type in HTTP_TYPES:
        return _post(destination, secrets, str(event["id"]), message, test_hosts)
    started = time.monotonic()
    try:
        answer = _to_queue(secrets.url, message) if destination.type == "sqs" else _to_bus(secrets.url, message)
    except CALL_ERRORS as error:
        answer = _refusal(error_code(error))
    return Answer(answer.status, answer.reason, None, answer.excerpt, time.monotonic() - started, answer.is_unsendable)


def _post(
    destination: Destination, secrets: Sealed, event_id: str, message: Message, test_hosts: Collection[str]
) -> Answer:
    headers = {"Content-Type": message.content_type, **message.headers}
    if destination.type == "https":
        now = time.time()
        live = [each.secret for each in secrets.signing if not each.until or now < each.until]
        headers |= signing.headers(event_id, message.body, live, now)
    return https.post(secrets.url, message.body, headers, test_hosts=test_hosts)


def _to_queue(arn: str, message: Message) -> Answer:
    _, _, _, region, account, name = arn.split(":", 5)
    found = clients.sqs_in(region).get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)
    attributes: Any = {key: {"DataType": "String", "StringValue": value} for key, value in message.attributes.items()}
    answer = clients.sqs_in(region).send_message(
        QueueUrl=found["QueueUrl"], MessageBody=message.body.decode(), MessageAttributes=attributes
    )
    return Answer(status=200, excerpt=f"message {answer['MessageId']}")


def _to_bus(arn: str, message: Message) -> Answer:
    entry: PutEventsRequestEntryTypeDef = {
        "EventBusName": arn,
        "Source": message.attributes["Source"],
        "DetailType": message.attributes["DetailType"],
        "Time": message.attributes["Time"],
        "Detail": message.body.decode(),
    }
    result = clients.events_in(arn.split(":")[3]).put_events(Entries=[entry])["Entries"][0]
    if "EventId" in result:
        return Answer(status=200, excerpt=f"event {result['EventId']}")
    return _refusal(result.get("ErrorCode", "unknown"))


def _refusal(code: str) -> Answer:
    if code in _TOO_LARGE:
        return Answer(reason=f"AWS does not take this message: {code}", is_unsendable=True)
    if code in _DENIED:
        return Answer(reason="The stack may not send there: see its parameter DestinationArns, and the policy there")
    return Answer(reason=f"AWS did not take the message: {code}")
