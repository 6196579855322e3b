"""The fault matrix as data: which function depends on which service, what for, and what to expect when it fails."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """A way for a service to fail."""

    ERROR = "error"
    THROTTLE = "throttle"
    HANG = "hang"
    SLOW = "slow"
    LOST = "lost answer"


class Cell(NamedTuple):
    """One function, one service, one way to fail."""

    function: str
    service: str
    kind: Kind


class Seen(NamedTuple):
    """The expected result of a cell.

    Attributes:
        sender: What the function's caller gets.
        where: Where the event is while the service fails.
        back: What stores or publishes it afterwards, once unless stated otherwise.
    """

    sender: str
    where: str
    back: str


class Use(NamedTuple):
    """What a function depends on a service for.

    Attributes:
        what: A short description.
        proof: How it is proven, one of `PROOFS`.
        seen: The expected result, by way to fail.
    """

    what: str
    proof: str
    seen: Mapping[Kind, Seen]


SERVICES = {
    "dynamodb": "DynamoDB",
    "dynamodbstreams": "DynamoDB Streams",
    "sns": "SNS",
    "sqs": "SQS",
    "secretsmanager": "Secrets Manager",
    "lambda": "Lambda",
    "kms": "KMS",
    "cloudformation": "CloudFormation",
    "answer": "CloudFormation's response URL",
    "dash": "Dash's API",
    "list": "Dash's list of webhooks",
    "records": "Dash's records of calls",
    "receiver": "A destination's receiver",
}
PROOFS = {
    "front door": "Dash fires an event at the deployed stack.",
    "poller": (
        "The test invokes the deployed function instead of Lambda's poller, with the real stream record: the "
        "emulator's poller ignores `ReportBatchItemFailures`. How long Lambda retries is asserted on the template."
    ),
    "queue": "The deployed function processes its real queues.",
    "short queue": "The same, with a queue whose visibility timeout is seconds instead of minutes.",
    "manual": "The deployed function is invoked as an operator or the schedule does.",
    "request": "The deployed function gets a request like CloudFormation's, and responds to the test.",
}


def _away(seen: Seen, slow: Seen, lost: Seen | None = None) -> dict[Kind, Seen]:
    """Return the expected results if errors, throttling and hanging have the same one."""
    return {
        Kind.ERROR: seen,
        Kind.THROTTLE: seen,
        Kind.HANG: seen,
        Kind.SLOW: slow,
        **({Kind.LOST: lost} if lost else {}),
    }


NOT_KEPT = Seen("500", "Dash's attempt log", "Reconcile")
STORED = Seen("200, stored", "the table", "already there")
QUEUED = Seen("200, queued", "the redrive queue", "Redrive")
STORING = _away(QUEUED, STORED, Seen("200, queued", "the table, the redrive queue", "Redrive"))
NOTED = Seen("the stream: done", "the table, the publish dead-letter queue", "Redrive")
ON_TIME = Seen("the stream: done", "the table", "already there")
GIVEN_BACK = Seen("the stream: returned", "the table", "the stream")
KEPT = Seen("the queue: kept", "the redrive queue", "Redrive")
OUT = Seen("the queue: done", "the table", "Redrive")
REPLAY = Seen("the operator: an error", "the quarantine", "the next replay")
REPLAYED = Seen("the operator: 1 accepted", "the table", "already there")
FAILED = Seen("CloudFormation: FAILED", "webhooks on Dash: none", "the next deployment")
MADE = Seen("CloudFormation: SUCCESS", "webhooks on Dash: as desired", "already there")
WAY_BACK = Seen("CloudFormation: FAILED", "webhooks on Dash: as desired", "the next deployment")
OLD_TOKENS = Seen("Secrets Manager: an error", "old tokens, answered 200, stored", "the next rotation")
NEW_TOKENS = Seen("Secrets Manager: done", "new tokens, answered 200, stored", "already there")
UNTOLD = Seen("the schedule: an error", "Dash's records; the webhook is enabled", "the next run")
MISSED = Seen("the schedule: an error", "Dash's attempt log; the webhook is disabled", "the next run")
FORMER = Seen("the schedule: an error", "the table; the webhook is disabled", "the next run")
RECOVERED = Seen("the schedule: done", "the table; the webhook is enabled", "already there")
_OWED = "the table, what the destination is owed, a queue of Send"
UNROUTED = Seen("the queue: kept", "the table, the queue of Route", "Route")
UNWOKEN = "the table, what the destination is owed, the queue of Route"
UNSENT = Seen("the queue: kept", _OWED, "Send")
SENT = Seen("the queue: done", "the table", "already there")
NOT_TAKEN = Seen("the schedule: done, some deferred", "Dash's attempt log; the webhook is enabled", "the next run")

USES: Mapping[str, Mapping[str, Use]] = {
    "a hook": {
        "dynamodb": Use("stores the event", "front door", STORING),
        "sqs": Use(
            "queues what DynamoDB does not accept",
            "front door",
            _away(
                NOT_KEPT,
                QUEUED,
                Seen("500", "the redrive queue, Dash's attempt log", "Redrive and Reconcile"),
            ),
        ),
        "secretsmanager": Use("authenticates, at a cold start", "front door", _away(NOT_KEPT, STORED)),
    },
    "parking": {
        "dynamodb": Use("stores the event in a transaction", "front door", STORING),
    },
    "publish": {
        "sns": Use(
            "publishes the event",
            "poller",
            _away(
                NOTED,
                ON_TIME,
                ON_TIME._replace(back="already there, twice"),
            ),
        ),
        "sqs": Use(
            "queues what SNS does not accept",
            "poller",
            _away(GIVEN_BACK, NOTED, NOTED._replace(back="Redrive, twice")),
        ),
        "dynamodb": Use(
            "reads what Redrive asks to publish",
            "queue",
            _away(
                Seen("Redrive: not yet", "the table, the publish dead-letter queue", "Redrive"),
                Seen("Redrive: published", "the table", "Redrive"),
            ),
        ),
    },
    "calls": {
        "dynamodb": Use("folds the event into its call", "poller", _away(GIVEN_BACK, ON_TIME, ON_TIME)),
        "sns": Use(
            "publishes the call", "poller", _away(NOTED, ON_TIME, ON_TIME._replace(back="already there, twice"))
        ),
        "sqs": Use(
            "queues what SNS does not accept, and calls to look at again",
            "poller",
            _away(GIVEN_BACK, NOTED, NOTED._replace(back="Redrive, twice")),
        ),
    },
    "redrive": {
        "lambda": Use(
            "invokes hooks and Publish",
            "queue",
            _away(KEPT, OUT, Seen("the queue: kept", "the table, the redrive queue", "Redrive")),
        ),
        "sqs": Use("sets how long a message waits", "short queue", dict.fromkeys(Kind, KEPT)),
        "dynamodbstreams": Use(
            "reads a failed batch again",
            "queue",
            _away(Seen("the queue: kept", "the table, the publish dead-letter queue", "Redrive"), OUT),
        ),
        "dynamodb": Use("replays the quarantine", "manual", _away(REPLAY, REPLAYED, REPLAYED)),
        "cloudformation": Use("finds the hook's function for a replay", "manual", _away(REPLAY, REPLAYED)),
    },
    "route": {
        "dynamodb": Use("notes who is owed the event", "short queue", _away(UNROUTED, SENT, SENT)),
        "sqs": Use("wakes the sender", "short queue", _away(UNROUTED._replace(where=UNWOKEN), SENT, SENT)),
    },
    "send": {
        "dynamodb": Use("takes the lease, notes what was sent", "queue", _away(UNSENT, SENT, SENT)),
        "kms": Use("decrypts the address", "queue", _away(UNSENT, SENT, SENT)),
        "sqs": Use("hides the message until the next attempt", "short queue", dict.fromkeys(Kind, UNSENT)),
        "receiver": Use("gets the event", "queue", _away(UNSENT, SENT, UNSENT._replace(back="Send, twice"))),
    },
    "provision": {
        "dash": Use("registers the webhooks", "request", _away(FAILED, MADE, MADE)),
        "secretsmanager": Use("reads the Dash credentials", "request", _away(FAILED, MADE)),
        "cloudformation": Use("finds the API's address, checks for a rollback", "request", _away(WAY_BACK, WAY_BACK)),
        "answer": Use(
            "answers CloudFormation", "request", dict.fromkeys((Kind.ERROR, Kind.HANG, Kind.SLOW, Kind.LOST), MADE)
        ),
    },
    "rotate": {
        "secretsmanager": Use("promotes the new secret", "manual", _away(OLD_TOKENS, NEW_TOKENS, OLD_TOKENS)),
        "dash": Use("gives the webhooks new tokens", "manual", _away(OLD_TOKENS, NEW_TOKENS, NEW_TOKENS)),
    },
    "reconcile": {
        "dash": Use("reads webhooks and attempts", "manual", _away(MISSED, RECOVERED, RECOVERED)),
        "records": Use("accounts for legs that no webhook told of", "manual", _away(UNTOLD, RECOVERED, RECOVERED)),
        "list": Use("recognizes a former address", "manual", _away(FORMER, RECOVERED, RECOVERED)),
        "dynamodb": Use("stores the watermark", "manual", _away(MISSED, RECOVERED, RECOVERED)),
        "secretsmanager": Use("reads the Dash credentials", "manual", _away(MISSED, RECOVERED)),
        "cloudformation": Use("finds the hook functions", "manual", _away(MISSED, RECOVERED)),
        "lambda": Use(
            "invokes the hook functions",
            "manual",
            _away(
                NOT_TAKEN,
                RECOVERED,
                Seen("the schedule: done, some deferred", "the table; the webhook is enabled", "already there"),
            ),
        ),
    },
}

MATRIX: Mapping[Cell, Seen] = {
    Cell(function, service, kind): seen
    for function, services in USES.items()
    for service, use in services.items()
    for kind, seen in use.seen.items()
}


def cells(function: str, *services: str) -> list[Cell]:
    """Return the cells of a function, or only those of some services."""
    return [cell for cell in MATRIX if cell.function == function and (not services or cell.service in services)]
