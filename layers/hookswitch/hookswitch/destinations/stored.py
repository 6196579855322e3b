"""Events as they are stored now, which is what destinations are sent."""

from hookswitch.aws import clients
from hookswitch.events.attributes import Image, plain
from hookswitch.events.cloudevent import cloud_event
from hookswitch.events.envelope import Envelope


def read_image(table: str, key: str) -> Image | None:
    """Return an item of the table of events.

    Raises:
        ClientError, BotoCoreError: DynamoDB does not accept the call.
    """
    answer = clients.dynamodb().get_item(TableName=table, Key={"event_id": {"S": key}}, ConsistentRead=True)
    return answer.get("Item")


def to_event(image: Image, *, is_replay: bool = False) -> Envelope:
    """Return an item of the table of events as a CloudEvent; see `cloud_event`."""
    return cloud_event({name: plain(value) for name, value in image.items()}, is_replay=is_replay)
