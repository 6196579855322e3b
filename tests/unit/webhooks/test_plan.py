"""What differs from what is wanted, the order of changes, and how they are applied."""

import pytest

from hookswitch.dash.client import DashClient
from hookswitch.errors import InvalidWebhookError, LeftBehindError
from hookswitch.webhooks.apply import apply_changes, delete_owned
from hookswitch.webhooks.desired import Desired
from hookswitch.webhooks.ownership import Ownership, list_owned
from hookswitch.webhooks.plan import Create, Plan, Update, differing_fields
from simulator.api import DashApi
from simulator.dash import Dash
from simulator.faults import Fault
from tests.unit.doubles import ACCOUNT, SECRET, properties

DESIRED = Desired.from_properties(properties())
OWNERSHIP = Ownership.of(DESIRED)
DOCUMENTS = DESIRED.documents(SECRET)


def changes_on(client: DashClient, desired: Desired = DESIRED, *before: Desired) -> Plan:
    """Return what differs at the moment."""
    ownership = Ownership.of(desired, *before)
    return Plan.between(list_owned(client, ACCOUNT, ownership), desired.documents(SECRET), ownership)


def in_line(client: DashClient, desired: Desired = DESIRED, *before: Desired) -> list[str]:
    """Make it right, check that it is, and return the changes as lines."""
    applied = apply_changes(client, ACCOUNT, changes_on(client, desired, *before))
    assert not changes_on(client, desired)
    return [str(change) for change in applied]


def test_new_domain(dash_client: DashClient) -> None:
    """A new address of the callbacks is an edit of the webhooks that are there."""
    in_line(dash_client)
    ids = {webhook["id"] for webhook in dash_client.webhooks(ACCOUNT)}
    moved = Desired.from_properties(properties(CallbackBaseUrl="https://hooks.example.com"))
    assert all(line.endswith(": uri") for line in in_line(dash_client, moved, DESIRED))
    assert {webhook["id"] for webhook in dash_client.webhooks(ACCOUNT)} == ids


@pytest.mark.parametrize(
    ("name", "value", "fields"),
    [
        ("NamePrefix", "Phones", ("name",)),
        ("HttpVerb", "get", ("http_verb",)),
        ("PayloadFormat", "form-data", ("format",)),
        ("Retries", "0", ("retries",)),
        ("IncludeSubaccounts", "true", ("include_subaccounts",)),
        ("IncludeInternalLegs", "false", ("include_internal_legs",)),
        ("CustomData", '{"site": "north"}', ("custom_data",)),
    ],
)
def test_each_value_is_edited(dash_client: DashClient, name: str, value: str, fields: tuple[str, ...]) -> None:
    """A change of the template edits just that field of each webhook, there and back."""
    in_line(dash_client)
    changed = Desired.from_properties(properties(**{name: value}))
    updates = [change for change in changes_on(dash_client, changed) if isinstance(change, Update)]
    assert [update.fields for update in updates] == [fields] * 3
    assert len(in_line(dash_client, changed)) == 3
    assert len(in_line(dash_client)) == 3


def test_new_before_old(dash_client: DashClient) -> None:
    """Creations come first, then edits, then removals: nothing that is wanted is ever unregistered."""
    in_line(dash_client)
    other = Desired.from_properties(properties(Hooks="parking,register,deregister", Retries="1"))
    assert [line.split(" (", maxsplit=1)[0] for line in in_line(dash_client, other)] == [
        "create Hookswitch register",
        "create Hookswitch deregister",
        "update Hookswitch parking",
        "delete Hookswitch channel_create",
        "delete Hookswitch missed_call",
    ]


@pytest.mark.parametrize("reason", [None, "too many failed attempts"])
def test_what_is_off_is_switched_on(dash: Dash, dash_client: DashClient, reason: str | None) -> None:
    """A webhook that is off is an edit that says why it was; on Dash the reason goes away."""
    in_line(dash_client)
    webhook = dash.webhooks(ACCOUNT)[0]
    webhook.disable(reason or "")
    webhook.disable_reason = reason
    (change,) = changes_on(dash_client)
    assert isinstance(change, Update)
    assert (change.fields, change.disable_reason) == (("enabled",), reason)
    in_line(dash_client)
    assert dash.webhooks(ACCOUNT)[0].disable_reason is None


def test_adopts_and_keeps_what_others_added(dash: Dash, dash_client: DashClient) -> None:
    """What an interrupted try left is taken over, not doubled; a field that we don't know stays."""
    half = {**DOCUMENTS["parking"], "retries": 1, "ui_metadata": {"version": "4.3"}}
    dash.register(ACCOUNT, half)
    lines = in_line(dash_client)
    assert len(dash.webhooks(ACCOUNT)) == 3
    assert f"update {half['name']}: retries" in lines
    (parking,) = [webhook for webhook in dash.webhooks(ACCOUNT) if webhook.hook == "parking"]
    assert parking.document()["ui_metadata"] == {"version": "4.3"}


def test_method_that_somebody_chose(dash: Dash, dash_client: DashClient) -> None:
    """A webhook that somebody set to PUT gets the template's method back."""
    in_line(dash_client)
    webhook = dash.webhooks(ACCOUNT)[0]
    webhook.http_verb = "put"
    (change,) = changes_on(dash_client)
    assert isinstance(change, Update)
    assert change.fields == ("http_verb",)
    in_line(dash_client)
    assert dash.webhooks(ACCOUNT)[0].http_verb == "post"


def test_doubles_are_removed(dash: Dash, dash_client: DashClient) -> None:
    """Of two for one hook the one stays that has least to be edited."""
    dash.register(ACCOUNT, {**DOCUMENTS["parking"], "retries": 1, "id": "0"})
    dash.register(ACCOUNT, {**DOCUMENTS["parking"], "id": "1"})
    in_line(dash_client)
    assert dash.webhook(ACCOUNT, "1")
    assert not dash.webhook(ACCOUNT, "0")


def test_older_system_settles(dash: Dash, dash_client: DashClient) -> None:
    """A Dash that drops `format` at every edit is not edited for ever."""
    dash.legacy = True
    in_line(dash_client)
    assert "format" not in dash.webhooks(ACCOUNT)[0].document()
    assert in_line(dash_client) == []
    assert in_line(dash_client, Desired.from_properties(properties(PayloadFormat="form-data"))) == []


def test_defaults_are_no_differing_fields() -> None:
    """A document that leaves out what is wanted anyway is as wanted."""
    wanted = DESIRED.documents(SECRET)["parking"]
    short = {"id": "1", "name": wanted["name"], "hook": "parking", "uri": wanted["uri"], "retries": 3}
    assert differing_fields(short, wanted) == ()
    assert differing_fields({**short, "custom_data": {"a": "b"}}, wanted) == ("custom_data",)


def test_removed_while_we_look(dash: Dash, dash_client: DashClient) -> None:
    """One that somebody removes before it is edited is made again."""
    in_line(dash_client)
    changes = changes_on(dash_client, Desired.from_properties(properties(Retries="1")))
    dash.remove(dash.webhooks(ACCOUNT)[0].id)
    apply_changes(dash_client, ACCOUNT, changes)
    assert not changes_on(dash_client, Desired.from_properties(properties(Retries="1")))


def test_log_says_what_was_applied_before_an_error(
    api: DashApi, dash_client: DashClient, caplog: pytest.LogCaptureFixture
) -> None:
    """Each change that was applied before an error is in the log."""
    api.faults.add(Fault("PUT", "webhooks$", after=2, status=400, message="no"))
    with caplog.at_level("INFO"), pytest.raises(InvalidWebhookError):
        apply_changes(dash_client, ACCOUNT, changes_on(dash_client))
    applied = [record.getMessage() for record in caplog.records]
    assert applied == [f"Applied: create {DOCUMENTS[hook]['name']}" for hook in ("channel_create", "parking")]


def test_change_shows_no_token(dash_client: DashClient) -> None:
    """Neither the line nor the representation of a change has a token."""
    change, *_ = changes_on(dash_client)
    assert isinstance(change, Create)
    assert change.document["uri"].rpartition("/")[2] not in f"{change} {change!r}"


def test_remove(dash: Dash, dash_client: DashClient) -> None:
    """Ours go, others stay, and a second time nothing is left to do."""
    in_line(dash_client)
    dash.register(ACCOUNT, {"name": "Other", "hook": "parking", "uri": "https://example.com/"})
    assert len(delete_owned(dash_client, ACCOUNT, OWNERSHIP)) == 3
    assert delete_owned(dash_client, ACCOUNT, OWNERSHIP) == []
    assert [webhook.name for webhook in dash.webhooks(ACCOUNT)] == ["Other"]


def test_remove_names_what_is_left(api: DashApi, dash_client: DashClient) -> None:
    """One that can't be removed holds up no other, and is named with the reason."""
    in_line(dash_client)
    stuck = api.dash.webhooks(ACCOUNT)[0]
    api.faults.add(Fault("DELETE", stuck.id, count=None, status=500))
    with pytest.raises(LeftBehindError) as caught:
        delete_owned(dash_client, ACCOUNT, OWNERSHIP)
    assert str(caught.value).startswith(f"These webhooks are left on the Dash account {ACCOUNT}: {stuck.name}. Dash is")
    assert api.dash.webhooks(ACCOUNT) == [stuck]


def test_remove_waits_for_what_comes_late(dash: Dash, dash_client: DashClient) -> None:
    """A creation that comes true after the account looked empty is removed as well."""
    late = [DOCUMENTS["parking"]]

    def settle() -> None:
        if late:
            dash.register(ACCOUNT, late.pop())

    assert len(delete_owned(dash_client, ACCOUNT, OWNERSHIP, settle=settle)) == 1
    assert not dash.webhooks(ACCOUNT)
