"""One sender: draws requests from seeds, sends them, and judges what comes of each. A process of its own.

`python -m tests.fuzz.sender plan.json` sends what the plan says and leaves its findings beside it.
"""

import hashlib
import json
import sys
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from hypothesis import HealthCheck, Phase, given, seed, settings

from devtools import aws
from simulator.confidential import MARK
from tests.drawing import ignore_constants_of_modules
from tests.fuzz.bodies import AS_SENT, DISGUISED
from tests.fuzz.ingress import HandlerIngress, HttpIngress, Ingress, NoAnswerError
from tests.fuzz.judge import OK, WITH_ITEM, Kept, of_answer, of_item
from tests.fuzz.requests import Fuzzed, requests

ROUND = 1000  # requests drawn from one seed: few enough to be repeated soon
LOOKED_UP = 100  # items that DynamoDB hands out at once


@dataclass(frozen=True)
class Plan:
    """What one sender does.

    Attributes:
        endpoint: The emulator's address.
        api_url: The API's address with its stage, for this machine.
        table: The table's name.
        tokens: The callback tokens by hook.
        first_seed: The seed of its first round; the next rounds have the next ones.
        requests: How many it sends, at least; the last round is finished.
        environment: The variables of a hook function: requests go to the handlers in this process, as API Gateway
            hands them over. None sends them by HTTP.
    """

    endpoint: str
    api_url: str
    table: str
    tokens: Mapping[str, str]
    first_seed: int
    requests: int
    environment: Mapping[str, str] | None = None


@dataclass
class Outcome:
    """What one sender saw.

    Attributes:
        sent: Requests, no two of them the same.
        outcomes: How often each outcome, or status where there is none.
        kinds: How often a body was made in each way.
        looked_up: Items that were read back.
        log_lines: Lines of the log that were looked at here.
        failures: The smallest request of each kind of failure, and what is wrong with it.
    """

    sent: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    looked_up: int = 0
    log_lines: int = 0
    failures: list[dict[str, Any]] = field(default_factory=list)


class BrokenPropertyError(AssertionError):
    """A request was not answered as it has to be."""


class Sender:
    """Sends requests one after the other."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.findings = Outcome()
        self._seed = plan.first_seed
        self._ingress: Ingress = (
            HandlerIngress(plan.tokens, plan.environment) if plan.environment else HttpIngress(plan.api_url)
        )
        self._dynamodb = aws.dynamodb(plan.endpoint)
        self._plain = TypeDeserializer()
        self._stored: dict[str, tuple[Kept, Fuzzed]] = {}
        self._verdicts: dict[bytes, list[str]] = {}

    def run(self) -> Iterator[Outcome]:
        """Send until the plan is done, and yield the findings so far after each round."""
        while self.findings.sent < self.plan.requests:
            self._round()
            self._look_up()
            self.findings.log_lines = self._ingress.lines
            yield self.findings
            self._seed += 1

    def _round(self) -> None:
        failing: list[tuple[Fuzzed, list[str]]] = []

        @seed(self._seed)
        @settings(
            max_examples=min(ROUND, self.plan.requests),
            database=None,
            deadline=None,
            derandomize=False,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        @given(requests(self.plan.tokens, routed_only=bool(self.plan.environment)))
        def holds(request: Fuzzed) -> None:
            if wrong := self._verdict(request):
                failing.append((request, wrong))
                raise BrokenPropertyError(wrong)

        try:
            holds()
        except BrokenPropertyError:
            request, wrong = failing[-1]  # the smallest: what hypothesis tried last
            self.findings.failures.append({"seed": self._seed, "wrong": wrong, "request": _written(request)})

    def _verdict(self, request: Fuzzed) -> list[str]:
        """Return what is wrong with a request. One that was sent before is not sent again."""
        key = hashlib.sha256(repr(request).encode("utf-8", "surrogatepass")).digest()
        if key not in self._verdicts:
            self._verdicts[key] = self._try(request)
        return self._verdicts[key]

    def _try(self, request: Fuzzed) -> list[str]:
        self.findings.sent += 1
        self.findings.kinds[request.kind] += 1
        try:
            answer = self._ingress.send(request)
        except NoAnswerError as error:
            return [str(error)]
        self.findings.outcomes[answer.outcome] += 1
        if answer.status == OK and answer.outcome in WITH_ITEM and answer.event_id:
            whole = request.hook == "notifications" and request.kind in {AS_SENT, DISGUISED}
            kept = Kept(answer.outcome, without=MARK if whole else "")
            self._stored[answer.event_id] = kept, request
        if len(self._stored) >= LOOKED_UP:
            self._look_up()
        return [*of_answer(request, answer), *self._ingress.complaints()]

    def _look_up(self) -> None:
        """Read back what was stored."""
        keys = list(self._stored)
        items: dict[str, Any] = {}
        asked: Any = {self.plan.table: {"Keys": [{"event_id": {"S": key}} for key in keys], "ConsistentRead": True}}
        while keys and asked:  # as long as DynamoDB has handed out less than all
            answer = self._dynamodb.batch_get_item(RequestItems=asked)
            for item in answer["Responses"].get(self.plan.table, []):
                plain = {name: self._plain.deserialize(value) for name, value in item.items()}
                items[plain["event_id"]] = plain
            asked = answer["UnprocessedKeys"]
        self.findings.looked_up += len(items)
        for event_id, (kept, request) in self._stored.items():
            if wrong := of_item(event_id, kept, items.get(event_id)):
                self.findings.failures.append({"seed": self._seed, "wrong": wrong, "request": _written(request)})
        self._stored = {}


def _written(request: Fuzzed) -> dict[str, Any]:
    return asdict(request) | {"body": b64encode(request.body).decode(), "text": request.body[:500].decode("latin-1")}


def main() -> None:
    """Carry a plan out."""
    ignore_constants_of_modules()
    path = Path(sys.argv[1])
    for findings in Sender(Plan(**json.loads(path.read_text()))).run():
        path.with_suffix(".found").write_text(json.dumps(vars(findings), indent=1))


if __name__ == "__main__":
    main()
