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
from simulator import messages
from simulator.attempts import UNIX_EPOCH_GREGORIAN
from simulator.payloads import DEFAULT_ACCOUNT_ID, payload
from simulator.steps import LegFacts

END = 1_795_000_037
BEGAN = END - 60
NOT_KEPT = {*("msg_id", "node", "server_id", "system_log_id", "app_name", "app_version", "cluster_id")}


def sent(hook: str, **changed: Any) -> dict[str, Any]:
    """Return what a webhook sends."""
    return payload(hook, rng=random.Random(1), now=END, account_id=DEFAULT_ACCOUNT_ID, **changed)


def parsed(hook: str, fields: dict[str, Any]) -> Payload:
    """Return fields as a hook function reads them, without any that it can't use."""
    read, invalid = payload_type(hook).parse(fields)
    assert not invalid
    return read


def fax_of(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the document of a fax that a notification tells of; listings have the same."""
    return messages.fax(fields, LegFacts("63962219177-0a1b2c3d", BEGAN, "the-leg"), END)


@pytest.mark.parametrize("by_box", [True, False])
def test_message(by_box: bool) -> None:
    """A message has all that `voicemail_new` sends, and the same identity."""
    fields = sent("voicemail_new")
    entry = messages.listed_message(messages.message(fields, END))
    row = {fields["voicemail_box"]: entry} if by_box else entry
    message = VoicemailMessage.from_row(DEFAULT_ACCOUNT_ID, row)
    not_kept = NOT_KEPT | (set() if by_box else {"voicemail_box"})
    assert message.to_fields() == {name: value for name, value in fields.items() if name not in not_kept}
    assert parsed("voicemail_new", message.to_fields()).identity() == parsed("voicemail_new", fields).identity()
    assert message.left_at == END


def test_message_with_text() -> None:
    """A message that is read as a whole has its text."""
    text = {"result": "success", "text": "Call me back."}
    whole = messages.whole_message(messages.message(sent("voicemail_new", voicemail_transcription=text), END))
    message = VoicemailMessage.from_row(DEFAULT_ACCOUNT_ID, whole)
    assert message.to_fields()["voicemail_transcription"] == text


@pytest.mark.parametrize("hook", ["outbound_fax", "outbound_fax_error"])
def test_outbox(hook: FaxHook) -> None:
    """A fax that was sent, or could not be, has what its notification sends, but for the call."""
    fields = sent(hook)
    document = fax_of(fields)
    fax = Fax.from_row(DEFAULT_ACCOUNT_ID, "outbox", document, document)
    assert (fax.hook, fax.at) == (hook, END)
    found = fax.to_fields()
    info = {f"fax_{name}": value for name, value in document["tx_result"].items()}
    assert info == info | fields["fax_info"] | {"fax_success": fields["fax_info"]["fax_success"]}
    expected = fields | {"fax_id": fields["fax_jobid"], "fax_info": info}
    beyond = NOT_KEPT | ({"fax_result_code"} if hook == "outbound_fax_error" else set())
    assert {name: value for name, value in found.items() if name not in beyond} == {
        name: value for name, value in expected.items() if name not in NOT_KEPT | {"call_id"}
    }
    assert parsed(hook, found).subject() == parsed(hook, fields).subject()
    assert parsed(hook, found).identity() == parsed(hook, fields).identity()


@pytest.mark.parametrize("hook", ["outbound_fax", "outbound_fax_error"])
def test_outbox_of_older_systems(hook: FaxHook) -> None:
    """A row with nothing but the summary says whether the fax was sent, by whom and to whom."""
    fields = sent(hook)
    row = {name: value for name, value in fax_of(fields).items() if name in {"id", "status", "to", "from", "created"}}
    fax = Fax.from_row(DEFAULT_ACCOUNT_ID, "outbox", row)
    assert (fax.hook, fax.at) == (hook, BEGAN)
    assert parsed(hook, fax.to_fields()).subject() == parsed(hook, fields).subject()
    assert fax.to_fields()["caller_id_number"] == fields["caller_id_number"]


def test_inbox() -> None:
    """A fax that was received is an event of the catch-all."""
    fields = sent("notifications", event_name="inbound_fax")
    fax = Fax.from_row(DEFAULT_ACCOUNT_ID, "inbox", fax_of(fields))
    assert (fax.hook, fax.at) == ("notifications", END)
    found = fax.to_fields()
    not_kept = NOT_KEPT | {"from_realm", "to_realm", "fax_timezone"}
    assert {name: value for name, value in found.items() if name != "msg_id"} == {
        name: value for name, value in fields.items() if name not in not_kept
    }
    assert parsed("notifications", found).occurred_at() == parsed("notifications", fields).occurred_at()


def test_inbox_of_what_failed() -> None:
    """A fax in the inbox whose result is a failure has the error's event."""
    document = fax_of(sent("notifications", event_name="inbound_fax"))
    failed = document | {"rx_result": {"success": "false", "result_text": "The call dropped", "result_code": 49}}
    fax = Fax.from_row(DEFAULT_ACCOUNT_ID, "inbox", failed)
    assert fax.hook == "inbound_fax_error"
    found = fax.to_fields()
    assert (found["fax_error"], found["fax_result_code"]) == ("The call dropped", "49")
    assert parsed(fax.hook, found).identity()


def test_unusable() -> None:
    """The reason names what lacks."""
    row = {name: value for name, value in fax_of(sent("outbound_fax")).items() if name != "tx_result"}
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
