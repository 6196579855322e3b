"""Connections are kept, and made anew without costing a try."""

import threading
from http.server import ThreadingHTTPServer

from hookswitch.aws import hook_clients
from hookswitch.aws.direct import DirectClient
from tests.unit.aws.stub import ADDRESS, PUT, AwsStub, Reply


def test_connection_is_kept_and_made_anew(service: AwsStub, waits: list[float]) -> None:
    """One connection serves many calls; one that was closed while the function was frozen costs no try."""
    client = hook_clients.dynamodb()
    for closes in (False, False, True, False):
        service.replies = [Reply(headers={"Connection": "close"} if closes else {})]
        client.call("PutItem", **PUT)
    assert len(service.requests) == 4
    assert not waits


def test_server_closes_an_idle_connection(service: AwsStub, waits: list[float]) -> None:
    """It is noticed before anything is sent."""
    client = hook_clients.dynamodb()
    client.call("PutItem", **PUT)
    port = service.server.server_address[1]
    service.stop()
    service.server = ThreadingHTTPServer((ADDRESS, port), service.server.RequestHandlerClass)
    assert isinstance(client, DirectClient)
    sock = client._connection._connection  # noqa: SLF001 - stands in for a server that hangs up
    assert sock
    sock.sock.shutdown(2)
    service.thread = threading.Thread(target=service.server.serve_forever, args=(0.02,), daemon=True)
    service.thread.start()
    client.call("PutItem", **PUT)
    assert not waits
