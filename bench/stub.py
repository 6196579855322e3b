"""A stub of AWS on loopback: it responds to each call immediately, like the service, but stores nothing."""

import argparse
import asyncio
import json
import re
import ssl
import sys
from typing import override
from zlib import crc32

from devtools.local import CALLBACK_SECRET

ADDRESS = "127.0.0.1"
_ANSWERS = {
    "secretsmanager.GetSecretValue": json.dumps(
        {"ARN": "arn", "Name": "callback", "SecretString": CALLBACK_SECRET, "VersionStages": ["AWSCURRENT"]}
    ).encode()
}
_CREDENTIALS = json.dumps(
    {
        "AccessKeyId": "AKIDEXAMPLE",
        "SecretAccessKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "Token": "token",
        "Expiration": "2099-01-01T00:00:00Z",
    }
).encode()
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_TARGET = re.compile(rb"x-amz-target: *([A-Za-z0-9_.]+)", re.IGNORECASE)
_ENTRY = re.compile(rb"PublishBatchRequestEntries\.member\.\d+\.Id=([^&]*)")
_CONTINUE = re.compile(rb"expect: *100-continue", re.IGNORECASE)


def answer_to(head: bytes, body: bytes) -> bytes:
    """Return the HTTP response to a call to DynamoDB, Secrets Manager or SNS, or for a function's credentials."""
    target = _TARGET.search(head)
    if head.startswith(b"GET "):
        content, kind = _CREDENTIALS, b"application/json"
    elif target:
        content = _ANSWERS.get(target[1].decode(), b"{}")
        kind = b"application/x-amz-json-1.0"
    else:  # SNS uses the query protocol
        content, kind = _published(body), b"text/xml"
    return (
        b"HTTP/1.1 200 OK\r\nServer: Server\r\nContent-Type: %b\r\nContent-Length: %d\r\nConnection: keep-alive\r\n"
        b"x-amzn-RequestId: 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEF\r\nx-amz-crc32: %d\r\n\r\n%b"
        % (kind, len(content), crc32(content), content)
    )


def _published(body: bytes) -> bytes:
    members = b"".join(
        b"<member><Id>%b</Id><MessageId>00000000-0000-0000-0000-000000000000</MessageId></member>" % entry
        for entry in _ENTRY.findall(body)
    )
    return (
        b'<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult><Failed/>'
        b"<Successful>%b</Successful></PublishBatchResult><ResponseMetadata><RequestId>0</RequestId>"
        b"</ResponseMetadata></PublishBatchResponse>" % members
    )


class _Connection(asyncio.Protocol):
    """One keep-alive connection, with a delay for each response."""

    def __init__(self, wait: float) -> None:
        self._received, self._wait = b"", wait

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - tells the type checker
        self._transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = self._received[:end]
            length = _LENGTH.search(head)
            size = end + 4 + (int(length[1]) if length else 0)
            if len(self._received) < size:
                if _CONTINUE.search(head) and len(self._received) == end + 4:
                    self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                return
            body, self._received = self._received[end + 4 : size], self._received[size:]
            answer = answer_to(head, body)
            if self._wait:
                asyncio.get_running_loop().call_later(self._wait, self._transport.write, answer)
            else:
                self._transport.write(answer)


async def _serve(wait: float, certificate: str | None) -> None:
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(wait), ADDRESS, 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Exit with the process that started this one, however that ends.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.stub", description=__doc__)
    parser.add_argument("--wait", type=float, default=0, help="delay of each response, in seconds")
    parser.add_argument("--certificate", help="use TLS, with the certificate and key in this file")
    asked = parser.parse_args()
    asyncio.run(_serve(asked.wait, asked.certificate))
