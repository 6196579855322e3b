"""A CloudFormation custom resource that always responds, even when its time runs out.

A resource that does not respond blocks its stack until the ServiceTimeout, and the state after that is hard to repair.
So the response is retried for as long as the function has time. Source of the shapes: "Custom resource request
objects" and "Custom resource response objects" (AWS CloudFormation User Guide).
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

RESPONSE_SECONDS = 5.0  # kept for the response
CLEANUP_SHARE = 0.3  # of the time, kept for undoing what was begun
MAX_RESPONSE = 4096  # bytes of the whole response ("Custom resource response objects")
CUT = "..."  # ends a reason that was too long

PUT_SECONDS = 4.0  # for one try of the response
PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)  # seconds between tries; the last one repeats
OK = 200

# It would log a warning with the address for every retry. The address is signed: whoever has it can respond for us.
logging.getLogger("urllib3").setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Request:
    """A request of CloudFormation. Deadlines are in seconds as `time.monotonic` counts.

    Attributes:
        kind: Create, Update or Delete.
        physical_id: The resource's id; empty for a Create.
        properties: As in the template; all values are text.
        old_properties: Those before an Update.
        work_until: When to stop working, so that there is time to undo what was begun.
        cleanup_until: When to stop that, so that there is time to respond.
        echoed: The fields that the response repeats.
    """

    kind: Literal["Create", "Update", "Delete"]
    physical_id: str
    properties: Mapping[str, Any]
    old_properties: Mapping[str, Any]
    work_until: float
    cleanup_until: float
    echoed: Mapping[str, str] = field(default_factory=dict)

    def excess(self, success: "Success") -> int:
        """Return by how many bytes the response would be too long; 0 if it fits."""
        return max(0, len(_body(self.echoed, _succeeded(success))) - MAX_RESPONSE)


@dataclass(frozen=True, slots=True)
class Success:
    """The resource is as requested.

    Attributes:
        physical_id: Its id; if that differs from the previous one, CloudFormation deletes the previous resource.
        data: What Fn::GetAtt returns.
    """

    physical_id: str
    data: Mapping[str, str] = field(default_factory=dict)


class FailedError(Exception):
    """The resource is not as requested; the text is the reason that the stack's events show.

    Attributes:
        physical_id: The resource's id.
    """

    def __init__(self, reason: str, physical_id: str) -> None:
        super().__init__(reason)
        self.physical_id = physical_id


def respond(work: Callable[[Request], Success], event: Mapping[str, Any], context: Any, *, default_id: str) -> None:
    """Do the work and respond to CloudFormation, exactly once and in any case.

    Args:
        work: Raises FailedError, or anything else, which is then a bug of ours.
        event: The function's event. It is not logged, because it holds a signed address.
        context: Lambda's, for the time that is left.
        default_id: The physical id to respond with until `work` has named one.
    """
    seconds = context.get_remaining_time_in_millis() / 1000
    reserve = min(RESPONSE_SECONDS, seconds / 4)
    now = time.monotonic()
    request = Request(
        kind=event["RequestType"],
        physical_id=event.get("PhysicalResourceId", ""),
        properties=event.get("ResourceProperties", {}),
        old_properties=event.get("OldResourceProperties", {}),
        work_until=now + (seconds - 2 * reserve) * (1 - CLEANUP_SHARE),
        cleanup_until=now + seconds - 2 * reserve,
        echoed={name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
    )
    physical_id = request.physical_id or default_id
    response = _Response(event["ResponseURL"], request.echoed, now + seconds - reserve / 5)
    timer = threading.Timer(
        seconds - reserve,
        response.failed,
        (
            f"The function ran out of time after {seconds:.0f} s. Its log, {_log_group(context)}, says more.",
            physical_id,
        ),
    )
    timer.daemon = True
    timer.start()
    try:
        success = work(request)
    except FailedError as error:
        logger.error(str(error))
        response.failed(str(error), error.physical_id)
    except Exception as error:  # noqa: BLE001 - CloudFormation must get a response
        # Without the text of an unexpected error: nobody has checked that it holds no secret.
        log_fault(error)
        response.failed(
            f"{type(error).__name__}: this is a bug in hookswitch. The log, {_log_group(context)}, says more.",
            physical_id,
        )
    else:
        response.succeeded(success)
    finally:
        timer.cancel()


class _Response:
    """The response to one request; only the first one given is sent."""

    def __init__(self, url: str, echoed: Mapping[str, str], until: float) -> None:
        self._url = url
        self._echoed = echoed
        self._until = until
        self._lock = threading.Lock()
        self._given = False

    def succeeded(self, success: Success) -> None:
        self._send(_succeeded(success))

    def failed(self, reason: str, physical_id: str) -> None:
        self._send({"Status": "FAILED", "Reason": reason, "PhysicalResourceId": physical_id})

    def _send(self, response: Mapping[str, Any]) -> None:
        with self._lock:
            if self._given:
                return
            self._given = True
            body = _fitting_body(self._echoed, response)
            for pause in chain(PAUSES, repeat(PAUSES[-1])):
                result = self._put(body)
                if result == str(OK):
                    logger.info("Responded to CloudFormation.", extra={"status": response["Status"]})
                    return
                if result.startswith("4") or time.monotonic() + pause > self._until:
                    break
                time.sleep(pause)
            logger.error("CloudFormation did not accept the response: %s", result)

    def _put(self, body: bytes) -> str:
        """Send the response once; return the status, or the error's name."""
        left = max(0.1, self._until - time.monotonic())
        try:
            with urllib3.PoolManager() as pool:
                response = pool.request(
                    "PUT",
                    self._url,
                    body=body,
                    headers={"content-type": ""},  # which the address is signed for
                    timeout=min(PUT_SECONDS, left),
                    retries=False,
                )
        except HTTPError as error:
            return type(error).__name__
        return str(response.status)


def _succeeded(success: Success) -> dict[str, Any]:
    return {"Status": "SUCCESS", "PhysicalResourceId": success.physical_id, "Data": dict(success.data)}


def _fitting_body(echoed: Mapping[str, str], response: Mapping[str, Any]) -> bytes:
    """Return the response's bytes, its reason cut so that they are not too many."""
    body = _body(echoed, response)
    if len(body) <= MAX_RESPONSE:
        return body
    if "Reason" not in response:
        reason = (
            f"The response would have {len(body)} bytes, and CloudFormation takes {MAX_RESPONSE}. Shorten CustomData."
        )
        response = {"Status": "FAILED", "Reason": reason, "PhysicalResourceId": response["PhysicalResourceId"]}
        return _body(echoed, response)
    room = MAX_RESPONSE - len(_body(echoed, {**response, "Reason": CUT}))
    kept = ""
    for character in response["Reason"]:
        room -= len(json.dumps(character)) - 2  # escaped, and without the quotes around it
        if room < 0:
            break
        kept += character
    return _body(echoed, {**response, "Reason": kept + CUT})


def _body(echoed: Mapping[str, str], response: Mapping[str, Any]) -> bytes:
    # In ASCII: CloudFormation's documents do not say that it takes anything else.
    return json.dumps({**echoed, **response}).encode("ascii")


def _log_group(context: Any) -> str:
    return str(getattr(context, "log_group_name", "") or "the log group of the stack")
