"""The log of the deployed stack: one group, lines that identify an event, metrics, and nothing confidential."""

import json
from typing import TYPE_CHECKING, Any

from devtools.inbox import Inbox
from devtools.stack import Stack
from devtools.waiting import wait_for
from hookswitch.dash.hooks import HOOKS
from simulator import confidential
from simulator.encoding import encode_json
from simulator.payloads import payload
from tests.emf import samples_in
from tests.integration.conftest import Logs
from tests.integration.delivering import Deliver
from tests.leaks import leaks_in, note_secrets

if TYPE_CHECKING:
    from types_boto3_logs import CloudWatchLogsClient


def test_lines_about_an_event(deliver: Deliver, inbox: Inbox, stack: Stack, logs: Logs) -> None:
    """An event's id finds all log lines about it, from the hook's function and from publish."""
    answer = deliver("channel_destroy", encode_json(payload("channel_destroy", call_id="a-call-to-look-for")))
    inbox.wait_for(answer.event_id)

    def about() -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in logs("Publish") if answer.event_id in line and line[0] == "{"]
        return lines if {"Delivery stored.", "Event published."} <= {line.get("message") for line in lines} else []

    lines = wait_for(about, "both functions have logged")
    assert len({line["correlation_id"] for line in lines}) == 1
    assert {line["call_id"] for line in lines} == {"a-call-to-look-for"}
    assert {line["hook"] for line in lines} == {"channel_destroy"}
    assert {line["service"] for line in lines} == {stack.name}
    assert any(line.get("cold_start") in {True, False} for line in lines)


def test_metrics_are_in_the_log(deliver: Deliver, inbox: Inbox, stack: Stack, logs: Logs) -> None:
    """CloudWatch extracts the stack's metrics from its log, under the stack's name."""
    answer = deliver("missed_call", encode_json(payload("missed_call")))
    inbox.wait_for(answer.event_id)

    def names() -> set[str]:
        log = "\n".join(logs("Publish"))
        samples = samples_in(log)
        assert {(sample.namespace, dict(sample.dimensions)["service"]) for sample in samples} == {
            ("Hookswitch", stack.name)
        }
        found = {sample.name for sample in samples}
        # By default only core metrics are declared to CloudWatch, and `published` is none of them.
        return found if {"received", "missed"} <= found and '"published":[' in log else set()

    wait_for(names, "all metrics are printed")


def test_one_log_group(deliver: Deliver, inbox: Inbox, stack: Stack, cloudwatch_logs: "CloudWatchLogsClient") -> None:
    """All functions log to the group whose retention is a parameter, and to no other."""
    inbox.wait_for(deliver("missed_call", encode_json(payload("missed_call"))).event_id)
    groups = cloudwatch_logs.describe_log_groups()["logGroups"]
    assert [group["logGroupName"] for group in groups] == [stack.outputs["LogGroupName"]]


def test_the_look_through_the_logs(deliver: Deliver, stack: Stack, logs: Logs) -> None:
    """The scan finds each secret of the stack in a log line that has it, and none in the lines about a delivery."""
    note_secrets(stack.endpoint)
    tokens = {stack.url(hook).rpartition("/")[2] for hook in HOOKS}
    assert {confidential.NOTED.get(token) for token in tokens} == {"token"}
    assert stack.parameters["DashApiKey"] in confidential.NOTED
    sent = payload("missed_call")
    deliver("missed_call", encode_json(sent))
    planted = [f"Somebody has logged {value}." for value in (*tokens, sent["caller_id_number"], sent["caller_id_name"])]
    lines = wait_for(lambda: found if len(found := logs("MissedCall")) > 3 else [], "the delivery is logged")
    assert list(leaks_in(lines, confidential.NOTED)) == []
    assert len(list(leaks_in([*lines, *planted], confidential.NOTED))) == len(planted)
