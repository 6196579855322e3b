"""A web handler after Powertools' documentation: resolver, parser, logger, metrics, tracer, idempotency, a table."""

import os
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.parser import BaseModel, parse
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

logger = Logger(service="peer")
metrics = Metrics(namespace="Peer", service="peer")
tracer = Tracer(service="peer")
app = APIGatewayRestResolver()
table = boto3.resource("dynamodb").Table(os.environ["EVENTS_TABLE"])
persistence = DynamoDBPersistenceLayer(table_name=os.environ["EVENTS_TABLE"])
# Keyed by request, as if each call were a new event: a known one would not be stored.
config = IdempotencyConfig(event_key_jmespath="request_id", use_local_cache=False)


class MissedCall(BaseModel):
    """An unanswered call."""

    account_id: str
    call_id: str
    timestamp: int
    event_name: str | None = None
    call_bridged: bool | None = None
    message_left: bool | None = None
    caller_id_name: str | None = None
    caller_id_number: str | None = None
    callee_id_name: str | None = None
    callee_id_number: str | None = None
    from_user: str | None = None
    from_realm: str | None = None
    to_user: str | None = None
    to_realm: str | None = None


@idempotent_function(data_keyword_argument="delivery", config=config, persistence_store=persistence)
def store(delivery: dict[str, Any]) -> str:
    """Store one missed call, once."""
    call = parse(event=delivery["body"], model=MissedCall)
    try:
        table.put_item(
            Item={
                "event_id": f"{call.call_id}/{call.timestamp}",
                "account_id": call.account_id,
                "payload": call.model_dump(exclude_none=True),
            },
            ConditionExpression="attribute_not_exists(event_id)",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return "duplicate"
    return "stored"


@app.post("/hooks/missed_call/<token>")
@tracer.capture_method
def missed_call(token: str) -> dict[str, str]:
    """Receive one delivery."""
    del token
    status = store(
        delivery={"request_id": app.current_event.request_context.request_id, "body": app.current_event.body}
    )
    metrics.add_metric(name=status, unit=MetricUnit.Count, value=1)
    logger.info("Delivery %s.", status)
    return {"status": status}


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST)
@tracer.capture_lambda_handler
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer API Gateway."""
    config.register_lambda_context(context)
    return app.resolve(event, context)
