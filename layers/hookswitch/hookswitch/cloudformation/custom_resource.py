"""A CloudFormation custom resource that always answers, also when its time runs out (AWS CloudFormation, "crpg-ref").

A resource that does not answer holds up its stack until the ServiceTimeout, and what CloudFormation then makes
of it is hard to undo. So the answer is tried for as long as the function has time.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any, Literal

import urllib3
from urllib3.exceptions import HTTPError

from hookswitch.observability.log import log_fault, logger

ANSWER_SECONDS = 5.0  # kept back for the answer itself
CLEANUP_SHARE = 0.3  # of the time, kept back to take back what was begun
MAX_REASON = 1000  # characters; the whole answer may have 4096 bytes

PUT_SECONDS = 4.0  # for one try of the answer
PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)  # seconds between tries; the last one again and again
OK = 200

# It would warn of a retry with the address, which is signed: whoever has it can answer in our name.
logging.getLogger("urllib3").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Request:
    """What CloudFormation asks for. Times are as `time.monotonic` counts.

    Attributes:
        kind: Create, Update or Delete.
        physical_id: The resource's id, empty for a Create.
        properties: Of the template, all values text.
        old_properties: Those before an Update.
        work_until: When to stop working, so that there is time to take back what was begun.
        cleanup_until: When to stop that, so that there is time to answer.
    """

    kind: Literal["Create", "Update", "Delete"]
    physical_id: str
    properties: Mapping[str, Any]
    old_properties: Mapping[str, Any]
    work_until: float
    cleanup_until: float


@dataclass(frozen=True, slots=True)
class Success:
    """The resource is as asked for.

    Attributes:
        physical_id: Its id; another one than before makes CloudFormation delete the one before.
        data: What Fn::GetAtt returns.
    """

    physical_id: str
    data: Mapping[str, str] = field(default_factory=dict)


class FailedError(Exception):
    """The resource is not as asked for; the text is the reason that shows in the stack's events.

    Attributes:
        physical_id: The resource's id.
    """

    def __init__(self, reason: str, physical_id: str) -> None:
        super().__init__(reason)
        self.physical_id = physical_id


def answer_with(
    work: Callable[[Request], Success], event: Mapping[str, Any], context: Any, *, id_if_unknown: str
) -> None:
    """Do the work and answer CloudFormation, once and in any case.

    Args:
        work: Raises FailedError, or anything else for what is a fault of ours.
        event: What the function was called with. It is not logged: it holds a signed address.
        context: Lambda's; it tells the time that is left.
        id_if_unknown: The physical id to answer with while `work` has not named one.
    """
    seconds = context.get_remaining_time_in_millis() / 1000
    reserve = min(ANSWER_SECONDS, seconds / 4)
    now = time.monotonic()
    request = Request(
        kind=event["RequestType"],
        physical_id=event.get("PhysicalResourceId", ""),
        properties=event.get("ResourceProperties", {}),
        old_properties=event.get("OldResourceProperties", {}),
        work_until=now + (seconds - reserve) * (1 - CLEANUP_SHARE),
        cleanup_until=now + seconds - 2 * reserve,
    )
    physical_id = request.physical_id or id_if_unknown
    answer = _Answer(event, now + seconds - reserve / 5)
    timer = threading.Timer(
        seconds - reserve,
        answer.failed,
        (f"The function's time ran out after {seconds:.0f} s. Its log, {_log_of(context)}, has more.", physical_id),
    )
    timer.daemon = True
    timer.start()
    try:
        success = work(request)
    except FailedError as error:
        logger.error(str(error))
        answer.failed(str(error), error.physical_id)
    except Exception as error:  # noqa: BLE001 - CloudFormation must get an answer
        # No text of an unforeseen error: nobody has checked that it holds no secret.
        log_fault(error)
        answer.failed(
            f"{type(error).__name__}: this is a fault in hookswitch. The log {_log_of(context)} has more.", physical_id
        )
    else:
        answer.succeeded(success)
    finally:
        timer.cancel()


class _Answer:
    """The answer to one request; only the first one given is sent."""

    def __init__(self, event: Mapping[str, Any], until: float) -> None:
        self._event = event
        self._until = until
        self._lock = threading.Lock()
        self._given = False

    def succeeded(self, success: Success) -> None:
        self._send({"Status": "SUCCESS", "PhysicalResourceId": success.physical_id, "Data": dict(success.data)})

    def failed(self, reason: str, physical_id: str) -> None:
        self._send({"Status": "FAILED", "Reason": reason[:MAX_REASON], "PhysicalResourceId": physical_id})

    def _send(self, answer: Mapping[str, Any]) -> None:
        with self._lock:
            if self._given:
                return
            self._given = True
            echoed = {name: self._event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
            body = json.dumps({**echoed, **answer}).encode()
            for pause in chain(PAUSES, repeat(PAUSES[-1])):
                said = self._put(body)
                if said == str(OK):
                    logger.info("Answered CloudFormation.", extra={"status": answer["Status"]})
                    return
                if said.startswith("4") or time.monotonic() + pause > self._until:
                    break
                time.sleep(pause)
            logger.error("CloudFormation did not take the answer: %s", said)

    def _put(self, body: bytes) -> str:
        """Send the answer once; return the status, or the error's name."""
        left = max(0.1, self._until - time.monotonic())
        try:
            with urllib3.PoolManager() as pool:
                response = pool.request(
                    "PUT",
                    self._event["ResponseURL"],
                    body=body,
                    headers={"content-type": ""},  # the address is signed for that
                    timeout=min(PUT_SECONDS, left),
                    retries=False,
                )
        except HTTPError as error:
            return type(error).__name__
        return str(response.status)


def _log_of(context: Any) -> str:
    return str(getattr(context, "log_group_name", "") or "group of the stack")
