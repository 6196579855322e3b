"""Connections that break as they are told to, and are tried again as Dash does."""

import pytest

from simulator.sender import Sender
from simulator.tests.receiver import Receiver
from simulator.webhooks import Webhook
from tests.load.breaking import BreakingTransport
from tests.load.day import Break

LONG = {"call_id": "x" * 20_000}


@pytest.mark.parametrize(("how", "whole"), [(Break.BEFORE, False), (Break.AFTER, True)])
def test_broken_connection_is_tried_again(how: Break, *, whole: bool) -> None:
    """The first connection ends before or after the request is whole; the second delivers it."""
    with Receiver() as receiver:
        webhook = Webhook("1" * 32, "2" * 32, "calls", "channel_create", receiver.url, format="json")
        sender = Sender(transport=BreakingTransport(breaks=[how]), retry_interval=0)
        attempts = sender.deliver(webhook, LONG)
    assert [attempt.delivered for attempt in attempts] == [False, True]
    assert attempts[0].client_error == "socket_closed_remotely"
    # The receiver has a thread for each connection, and may notice last that the first one ended.
    shorter, longer = sorted(len(received.body) for received in receiver.received)
    assert longer == len(attempts[1].req_body)
    assert (shorter == longer) is whole


def test_no_break() -> None:
    """Without one, the first connection delivers."""
    with Receiver() as receiver:
        webhook = Webhook("1" * 32, "2" * 32, "calls", "channel_create", receiver.url, format="json")
        attempts = Sender(transport=BreakingTransport(breaks=[Break.NO])).deliver(webhook, LONG)
    assert [attempt.delivered for attempt in attempts] == [True]
