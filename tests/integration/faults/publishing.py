"""Cells of the publish function, each with its own event; faults affect only the calls for that event.

The test acts as Lambda's poller, because the emulator's ignores returned records. It reads the table's stream, invokes
the function with the real record, and repeats returned records, as AWS documents.
"""

from typing import Any

from devtools.waiting import wait_for
from tests.integration.faults.environment import LIMIT, Sent, Site
from tests.integration.faults.matrix import Cell, Kind, Seen, cells
from tests.integration.faults.results import Results, inject

PUBLISH = "publish"
HOOK = "missed_call"
TRIES = 3  # attempts of one call to DynamoDB


def run(site: Site, results: Results) -> None:
    """Run all cells at the same time, with the stream's event source mapping disabled."""
    switch_off(site, "Publish")
    by_service = {"sns": _sns, "sqs": _sqs, "dynamodb": _dynamodb}
    works = {cell: by_service[cell.service] for cell in cells(PUBLISH)}
    results.run_all(works, lambda cell: works[cell](site, results, cell), at_once=len(works))
    results.conclude(site)


def switch_off(site: Site, function: str) -> None:
    """Disable the event source mappings of a function."""
    mappings = site.clients.functions.list_event_source_mappings(FunctionName=site.resources[function])
    for mapping in mappings["EventSourceMappings"]:
        site.clients.functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)


def record_of(site: Site, event_id: str) -> dict[str, Any]:
    """Return the stream record of an event's insertion."""
    streams = site.clients.streams
    (stream,) = streams.list_streams(TableName=site.resources["EventsTable"])["Streams"]
    shards = streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"]
    for shard in shards:
        iterator: str | None = streams.get_shard_iterator(
            StreamArn=stream["StreamArn"], ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator:
            page = streams.get_records(ShardIterator=iterator)
            for record in page["Records"]:
                if record["eventName"] == "INSERT" and record["dynamodb"]["Keys"]["event_id"]["S"] == event_id:
                    return {**record, "stream": stream["StreamArn"], "shard": shard["ShardId"]}
            iterator = page.get("NextShardIterator") if page["Records"] else None
    raise AssertionError(f"The stream has no record of {event_id}.")


def offer(site: Site, sent: Sent, function: str = "Publish") -> bool:
    """Process an event's record like Lambda's poller; tell whether the function returns it."""
    answer = site.invoke(function, {"Records": [record_of(site, sent.event_id)]})
    if "batchItemFailures" not in answer:
        raise AssertionError(answer)
    return bool(answer["batchItemFailures"])


def _sns(site: Site, results: Results, cell: Cell) -> None:
    sent = site.fire(HOOK)
    fault = inject(site.proxies["Publish"]["sns"], cell.kind, "PublishBatch", sent.event_id, times(cell))
    given_back = offer(site, sent)
    where = site.where(sent.probe, sent.event_id)
    site.proxies["Publish"]["sns"].lift(fault)
    site.comes_in(sent.probe)
    _note(results, cell, site, sent, where, given_back=given_back)


def _sqs(site: Site, results: Results, cell: Cell) -> None:
    """Fail the queue together with SNS: the function uses the queue only while SNS is unavailable."""
    proxies, sent = site.proxies["Publish"], site.fire(HOOK)
    outage = inject(proxies["sns"], Kind.HANG if cell.kind is Kind.HANG else Kind.ERROR, "PublishBatch", sent.event_id)
    fault = inject(proxies["sqs"], cell.kind, "SendMessageBatch", sent.event_id, times(cell))
    given_back = offer(site, sent)
    where = site.where(sent.probe, sent.event_id)
    proxies["sns"].lift(outage)
    proxies["sqs"].lift(fault)
    if given_back and offer(site, sent):
        raise AssertionError("The record is returned although SNS is available.")
    site.comes_in(sent.probe)
    _note(results, cell, site, sent, where, given_back=given_back)


def _dynamodb(site: Site, results: Results, cell: Cell) -> None:
    """Fail the table, which is read when redrive requests to publish an event that SNS did not accept."""
    proxies, sent = site.proxies["Publish"], site.fire(HOOK)
    fault = inject(proxies["dynamodb"], cell.kind, "GetItem", sent.event_id)
    outage = inject(proxies["sns"], Kind.ERROR, "PublishBatch", sent.event_id)
    offer(site, sent)
    proxies["sns"].lift(outage)
    wait_for(lambda: site.injected("Publish", "dynamodb", sent.event_id), "the table is read", LIMIT)
    if cell.kind is Kind.SLOW:
        site.leaves_the_queues(sent)
    else:
        wait_for(lambda: site.injected("Publish", "dynamodb", sent.event_id) > TRIES, "it is read again", LIMIT)
    where = site.where(sent.probe, sent.event_id)
    proxies["dynamodb"].lift(fault)
    site.comes_in(sent.probe)
    told = "Redrive: published" if cell.kind is Kind.SLOW else "Redrive: not yet"
    results.note(cell, Seen(told, where, "Redrive"), site, sent.probe)


def times(cell: Cell) -> int | None:
    """Return how many responses get lost: one, after which the SDK retries."""
    return 1 if cell.kind is Kind.LOST else None


def _note(results: Results, cell: Cell, site: Site, sent: Sent, where: str, *, given_back: bool) -> None:
    back = "the stream" if given_back else "Redrive" if "queue" in where else "already there"
    told = "the stream: returned" if given_back else "the stream: done"
    results.note(cell, Seen(told, where, back), site, sent.probe)
