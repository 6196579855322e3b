"""CDRs as what the webhook `channel_destroy` would have sent."""

import random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from devtools.hook_types import payload_type
from hookswitch.errors import UnusableError
from hookswitch.payloads.base import Payload
from hookswitch.reconcile.cdr import Cdr
from simulator import cdrs
from simulator.attempts import UNIX_EPOCH_GREGORIAN
from simulator.payloads import DEFAULT_ACCOUNT_ID, payload

END = 1_795_000_037
REQUIRED = {"account_id", "call_id", "hook_event", "timestamp"}
RESOURCE = {"local_resource_used", "local_resource_id"}  # Kazoo takes them from the variables
BEYOND_THE_WEBHOOK = {"interaction_id", "bridge_id", "channel_created_time", "disposition", "media_server", "request"}
NOT_IN_A_CDR = {"cluster_id", "emergency_resource_used"}
NOT_IN_A_ROW = {
    *("hangup_code", "ringing_seconds", "authorizing_type", "reseller_id", "call_forwarded", "is_internal_leg"),
    *("local_resource_used", "local_resource_id", "custom_channel_vars", "custom_application_vars"),
}


def destroy(**changed: Any) -> dict[str, Any]:
    """Return what the webhook sends of a leg that ended."""
    return payload("channel_destroy", rng=random.Random(1), now=END, account_id=DEFAULT_ACCOUNT_ID, **changed)


def cdr_document(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the CDR of a leg whose end the webhook tells of."""
    document = cdrs.document(DEFAULT_ACCOUNT_ID, fields, None, END)
    return {"id": f"202611-{document['call_id']}"} | document


def cdr_row(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the same CDR as a listing has it."""
    return cdrs.listed(cdr_document(fields), is_older=False)


def parsed(fields: dict[str, Any]) -> Payload:
    """Return fields as the hook function reads them."""
    read, invalid = payload_type("channel_destroy").parse(fields)
    assert not invalid
    return read


partly = st.builds(
    lambda rng, left_out: {
        name: value
        for name, value in payload("channel_destroy", rng=rng, now=END, account_id=DEFAULT_ACCOUNT_ID).items()
        if name in REQUIRED or name not in left_out
    },
    st.randoms(use_true_random=False),
    st.sets(st.sampled_from(sorted(set(destroy()) - REQUIRED - RESOURCE))),
)


@settings(max_examples=25)
@given(fields=partly)
@example(fields=destroy(call_forwarded=True, is_internal_leg=True))
def test_a_document_has_all_that_the_webhook_sends(fields: dict[str, Any]) -> None:
    """The codec gives back what Kazoo made the CDR from, and the event has the same identity."""
    found = Cdr.from_document(fields["account_id"], cdr_document(fields)).to_fields()
    told = {name: value for name, value in found.items() if name not in BEYOND_THE_WEBHOOK}
    not_told = NOT_IN_A_CDR | (RESOURCE if "custom_channel_vars" not in fields else set())
    sent = {name: value for name, value in fields.items() if name not in not_told and value != {}}
    if not sent.get("is_internal_leg"):
        sent.pop("is_internal_leg", None)  # a CDR has it only of internal legs
    added = {"Call-Interaction-ID": found["interaction_id"], "Bridge-ID": found["bridge_id"]}
    assert told.pop("custom_channel_vars") == sent.pop("custom_channel_vars", {}) | added
    assert told == sent
    assert parsed(found).identity() == parsed(fields).identity()


@settings(max_examples=15)
@given(fields=partly)
def test_a_row_has_what_rows_have(fields: dict[str, Any]) -> None:
    """A row, whose time is that of the leg's beginning, gives the same event with fewer fields."""
    found = Cdr.from_row(fields["account_id"], cdr_row(fields)).to_fields()
    told = {name: value for name, value in found.items() if name not in BEYOND_THE_WEBHOOK | NOT_IN_A_ROW}
    left_out = NOT_IN_A_CDR | NOT_IN_A_ROW
    assert told == {name: value for name, value in fields.items() if name not in left_out}
    assert parsed(found).identity() == parsed(fields).identity()


def test_older_systems_send_strings() -> None:
    """Numbers and flags that are strings become numbers and flags."""
    document = cdr_document(destroy(is_internal_leg=True))
    assert isinstance(cdrs.older(document)["duration_seconds"], str)
    whole = Cdr.from_document(DEFAULT_ACCOUNT_ID, document).to_fields()
    older = Cdr.from_document(DEFAULT_ACCOUNT_ID, cdrs.older(document)).to_fields()
    assert older == {name: whole[name] for name in older}
    assert set(older) > REQUIRED | {"duration_seconds", "is_internal_leg", "custom_channel_vars"}


def test_when_a_leg_began_and_ended() -> None:
    """The beginning is known to the microsecond on newer systems, else by the duration."""
    document = cdr_document(destroy(duration_seconds=37))
    del document["channel_created_time"]
    read = Cdr.from_document(DEFAULT_ACCOUNT_ID, document)
    assert (read.started_at, read.ended_at) == (END - 37, END)
    exact = document | {"channel_created_time": (END - 38) * 1_000_000 + 750_000}
    assert Cdr.from_document(DEFAULT_ACCOUNT_ID, exact).started_at == END - 38
    row = cdrs.listed(exact, is_older=False)
    assert row["unix_timestamp_micro"] == f"{END - 38}.75"
    read = Cdr.from_row(DEFAULT_ACCOUNT_ID, row)
    assert (read.started_at, read.ended_at) == (END - 38, END)
    assert read.to_fields()["channel_created_time"] == (END - 38) * 1_000_000 + 750_000


def test_names_of_variables() -> None:
    """Variables have the names that webhooks have for them; what the payload has elsewhere is left out there."""
    variables = {
        *("call_interaction_id", "member_call_id", "queue_id", "bridge_id", "did_classifier"),
        *("account_id", "authorizing_type"),
    }
    document = cdr_document(destroy()) | {"custom_channel_vars": dict.fromkeys(variables, "x"), "interaction_id": ""}
    fields = Cdr.from_document(DEFAULT_ACCOUNT_ID, document).to_fields()
    assert set(fields["custom_channel_vars"]) == {
        *("Call-Interaction-ID", "Member-Call-ID", "Queue-ID", "Bridge-ID", "DID-Classifier")
    }
    assert (fields["interaction_id"], fields["authorizing_type"]) == ("x", "x")


def test_names_in_a_row() -> None:
    """A row has what its leg is joined by beside its other fields, and no variables."""
    row = cdr_row(destroy())
    fields = Cdr.from_row(DEFAULT_ACCOUNT_ID, row).to_fields()
    assert fields["bridge_id"] == row["bridge_id"] != ""
    assert fields["interaction_id"] == destroy()["custom_channel_vars"]["Call-Interaction-ID"]
    assert "custom_channel_vars" not in fields


@pytest.mark.parametrize(
    ("told", "is_internal"),
    [
        ({"channel_is_loopback": False}, False),
        ({"channel_name": "loopback/201"}, True),
        ({"channel_is_loopback": "true"}, True),
        ({"channel_name": "sofia/sipinterface_1/201"}, False),
        ({}, None),
    ],
)
def test_internal_legs(told: dict[str, Any], is_internal: bool | None) -> None:
    """A leg between two parts of a call is told by its flag or its channel's name."""
    read = Cdr.from_row(DEFAULT_ACCOUNT_ID, cdr_row(destroy()) | told)
    assert read.is_internal_leg is is_internal
    assert read.to_fields().get("is_internal_leg") is is_internal


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"call_id": ""}, "call_id: Field required."),
        ({"timestamp": None}, "timestamp: Field required."),
        ({"timestamp": "yesterday"}, "timestamp: Value error, not a time of the years 2000 to 2099"),
    ],
)
def test_what_makes_a_cdr_unusable(changed: dict[str, Any], reason: str) -> None:
    """The reason names the field, and no value."""
    for read, entry in ((Cdr.from_document, cdr_document(destroy())), (Cdr.from_row, cdr_row(destroy()))):
        with pytest.raises(UnusableError) as failed:
            read(DEFAULT_ACCOUNT_ID, entry | changed)
        assert failed.value.reasons[0].startswith(reason)
        assert "yesterday" not in str(failed.value)


def test_optional_fields_of_other_types() -> None:
    """They count as absent; nobody talks for longer than a month, or for less than nothing."""
    wrong = {"billing_seconds": -1, "ringing_seconds": 10**12, "from": ["x"], "custom_channel_vars": "x", "id": {}}
    fields = Cdr.from_document(DEFAULT_ACCOUNT_ID, cdr_document(destroy()) | wrong).to_fields()
    assert not {"billing_seconds", "ringing_seconds", "from"} & set(fields)
    assert fields["hangup_cause"] == destroy()["hangup_cause"]


@settings(max_examples=60)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        *("call_id", "timestamp", "duration_seconds", "unix_timestamp_micro", "direction", "from"),
                        *("custom_channel_vars", "account_id", "interaction_id"),
                    ]
                ),
                inner | st.just(END + UNIX_EPOCH_GREGORIAN),
                max_size=6,
            )
        ),
        max_leaves=8,
    )
)
def test_anything_else(entry: object) -> None:
    """Whatever the API answers is a CDR whose fields the hook accepts, or unusable."""
    for read in (Cdr.from_document, Cdr.from_row):
        try:
            cdr = read(DEFAULT_ACCOUNT_ID, entry)
        except UnusableError:
            continue
        assert parsed(cdr.to_fields()).account_id == DEFAULT_ACCOUNT_ID


def test_unknown_fields_are_kept() -> None:
    """A field of a newer system is there for whoever looks for it."""
    read = Cdr.from_document(DEFAULT_ACCOUNT_ID, cdr_document(destroy()) | {"fax_t38": True})
    assert (read.model_extra or {})["fax_t38"] is True
