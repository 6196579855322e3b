"""A web framework behind an adapter: FastAPI and Mangum, a model, boto3."""

import json
import os

import boto3
from botocore.exceptions import ClientError
from fastapi import FastAPI
from mangum import Mangum
from pydantic import BaseModel

app = FastAPI()
dynamodb = boto3.client("dynamodb")


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


@app.post("/hooks/missed_call/{token}")
def missed_call(token: str, call: MissedCall) -> dict[str, str]:
    """Store one missed call, once."""
    del token
    try:
        dynamodb.put_item(
            TableName=os.environ["EVENTS_TABLE"],
            Item={
                "event_id": {"S": f"{call.call_id}/{call.timestamp}"},
                "account_id": {"S": call.account_id},
                "payload": {"S": json.dumps(call.model_dump(exclude_none=True))},
            },
            ConditionExpression="attribute_not_exists(event_id)",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return {"status": "duplicate"}
    return {"status": "stored"}


handler = Mangum(app, lifespan="off")
