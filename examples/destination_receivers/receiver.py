"""Receives what a destination of the type https is sent: a small server that needs nothing but Python 3.11 or later.

HOOKSWITCH_SECRET=whsec_... PORT=8080 python3 receiver.py
"""

import base64
import hashlib
import hmac
import json
import os
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE = 300  # seconds by which the sender's clock and ours may differ
LARGEST = 2 * 1024 * 1024  # bytes of a body

known: set[str] = set()  # in production: a table of yours, with the id as its key


def is_authentic(headers: Mapping[str, str], body: bytes, secret: str, now: float) -> bool:
    """Tell whether a request was signed with the secret, within the last minutes (https://www.standardwebhooks.com)."""
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdecimal() and abs(now - int(timestamp)) <= TOLERANCE):
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body  # the body as it came, before anything parses it
    expected = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    signatures = headers.get("webhook-signature", "").split(" ")  # two of them while a secret is replaced
    return any(hmac.compare_digest(expected.encode(), signature.encode()) for signature in signatures)


def take(event: Mapping[str, object]) -> None:
    """Do with an event what you want to be done; if this raises, the event comes again."""
    print(json.dumps({"id": event["id"], "type": event["type"]}), flush=True)


class Receiver(BaseHTTPRequestHandler):
    """Answers within the 15 seconds that hookswitch waits; work that takes longer belongs in a queue."""

    def do_POST(self) -> None:
        """Take an event once."""
        length = int(self.headers.get("content-length") or 0)
        if length > LARGEST:
            self.answer(413)
            return
        body = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        if not is_authentic(headers, body, os.environ["HOOKSWITCH_SECRET"], time.time()):
            self.answer(401)
            return
        message_id = headers["webhook-id"]
        if message_id not in known:  # the same event can come twice
            take(json.loads(body))
            known.add(message_id)
        self.answer(204)

    def answer(self, status: int) -> None:
        """Answer with a status alone."""
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log no requests: they are about people."""


if __name__ == "__main__":
    if not os.environ.get("HOOKSWITCH_SECRET", "").startswith("whsec_"):
        raise SystemExit("Set HOOKSWITCH_SECRET to the destination's secret, which begins with whsec_.")
    ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8080"))), Receiver).serve_forever()
