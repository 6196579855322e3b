"""The message that a destination gets of an event."""

from collections.abc import Mapping
from typing import Any

from hookswitch.destinations.formats.fields import fill
from hookswitch.destinations.formats.flat import flat
from hookswitch.destinations.formats.message import CLOUD_EVENT, JSON, Message, to_bytes
from hookswitch.destinations.formats.queues import eventbridge, sqs
from hookswitch.destinations.formats.slack import slack
from hookswitch.destinations.formats.teams import teams
from hookswitch.destinations.record import Options, Type

REPLAY_HEADER = "hookswitch-replay"


def render(event: Mapping[str, Any], destination_type: Type, options: Options, *, table: str = "") -> Message:
    """Return the message that a destination of a type gets of an event.

    Args:
        event: A CloudEvent with its data, as `cloud_event` returns it.
        destination_type: What is at the address.
        options: Whose `zone` and `fields` count.
        table: The events' table, for the `dataref` of an event that is larger than a queue or a bus takes.

    Raises:
        InvalidDestinationError: The template of fields can't be used, which `check_fields` tells before.
    """
    if destination_type == "slack":
        return slack(event, options.zone)
    if destination_type == "teams":
        return teams(event, options.zone)
    fields = fill(options.fields, event) if options.fields else None
    if destination_type == "sqs":
        return sqs(event, fields, table)
    if destination_type == "eventbridge":
        return eventbridge(event, fields, table)
    headers = {REPLAY_HEADER: "true"} if event.get("replay") else {}
    if destination_type == "zapier":
        return Message(to_bytes(flat(event, options.zone) if fields is None else fields), JSON, headers)
    return Message(to_bytes(event if fields is None else fields), CLOUD_EVENT if fields is None else JSON, headers)
