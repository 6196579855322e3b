"""The minimum: boto3 from the runtime, JSON, one conditional put. It neither authenticates nor validates."""

import json
import os
from typing import Any

import boto3
from botocore.exceptions import ClientError

dynamodb = boto3.client("dynamodb")


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Store one missed call, once."""
    del context
    call = json.loads(event["body"])
    try:
        dynamodb.put_item(
            TableName=os.environ["EVENTS_TABLE"],
            Item={
                "event_id": {"S": f"{call['call_id']}/{call['timestamp']}"},
                "account_id": {"S": call["account_id"]},
                "payload": {"S": event["body"]},
            },
            ConditionExpression="attribute_not_exists(event_id)",
        )
        status = "stored"
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        status = "duplicate"
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps({"status": status})}
