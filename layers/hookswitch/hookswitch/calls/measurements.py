"""What a call adds to the metrics, once, when its record is final for the first time (docs/metrics.md)."""

from collections.abc import Iterator

from hookswitch.calls.record import Call, Status
from hookswitch.observability.metrics import Measurement

OTHER = "OTHER"
# FreeSWITCH, "Hangup Cause Code Table", has some sixty causes; these end nearly all calls. CloudWatch charges for each
# value of a dimension as a metric of its own.
CAUSES = frozenset(
    {
        "NORMAL_CLEARING",
        "ORIGINATOR_CANCEL",
        "NO_ANSWER",
        "USER_BUSY",
        "NO_USER_RESPONSE",
        "CALL_REJECTED",
        "UNALLOCATED_NUMBER",
        "USER_NOT_REGISTERED",
        "NORMAL_TEMPORARY_FAILURE",
        "RECOVERY_ON_TIMER_EXPIRE",
        "ALLOTTED_TIMEOUT",
        "ATTENDED_TRANSFER",
    }
)
_METRICS: dict[Status, str] = {
    "answered": "answered",
    "voicemail": "voicemail",
    "missed": "missed",
    "abandoned": "abandoned",
    "busy": "busy",
    "failed": "not_connected",  # `failed` counts deliveries
}


def measurements(call: Call) -> Iterator[Measurement]:
    """Yield the metrics of a call that has ended."""
    yield Measurement("calls")
    if status := call.get("status"):
        yield Measurement(_METRICS[status])
    if "talk_seconds" in call:
        yield Measurement("talk_time", int(call["talk_seconds"]))
    if "wait_seconds" in call:
        yield Measurement("wait_time", int(call["wait_seconds"]))
    if cause := call.get("hangup_cause"):
        yield Measurement("hangups", dimensions={"hangup_cause": cause if cause in CAUSES else OTHER})
