"""Messages of voicemail boxes and the history of faxes as what their notifications would have sent."""

import random
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devtools.hook_types import payload_type
from hookswitch.errors import UnusableError
from hookswitch.payloads.base import Payload
from hookswitch.reconcile.fax import Fax, FaxHook, Folder
from hookswitch.reconcile.voicemail_message import VoicemailMessage
from simulator.attempts import UNIX_EPOCH_GREGORIAN
from simulator.payloads import DEFAULT_ACCOUNT_ID, payload
from tests.unit.reconcile.histories import fax_row, inbox_document, message_row, outbox_document

END = 1_795_000_037
NOT_KEPT = {*("msg_id", "node", "server_id", "system_log_id", "app_name", "app_version", "cluster_id")}
OUTBOX = [("outbound_fax", "completed"), ("outbound_fax_error", "failed")]


def sent(hook: str, **changed: Any) -> dict[str, Any]:
    """Return what a webhook sends."""
    return payload(hook, rng=random.Random(1), now=END, account_id=DEFAULT_ACCOUNT_ID, **changed)


def parsed(hook: str, fields: dict[str, Any]) -> Payload:
    """Return fields as a hook function reads them, without any that it can't use."""
    read, invalid = payload_type(hook).parse(fields)
    assert not invalid
    return read


@pytest.mark.parametrize("box", [True, False])
def test_message(box: bool) -> None:
    """A message has all that `voicemail_new` sends, and the same identity."""
    fields = sent("voicemail_new")
    message = VoicemailMessage.from_row(DEFAULT_ACCOUNT_ID, message_row(fields, box=box))
    not_kept = NOT_KEPT | (set() if box else {"voicemail_box"})
    assert message.to_fields() == {name: value for name, value in fields.items() if name not in not_kept}
    assert parsed("voicemail_new", message.to_fields()).identity() == parsed("voicemail_new", fields).identity()
    assert message.left_at == END


def test_message_with_text() -> None:
    """A message that was transcribed has its text."""
    text = {"result": "success", "text": "Call me back."}
    message = VoicemailMessage.from_row(
        DEFAULT_ACCOUNT_ID, message_row(sent("voicemail_new"), box=False) | {"transcription": text}
    )
    assert message.to_fields()["voicemail_transcription"] == text


@pytest.mark.parametrize(("hook", "status"), OUTBOX)
def test_outbox(hook: FaxHook, status: str) -> None:
    """A fax that was sent, or could not be, has what its notification sends but the call."""
    fields = sent(hook)
    fax = Fax.from_row(DEFAULT_ACCOUNT_ID, "outbox", fax_row(fields, status), outbox_document(fields))
    assert (fax.hook, fax.at) == (hook, END)
    found = fax.to_fields()
    expected = fields | {"fax_id": fields["fax_jobid"], "fax_info": fields["fax_info"] | {"fax_time_elapsed": 60}}
    not_kept = NOT_KEPT | {"call_id"}
    beyond = NOT_KEPT | ({"fax_result_code"} if hook == "outbound_fax_error" else set())
    assert {name: value for name, value in found.items() if name not in beyond} == {
        name: value for name, value in expected.items() if name not in not_kept
    }
    assert parsed(hook, found).subject() == parsed(hook, fields).subject()
    assert parsed(hook, found).identity() == parsed(hook, fields).identity()


@pytest.mark.parametrize(("hook", "status"), OUTBOX)
def test_outbox_without_documents(hook: FaxHook, status: str) -> None:
    """A row alone says whether the fax was sent, by whom and to whom."""
    fields = sent(hook)
    fax = Fax.from_row(DEFAULT_ACCOUNT_ID, "outbox", fax_row(fields, status))
    assert fax.hook == hook
    assert parsed(hook, fax.to_fields()).subject() == parsed(hook, fields).subject()
    assert fax.to_fields()["caller_id_number"] == fields["caller_id_number"]


def test_inbox() -> None:
    """A fax that was received is an event of the catch-all."""
    fields = sent("notifications", event_name="inbound_fax")
    fax = Fax.from_row(DEFAULT_ACCOUNT_ID, "inbox", fax_row(fields, None), inbox_document(fields))
    assert (fax.hook, fax.at) == ("notifications", END)
    found = fax.to_fields()
    not_kept = NOT_KEPT | {"from_realm", "to_realm", "fax_timezone"}
    assert {name: value for name, value in found.items() if name != "msg_id"} == {
        name: value for name, value in fields.items() if name not in not_kept
    }
    assert parsed("notifications", found).occurred_at() == parsed("notifications", fields).occurred_at()


def test_inbox_of_what_failed() -> None:
    """A fax whose reception failed has the error's event."""
    fields = sent("inbound_fax_error")
    fax = Fax.from_row(DEFAULT_ACCOUNT_ID, "inbox", fax_row(fields, None), inbox_document(fields))
    assert fax.hook == "inbound_fax_error"
    found = fax.to_fields()
    assert found["fax_error"] == fields["fax_error"]
    assert parsed(fax.hook, found).identity() == parsed(fax.hook, fields).identity()


def test_unusable() -> None:
    """The reason names what lacks."""
    row = fax_row(sent("outbound_fax"), "completed")
    for wrong, reason in (
        ({"id": ""}, "id: Field required."),
        ({"created": None}, "created: Field required."),
        ({"status": "processing"}, "status: The fax does not say whether it was sent."),
    ):
        with pytest.raises(UnusableError) as failed:
            Fax.from_row(DEFAULT_ACCOUNT_ID, "outbox", row | wrong)
        assert failed.value.reasons == (reason,)
    with pytest.raises(UnusableError, match="media_id: Field required"):
        VoicemailMessage.from_row(DEFAULT_ACCOUNT_ID, {"a-box": {"timestamp": END}})


@settings(max_examples=60)
@given(
    folder=st.sampled_from(get_args(Folder.__value__)),
    entry=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(
                    [
                        *(
                            "id",
                            "media_id",
                            "created",
                            "timestamp",
                            "status",
                            "from",
                            "length",
                            "tx_result",
                            "rx_result",
                        ),
                        *("success", "time_elapsed", "result_text", "notifications", "transcription"),
                    ]
                ),
                inner | st.sampled_from([END + UNIX_EPOCH_GREGORIAN, "completed"]),
                max_size=6,
            )
        ),
        max_leaves=8,
    ),
)
def test_anything_else(folder: Folder, entry: object) -> None:
    """Whatever the API answers is an entry whose fields the hook accepts, or unusable."""
    try:
        fax = Fax.from_row(DEFAULT_ACCOUNT_ID, folder, entry, entry)
        assert parsed(fax.hook, fax.to_fields()).identity()
    except UnusableError:
        pass
    try:
        message = VoicemailMessage.from_row(DEFAULT_ACCOUNT_ID, entry)
        assert parsed("voicemail_new", message.to_fields()).identity()
    except UnusableError:
        pass
