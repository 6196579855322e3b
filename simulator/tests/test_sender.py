"""The sender writes the real requests and judges as the real one does."""

import socket
import threading
from typing import Any
from urllib.parse import urlsplit

import pytest

from simulator.encoding import encode_form, encode_json
from simulator.payloads import DEFAULT_ACCOUNT_ID, payload
from simulator.sender import CLUSTER_ID, Sender
from simulator.tests.receiver import CLOSE, Receiver, answer
from simulator.transport import Transport, default_resolver, emulator_resolver
from simulator.webhooks import TOO_MANY_FAILURES, Webhook

EVENT = {"call_id": "abc", "event_name": "PARK_PARKED"}


def webhook(uri: str, **fields: Any) -> Webhook:
    """Return a webhook as it is after registration."""
    document = {"name": "test", "hook": "parking", "uri": uri} | fields
    return Webhook.from_document(DEFAULT_ACCOUNT_ID, document)


def fast(**fields: Any) -> Sender:
    """Return a sender that does not wait between tries."""
    return Sender(retry_interval=0, **fields)


def closed_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


def test_a_form_post_has_exactly_the_headers_of_the_sender(receiver: Receiver) -> None:
    """Names are lowercase, `te` is empty, and there is no user agent."""
    hook = webhook(receiver.url)
    [attempt] = fast().deliver(hook, EVENT)
    [request] = receiver.received
    assert attempt.delivered
    assert request.body == encode_form(EVENT | {"cluster_id": CLUSTER_ID})
    assert request.lines == [
        "POST /hook HTTP/1.1",
        "content-type: application/x-www-form-urlencoded",
        f"content-length: {len(request.body)}",
        "te: ",
        f"host: 127.0.0.1:{receiver.port}",
        "connection: keep-alive",
        f"x-hook-id: {hook.id}",
        f"x-account-id: {DEFAULT_ACCOUNT_ID}",
    ]


def test_a_json_post_is_pretty_and_typed(receiver: Receiver) -> None:
    """A webhook with format json gets the pretty body, and its content type has no charset."""
    event = payload("channel_destroy")
    fast().deliver(webhook(receiver.url, format="json"), event)
    [request] = receiver.received
    assert request.lines[1] == "content-type: application/json"
    assert request.body == encode_json(event | {"cluster_id": CLUSTER_ID})


def test_a_get_carries_the_event_in_its_address(receiver: Receiver) -> None:
    """A get has no content type and no body; an address with a query is corrupted."""
    fast(cluster_id=None).deliver(webhook(f"{receiver.url}?tok=abc", http_verb="get"), {"a": "1 2"})
    [request] = receiver.received
    assert request.target == "/hook?tok=abc?a=1+2"
    assert request.body == b""
    assert "content-type" not in request.names


def test_a_nested_event_is_never_sent_by_get(receiver: Receiver) -> None:
    """It fails inside the sender, as a client error that is tried again and again."""
    attempts = fast().deliver(webhook(receiver.url, http_verb="get", retries=3), payload("missed_call"))
    assert [attempt.delivered for attempt in attempts] == [False, False, False]
    assert receiver.received == []


def test_an_older_system_does_send_a_nested_get(receiver: Receiver) -> None:
    """Older releases put brackets into the address."""
    [attempt] = fast(legacy=True).deliver(webhook(receiver.url, http_verb="get"), {"o": {"a": 1}})
    assert attempt.delivered
    assert receiver.received[0].target.startswith("/hook?o[a]=1&")


@pytest.mark.parametrize("status", [201, 202, 204, 307, 400, 403, 404, 429, 500, 503])
def test_only_200_is_success_and_no_status_is_tried_again(receiver: Receiver, status: int) -> None:
    """Any other status loses the event at once."""
    receiver.then = answer(status)
    attempts = fast().deliver(webhook(receiver.url, retries=4), EVENT)
    assert [(attempt.status, attempt.delivered) for attempt in attempts] == [(status, False)]
    assert len(receiver.received) == 1


@pytest.mark.parametrize(("legacy", "delivered"), [(False, True), (True, False)])
def test_201_satisfies_a_put_on_newer_systems(receiver: Receiver, *, legacy: bool, delivered: bool) -> None:
    """An older system wants 200 from a put too."""
    receiver.then = answer(201)
    [attempt] = fast(legacy=legacy).deliver(webhook(receiver.url, http_verb="put"), EVENT)
    assert attempt.delivered is delivered


@pytest.mark.parametrize(("retries", "tries"), [(0, 1), (1, 1), (2, 2), (4, 4), (9, 5)])
def test_refused_connections_are_tried_again(retries: int, tries: int) -> None:
    """`retries` is the number of tries in all, clamped to 1..5."""
    attempts = fast().deliver(webhook(f"http://127.0.0.1:{closed_port()}/", retries=retries), EVENT)
    assert [attempt.client_error for attempt in attempts] == ["failed_connect: econnrefused"] * tries


def test_a_lost_answer_is_tried_again_with_the_same_bytes(receiver: Receiver) -> None:
    """A closed socket is a client error: the same event arrives twice."""
    receiver.script = [CLOSE]
    attempts = fast().deliver(webhook(receiver.url), EVENT)
    assert [attempt.delivered for attempt in attempts] == [False, True]
    assert attempts[0].client_error == "socket_closed_remotely"
    assert receiver.received[0] == receiver.received[1]


def test_an_unresolved_name_is_a_client_error() -> None:
    """A host that does not exist is reported as such."""
    [attempt] = fast().deliver(webhook("http://nowhere.invalid/", retries=1), EVENT)
    assert attempt.client_error == "failed_connect: nxdomain"


def test_a_response_timeout_exists_only_if_configured() -> None:
    """With a limit, an answer that does not come is a client error."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        sender = fast(transport=Transport(response_timeout=0.05))
        [attempt] = sender.deliver(webhook(f"http://127.0.0.1:{silent.getsockname()[1]}/", retries=1), EVENT)
    assert attempt.client_error == "timeout"


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirected_post_becomes_an_empty_get_that_counts(receiver: Receiver, status: int) -> None:
    """The event is lost, and yet it is a success."""
    receiver.script = [answer(status, location="/login")]
    [attempt] = fast().deliver(webhook(receiver.url), EVENT)
    _, second = receiver.received
    assert attempt.delivered
    assert second.lines[0] == "GET /login HTTP/1.1"
    assert second.body == b""
    assert "content-type" not in second.names
    assert "x-hook-id" in second.names


def test_a_redirected_put_and_an_endless_redirect_fail(receiver: Receiver) -> None:
    """A put is not redirected, and a loop ends as the failure it is."""
    receiver.then = answer(302, location="/again")
    [put] = fast().deliver(webhook(receiver.url, http_verb="put"), EVENT)
    [post] = fast().deliver(webhook(receiver.url), EVENT)
    assert (put.delivered, post.delivered, post.status) == (False, False, 302)
    assert len(receiver.received) == 1 + 6


@pytest.mark.parametrize(("legacy", "shown"), [(False, set()), (True, {"type", "action"})])
def test_custom_data_wins_over_the_event(*, legacy: bool, shown: set[str]) -> None:
    """Whole values are replaced, newer systems keep type and action to themselves, the cluster comes last."""
    custom = {"type": "all", "action": "x", "call_id": "mine", "o": "flat"}
    event = fast(legacy=legacy).event(webhook("http://h", custom_data=custom), {"call_id": "x", "o": {"a": 1}})
    assert event["call_id"] == "mine"
    assert event["o"] == "flat"
    assert {"type", "action"} & set(event) == shown
    assert list(event)[-1] == "cluster_id"


def test_six_failures_within_a_minute_switch_a_webhook_off(receiver: Receiver) -> None:
    """The sixth failed try disables it, for a reason that shows."""
    receiver.then = answer(500)
    hook, sender = webhook(receiver.url), fast(clock=lambda: 1000.0)
    for _ in range(5):
        sender.deliver(hook, EVENT)
    assert hook.enabled
    sender.deliver(hook, EVENT)
    assert not hook.enabled
    assert hook.disable_reason == TOO_MANY_FAILURES


def test_each_retry_counts_towards_auto_disable() -> None:
    """Two events of three tries each are enough."""
    hook, sender = webhook(f"http://127.0.0.1:{closed_port()}/", retries=3), fast()
    sender.deliver(hook, EVENT)
    assert hook.enabled
    sender.deliver(hook, EVENT)
    assert not hook.enabled


def test_failures_apart_do_not_switch_off(receiver: Receiver) -> None:
    """Failures older than a minute no longer count."""
    receiver.then = answer(500)
    now = iter(range(0, 10_000, 6))
    hook, sender = webhook(receiver.url), fast(clock=lambda: float(next(now)))
    for _ in range(20):
        sender.deliver(hook, EVENT)
    assert hook.enabled


def test_the_log_keeps_failures_with_their_exact_body(receiver: Receiver) -> None:
    """A failure can be read back; a success leaves no trace."""
    hook, sender = webhook(receiver.url, hook="channel_answer", format="json"), fast(clock=lambda: 0.0)
    sender.deliver(hook, EVENT)
    receiver.then = answer(500, b"oops")
    sender.deliver(hook, EVENT)
    [entry] = [attempt.entry() for attempt in sender.log.newest_first(DEFAULT_ACCOUNT_ID)]
    assert entry.pop("resp_headers")["content-length"] == "4"
    assert len(entry.pop("event_id")) == 10
    assert entry == {
        "result": "failure",
        "reason": "bad response code",
        "hook_id": hook.id,
        "hook_event": "CHANNEL_ANSWER",
        "uri": receiver.url,
        "method": "post",
        "req_headers": {
            "content-type": "application/json",
            "x-hook-id": hook.id,
            "x-account-id": DEFAULT_ACCOUNT_ID,
        },
        "req_body": receiver.received[-1].body.decode(),
        "timestamp": 62_167_219_200,
        "resp_status_code": "500",
        "resp_body": "oops",
        "try": 2,
        "retries_left": 1,
    }


def test_the_log_keeps_a_form_body_in_its_pieces(receiver: Receiver) -> None:
    """What is logged of a form body is how the sender assembled it, not its text."""
    receiver.then = answer(500)
    hook, sender = webhook(receiver.url), fast(cluster_id=None)
    sender.deliver(hook, {"a": "1", "o": {}, "l": ["x", "y"]})
    [entry] = [attempt.entry() for attempt in sender.log.newest_first(DEFAULT_ACCOUNT_ID)]
    assert entry["req_body"] == [["a", "=", "1"], "&", [], "&", [["l", "[]=", "x"], "&", ["l", "[]=", "y"]]]
    assert receiver.received[-1].body == b"a=1&&l[]=x&l[]=y"


def test_an_interrupted_sender_leaves_a_try_that_is_not_the_last() -> None:
    """A system that is restarted between two tries makes no further one, and its log says that some are left."""
    hook, sender = webhook(f"http://127.0.0.1:{closed_port()}/", retries=4), fast(interrupt_after=2)
    assert len(sender.deliver(hook, EVENT)) == 2
    newest = sender.log.newest_first(DEFAULT_ACCOUNT_ID)[0].entry()
    assert newest["retries_left"] == 3


def test_the_log_tells_when_no_try_is_left() -> None:
    """The last client failure says so, newest first."""
    hook, sender = webhook(f"http://127.0.0.1:{closed_port()}/"), fast()
    sender.deliver(hook, EVENT)
    last, first = (attempt.entry() for attempt in sender.log.newest_first(DEFAULT_ACCOUNT_ID, hook.id))
    assert (first["retries"], first["retries_left"]) == (2, 2)
    assert (last["retries"], last["retries_left"]) == (1, "retries exceeded")
    assert last["client_error"] == "failed_connect: econnrefused"
    assert last["event_id"] == first["event_id"]


def test_many_threads_deliver_at_once(receiver: Receiver) -> None:
    """Nothing is lost or mixed up when deliveries overlap."""
    hook, sender = webhook(receiver.url), fast(cluster_id=None)
    threads = [threading.Thread(target=sender.deliver, args=(hook, {"n": n})) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(request.body for request in receiver.received) == sorted(b"n=%d" % n for n in range(40))


def test_public_addresses_lead_to_the_emulator(receiver: Receiver) -> None:
    """API Gateway's address keeps its path and stage, and gets the emulator's host header."""
    transport = Transport(resolver=emulator_resolver(f"http://127.0.0.1:{receiver.port}"))
    address = "https://a1b2c3.execute-api.us-east-1.amazonaws.com/Prod/s3cret/parking"
    [attempt] = fast(transport=transport).deliver(webhook(address), EVENT)
    [request] = receiver.received
    assert attempt.delivered
    assert request.target == "/Prod/s3cret/parking"
    assert f"host: a1b2c3.execute-api.localhost:{receiver.port}" in request.lines


def test_other_addresses_resolve_as_usual() -> None:
    """The emulator's resolver leaves every other address alone, usual ports out of the host header."""
    resolve = emulator_resolver("http://127.0.0.1:4566")
    for url in ("https://hooks.example.com/a", "http://hooks.example.com:8080/a"):
        assert resolve(urlsplit(url)) == default_resolver(urlsplit(url))
    assert default_resolver(urlsplit("https://hooks.example.com/a")).host_header == "hooks.example.com"
    assert default_resolver(urlsplit("http://hooks.example.com:8080/")).host_header == "hooks.example.com:8080"
