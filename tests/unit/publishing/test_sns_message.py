"""The messages that SNS gets."""

import json
import re
from itertools import chain
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hookswitch.publishing.sns_message import _ATTRIBUTES, MAX_SIZE, batches, entry_size, to_entry
from tests.unit.events.test_cloudevent import ITEM

TABLE = "the-table"


def test_people_get_the_summary() -> None:
    """An SMS is the summary, an e-mail has it in its subject and its first line."""
    entry = to_entry(ITEM, TABLE)
    message = json.loads(entry["Message"])
    assert message["sms"] == entry["Subject"] == ITEM["summary"]
    assert message["email"].splitlines()[0] == ITEM["summary"]


def test_attributes() -> None:
    """Subscribers filter by hook, account, direction and alert; an attribute that is empty is left out."""
    values = {name: value["StringValue"] for name, value in to_entry(ITEM, TABLE)["MessageAttributes"].items()}
    assert values == {
        "hook": "channel_destroy",
        "account_id": "a" * 32,
        "call_direction": "inbound",
        "alert": "false",
    }
    assert "call_direction" not in to_entry(ITEM | {"call_direction": ""}, TABLE)["MessageAttributes"]
    assert to_entry(ITEM | {"alert": True}, TABLE)["MessageAttributes"]["alert"]["StringValue"] == "true"


def test_a_queue_takes_all_attributes() -> None:
    """A queue with raw delivery, such as that of destinations, takes ten attributes: SNS drops a message with more.

    Source: Amazon SNS Developer Guide, "Raw message delivery".
    """
    assert len(_ATTRIBUTES) <= 10


def test_too_large() -> None:
    """An event that SNS would not take goes out without its data, and says where that is."""
    entry = to_entry(ITEM | {"payload": {"text": '"' * MAX_SIZE}}, TABLE)
    event = json.loads(json.loads(entry["Message"])["default"])
    assert "data" not in event
    assert event["dataref"] == f"dynamodb:the-table/{'0' * 32}"
    assert entry_size(entry) <= MAX_SIZE


@given(st.text())
def test_subject_line(summary: str) -> None:
    """Whatever a summary holds, the subject is what SNS takes: printable ASCII, fewer than 100 characters."""
    subject = to_entry(ITEM | {"summary": summary}, TABLE)["Subject"]
    assert 0 < len(subject) < 100
    assert subject.isascii()
    assert subject.isprintable()
    assert not subject.startswith(" ")


# Characters of which each has broken something: markup, line breaks of every kind, escapes, overrides, noncharacters.
HOSTILE = st.text(
    st.sampled_from("a. :/\r\n\t\v\x00\x07\x1b\x7f\x85\x9b\u2028\u200b\u202e\u2066\ufffe\uffff\U0001fffeé😀")
)
XML = re.compile("[\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")  # what SQS takes (SQS, SendMessage)


@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_hostile_text(name: str, direction: str, account: str, call: str) -> None:
    """Whatever a caller chooses, each text is one that SNS and a raw subscriber's queue take, and the data is kept."""
    hostile = {"summary": f"Call from {name}", "call_direction": direction, "account_id": account}
    entry = to_entry(ITEM | hostile | {"subject": f"call/{call}", "payload": {"caller_id_name": name}}, TABLE)
    message = json.loads(entry["Message"])
    event = json.loads(message["default"])
    assert event["data"]["caller_id_name"] == name
    texts = [value["StringValue"] for value in entry["MessageAttributes"].values()]
    assert all(texts)
    for line in (*texts, event["summary"], entry["Subject"], message["sms"]):
        assert line.isprintable()
    for text in (*texts, *message.values(), entry["Message"]):
        assert XML.fullmatch(text)
    assert not re.search("[\x00-\x1f\x7f-\x9f\ufffe\uffff]", event["source"] + event["subject"])
    assert len(message["email"].splitlines()) == 5


def test_number_that_is_an_address() -> None:
    """A number that is an address with line breaks is one line, and no link, in what people get."""
    number = "15551234567\r\n\r\nYour mailbox is full: https://evil.example/renew?u=www.example.com"
    message = json.loads(to_entry(ITEM | {"summary": f"Missed call from {number} to 100"}, TABLE)["Message"])
    expected = (
        "Missed call from 15551234567 Your mailbox is full: https[:]//evil[.]example/renew?u=www[.]example[.]com to 100"
    )
    assert message["email"].splitlines()[0] == message["sms"] == expected


@given(st.lists(st.integers(1, MAX_SIZE), max_size=40))
def test_limits_of_a_batch(sizes: list[int]) -> None:
    """No batch has more entries or bytes than SNS takes, and together they hold every entry once, in order."""
    entries: list[Any] = [
        {"Id": str(number), "Message": "x" * (size - 1), "Subject": "s", "MessageAttributes": {}}
        for number, size in enumerate(sizes)
    ]
    found = batches(entries)
    assert list(chain.from_iterable(found)) == entries
    assert all(1 <= len(batch) <= 10 for batch in found)
    assert all(sum(len(entry["Message"]) + 1 for entry in batch) <= MAX_SIZE for batch in found)
