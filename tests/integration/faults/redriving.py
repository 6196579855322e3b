"""Cells of the redrive function: it processes the queues while its services fail."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from devtools.waiting import wait_for
from hookswitch.events.attributes import item
from hookswitch.events.items import quarantine_item
from simulator.encoding import encode_json
from simulator.payloads import payload
from tests.faults import Fault
from tests.integration.faults.environment import LIMIT, Sent, Site, function_of
from tests.integration.faults.matrix import Cell, Kind, Seen, cells
from tests.integration.faults.publishing import record_of, switch_off
from tests.integration.faults.results import Results, inject
from tests.receiving import SETTINGS, delivery

REDRIVE = "redrive"
# Each way to fail has its own hooks.
DELIVERED_BY = {
    Kind.ERROR: "channel_create",
    Kind.THROTTLE: "channel_answer",
    Kind.HANG: "channel_destroy",
    Kind.SLOW: "parking",
    Kind.LOST: "register",
}
REPLAYED_BY = {
    Kind.ERROR: "deregister",
    Kind.THROTTLE: "voicemail_new",
    Kind.HANG: "voicemail_full",
    Kind.SLOW: "missed_call",
    Kind.LOST: "outbound_fax",
}


def run(site: Site, results: Results) -> None:
    """Run the cells whose faults can be limited to one event, at the same time."""
    by_service = {"lambda": _invoke, "dynamodb": _table}
    works = {cell: by_service[cell.service] for cell in cells(REDRIVE, *by_service)}
    streams = cells(REDRIVE, "dynamodbstreams")
    for hook in (*DELIVERED_BY.values(), *REPLAYED_BY.values()):
        site.fire(hook)  # avoid cold starts during the cells
    results.run_all(works, lambda cell: works[cell](site, results, cell), at_once=len(works))
    switch_off(site, "Publish")
    results.run_all(streams, lambda cell: _stream(site, results, cell), at_once=len(streams))
    results.conclude(site)


def run_alone(site: Site, results: Results) -> None:
    """Run the cells whose faults affect the whole function, one after the other."""
    for hook in {*DELIVERED_BY.values(), *REPLAYED_BY.values()} & set(site.hooks):
        site.fire(hook)
    results.run_all(cells(REDRIVE, "sqs"), lambda cell: _visibility(site, results, cell))
    results.run_all(cells(REDRIVE, "cloudformation"), lambda cell: _names(site, results, cell))
    results.conclude(site)


def _queued(site: Site, hook: str) -> tuple[Sent, Fault]:
    """Make an event go to the redrive queue; DynamoDB keeps failing."""
    outage = inject(site.faults(hook)["dynamodb"], Kind.ERROR)
    sent = site.fire(hook)
    if sent.outcome != "queued":
        raise AssertionError(sent)
    return sent, outage


def _invoke(site: Site, results: Results, cell: Cell) -> None:
    hook, proxy = DELIVERED_BY[cell.kind], site.proxies["Redrive"]["lambda"]
    function = site.resources[function_of(hook)]
    fault = inject(proxy, cell.kind, "Invoke", function)
    sent, outage = _queued(site, hook)
    site.faults(hook)["dynamodb"].lift(outage)
    wait_for(lambda: site.injected("Redrive", "lambda", function), "redrive tries", LIMIT)
    if cell.kind is Kind.SLOW:
        site.leaves_the_queues(sent)
    elif cell.kind is not Kind.LOST:
        wait_for(lambda: site.injected("Redrive", "lambda", function) > 1, "redrive tries again", LIMIT)
    where = site.where(sent.probe)
    proxy.lift(fault)
    site.comes_in(sent.probe)
    told = "the queue: done" if cell.kind is Kind.SLOW else "the queue: kept"
    results.note(cell, Seen(told, where, "Redrive"), site, sent.probe)


def _stream(site: Site, results: Results, cell: Cell) -> None:
    """Queue Lambda's pointer to a failed batch of the publish function, for which redrive reads the stream again."""
    sent = site.fire("missed_call")
    record = record_of(site, sent.event_id)
    number = record["dynamodb"]["SequenceNumber"]
    pointer = {
        "DDBStreamBatchInfo": {
            "shardId": record["shard"],
            "streamArn": record["stream"],
            "startSequenceNumber": number,
            "endSequenceNumber": number,
            "batchSize": 1,
        }
    }
    proxy = site.proxies["Redrive"]["dynamodbstreams"]
    fault = inject(proxy, cell.kind, "GetShardIterator", number)
    queue = site.resources["PublishDeadLetterQueue"]
    site.clients.operator.send_message(QueueUrl=queue, MessageBody=json.dumps(pointer))
    wait_for(lambda: site.injected("Redrive", "dynamodbstreams", number), "redrive tries", LIMIT)
    if cell.kind is Kind.SLOW:
        site.leaves_the_queues(sent)
        told, where = "the queue: done", site.where(sent.probe, sent.event_id)
    else:
        wait_for(lambda: site.injected("Redrive", "dynamodbstreams", number) > 1, "redrive tries again", LIMIT)
        told, where = "the queue: kept", site.where(sent.probe, number)
    proxy.lift(fault)
    site.comes_in(sent.probe)
    results.note(cell, Seen(told, where, "Redrive"), site, sent.probe)


def _visibility(site: Site, results: Results, cell: Cell) -> None:
    """Fail setting the visibility timeout of a failed message; then the queue's own timeout applies."""
    queue, hook = site.resources["RedriveQueue"], "channel_create"
    # The template sets eighteen minutes.
    seconds = "8" if cell.kind is Kind.HANG else "4"
    site.clients.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": seconds})
    proxy = site.proxies["Redrive"]["sqs"]
    fault = inject(proxy, cell.kind, "ChangeMessageVisibility")
    before = site.injected("Redrive", "sqs")
    sent, outage = _queued(site, hook)
    wait_for(lambda: site.injected("Redrive", "sqs") > before, "redrive sets the wait", LIMIT)
    where = site.where(sent.probe)
    site.faults(hook)["dynamodb"].lift(outage)
    site.comes_in(sent.probe)
    proxy.lift(fault)
    results.note(cell, Seen("the queue: kept", where, "Redrive"), site, sent.probe)


def _table(site: Site, results: Results, cell: Cell) -> None:
    """Fail the table: a replay queries the quarantine, and deletes what was accepted."""
    hook = REPLAYED_BY[cell.kind]
    probe, key = _quarantined(site, hook)
    operation, match = ("DeleteItem", key) if cell.kind is Kind.LOST else ("Query", hook)
    _replay(site, results, cell, hook, probe, operation=operation, match=match)


def _names(site: Site, results: Results, cell: Cell) -> None:
    """Fail CloudFormation: a replay gets the name of the hook's function from it."""
    hook = REPLAYED_BY[cell.kind]
    probe, _ = _quarantined(site, hook)
    _replay(site, results, cell, hook, probe, operation="ListStackResources", match="")


def _quarantined(site: Site, hook: str) -> tuple[str, str]:
    """Quarantine a delivery, as an earlier version of the function would have done.

    Returns:
        The event's probe, and the item's key.
    """
    probe = uuid4().hex
    account = site.deployed.account.id
    sent = payload(hook, account_id=account, probe=probe)
    left = quarantine_item(delivery(hook, encode_json(sent), headers={}), ("It is new.",), SETTINGS)
    values: Any = item(left | {"received_at": datetime.now(UTC).isoformat(timespec="milliseconds")})
    site.clients.dynamodb.put_item(TableName=site.resources["EventsTable"], Item=values)
    return probe, str(left["event_id"])


def _replay(site: Site, results: Results, cell: Cell, hook: str, probe: str, *, operation: str, match: str) -> None:
    proxy = site.proxies["Redrive"][cell.service]
    fault = inject(proxy, cell.kind, operation, match, times=1 if cell.kind is Kind.LOST else None)
    said = site.invoke("Redrive", {"quarantine": {"hook": hook}})
    told = "the operator: an error" if "errorMessage" in said else f"the operator: {said.get('accepted')} accepted"
    where = "the quarantine" if site.items(probe, "quarantine") else site.where(probe)
    proxy.lift(fault)
    if "errorMessage" in said:
        site.invoke("Redrive", {"quarantine": {"hook": hook}})
    site.comes_in(probe)
    back = "already there" if where == "the table" else "the next replay"
    if site.items(probe, "quarantine"):
        back += ", but still quarantined"
    results.note(cell, Seen(told, where, back), site, probe)
