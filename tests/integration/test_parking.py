"""Parking, whose deliveries have neither a time nor an id: what counts as a retry, and what as a new event."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devtools.stack import Stack
from simulator.encoding import encode_json
from simulator.payloads import payload
from tests.integration.conftest import Stored
from tests.receiving import delivery

if TYPE_CHECKING:
    from types_boto3_lambda import LambdaClient


class Redelivering:
    """Passes deliveries with a time of receipt to a hook function, like redrive."""

    def __init__(self, stack: Stack, lambda_: "LambdaClient") -> None:
        self._stack, self._lambda = stack, lambda_

    def __call__(self, sent: dict[str, Any], received_at: datetime) -> str:
        """Return the outcome of a parking delivery that was received at a given time."""
        return str(self.answer(sent, received_at)["status"])

    def answer(self, sent: dict[str, Any], received_at: datetime) -> dict[str, str]:
        """Return the whole response to it."""
        message = delivery("parking", encode_json(sent)).to_message() | {"received_at": received_at.isoformat()}
        answer = self._lambda.invoke(
            FunctionName=self._stack.resources["Parking"], Payload=json.dumps({"redelivery": message})
        )
        body: dict[str, str] = json.loads(json.loads(answer["Payload"].read())["body"])
        return body


@pytest.fixture(scope="module")
def redeliver(stack: Stack, lambda_: "LambdaClient") -> Redelivering:
    """Process a parking delivery as if it had been received at a given time."""
    return Redelivering(stack, lambda_)


WINDOW = 120


def test_parked_again(redeliver: Redelivering) -> None:
    """An identical parking delivery within two minutes is the same event; later, it is a new one."""
    sent, began = payload("parking"), datetime.now(UTC)
    seconds = [0, 2, 119, 120, 121, 300]
    outcomes = [redeliver(sent, began + timedelta(seconds=second)) for second in seconds]
    assert outcomes == ["stored", "duplicate", "duplicate", "stored", "duplicate", "stored"]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 500), min_size=1, max_size=8))
def test_parked_in_any_order(redeliver: Redelivering, seconds: list[int]) -> None:
    """In any order of deliveries, stored ones are at least two minutes apart, and all others are close to one."""
    sent, began = payload("parking"), datetime.now(UTC)
    kept: list[int] = []
    for second in seconds:
        near = any(abs(second - other) < WINDOW for other in kept)
        outcome = redeliver(sent, began + timedelta(seconds=second))
        assert outcome == ("duplicate" if near else "stored")
        kept += [] if near else [second]


def test_duplicate_names_the_item(redeliver: Redelivering, stored: Stored) -> None:
    """The response to a duplicate has the key of the existing item, even if that is in an adjacent time slot."""
    border = datetime.fromtimestamp(datetime.now(UTC).timestamp() // WINDOW * WINDOW, UTC)
    for first, again in ((-1, 1), (1, -1)):
        sent = payload("parking")
        kept = redeliver.answer(sent, border + timedelta(seconds=first))
        assert redeliver.answer(sent, border + timedelta(seconds=again)) == kept | {"status": "duplicate"}
        assert stored(kept["event_id"]) is not None


def test_concurrent_parking_at_a_border(redeliver: Redelivering) -> None:
    """Concurrent deliveries on both sides of a time slot's boundary create one item."""
    sent = payload("parking")
    began = datetime.fromtimestamp(datetime.now(UTC).timestamp() // WINDOW * WINDOW, UTC)
    moments = [began + timedelta(seconds=offset / 10) for offset in range(-10, 10)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda moment: redeliver(sent, moment), moments))
    assert outcomes.count("stored") == 1
