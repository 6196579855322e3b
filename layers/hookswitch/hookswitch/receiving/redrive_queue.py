"""The queue for deliveries that DynamoDB did not accept; functions/redrive/ processes them later."""

import json

from hookswitch.deliveries.delivery import Delivery
from hookswitch.errors import QueueUnavailableError
from hookswitch.settings.hooks import HookSettings


def enqueue(delivery: Delivery, settings: HookSettings) -> None:
    """Put a delivery on the redrive queue, with the name of the function to process it later.

    The message contains no token: permission to write to the queue, or to invoke the function, is enough.

    Raises:
        QueueUnavailableError: SQS did not accept it either.
    """
    from hookswitch.aws import clients  # noqa: PLC0415 - imports the SDK, which hardly any delivery needs
    from hookswitch.receiving.requests import QueuedDelivery  # noqa: PLC0415 - as above

    message = QueuedDelivery(settings.function_name, delivery).to_message()
    try:
        clients.sqs().send_message(QueueUrl=settings.redrive_queue, MessageBody=json.dumps(message))
    except clients.CALL_ERRORS as error:
        reason = clients.error_reason(error)
        raise QueueUnavailableError(f"The redrive queue did not accept the delivery: {reason}.") from error
