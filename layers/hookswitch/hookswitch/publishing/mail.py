"""What an event says in an e-mail: its summary, and then a few lines.

Callers choose their name and number, and we send both to people in our own name. So no text from outside becomes a line
of its own, nor a link.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from hookswitch.events.kinds import CALL
from hookswitch.payloads.text import duration, one_line, somebody

_LINK = re.compile(r"(?P<scheme>:(?=//))|(?P<dot>\.(?=[^\W\d_]))")


def mail_text(item: Mapping[str, Any], summary: str) -> str:
    """Return the text of an e-mail about an event's or a call's item.

    Raises:
        ArithmeticError, LookupError, TypeError, ValueError: The item is neither.
    """
    lines = _lines_of_call(item) if item.get("kind") == CALL else _lines(item)
    return "\n".join([unlinked(summary), "", *(unlinked(one_line(line)) for line in lines), ""])


def unlinked(text: str) -> str:
    """Return text that mail programs and telephones don't turn into links."""
    return _LINK.sub(lambda found: f"[{found[0]}]", text)


def _lines(item: Mapping[str, Any]) -> Iterator[str]:
    yield str(item["occurred_at"])
    yield f"Account {item['account_id']}"
    yield f"Event {item['event_id']}"


def _lines_of_call(item: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a person wants to know before they call back, as far as it is known."""
    call = item["payload"]
    yield f"When: {datetime.fromisoformat(call['started_at']):%Y-%m-%d %H:%M:%S} UTC"
    for label, party in (("From", call.get("from")), ("To", call.get("to"))):
        if party and (who := somebody(party.get("name"), party.get("number"))):
            yield f"{label}: {who}"
    if call.get("wait_seconds"):
        yield f"Waited: {duration(int(call['wait_seconds']))}"
    if message := call.get("voicemail"):
        length = duration(int(message["seconds"])) if "seconds" in message else "of unknown length"
        yield f"Voicemail: {length}"
    if reason := call.get("reason"):
        yield f"Reason: {reason}"
    yield f"Account: {call['account_id']}"
    yield f"Call: {call['call']}"
