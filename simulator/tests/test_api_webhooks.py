"""The API keeps and validates webhooks as the real one does."""

import pytest

from simulator.payloads import DEFAULT_ACCOUNT_ID
from simulator.tests.client import VALID, WEBHOOKS, Client


def test_a_webhook_is_created_with_defaults(call: Client) -> None:
    """The answer is the whole document, unknown fields included."""
    status, envelope = call("PUT", WEBHOOKS, VALID | {"type": "account", "action": "doc_created"})
    document = envelope["data"]
    assert status == 201
    assert len(document.pop("id")) == 32
    assert document == VALID | {
        "http_verb": "post",
        "format": "form-data",
        "retries": 2,
        "enabled": True,
        "include_internal_legs": True,
        "type": "account",
        "action": "doc_created",
    }


def test_a_chosen_id_is_kept_and_taken_once(call: Client) -> None:
    """The client's own id makes a creation safe to repeat: the second one conflicts."""
    assert call("PUT", WEBHOOKS, VALID | {"id": "mine"})[1]["data"]["id"] == "mine"
    status, envelope = call("PUT", WEBHOOKS, VALID | {"id": "mine"})
    assert (status, envelope["message"], envelope["error"]) == (409, "datastore_conflict", "409")
    assert call("GET", f"{WEBHOOKS}/mine")[1]["data"]["name"] == "n"


def test_the_list_shows_summaries_in_pages(call: Client) -> None:
    """Fifty webhooks to a page, each once, none of them whole."""
    for n in range(7):
        call("PUT", WEBHOOKS, VALID | {"id": f"hook{n}"})
    listed, path = [], f"{WEBHOOKS}?page_size=3"
    while True:
        envelope = call("GET", path)[1]
        listed += envelope["data"]
        if "next_start_key" not in envelope:
            break
        path = f"{WEBHOOKS}?page_size=3&start_key={envelope['next_start_key']}"
    assert [row["id"] for row in listed] == [f"hook{n}" for n in range(7)]
    assert listed[0] == {"id": "hook0", "enabled": True} | VALID


def test_a_page_has_fifty_entries_by_default(call: Client) -> None:
    """The fifty-first webhook is on the next page."""
    for n in range(51):
        call.api.dash.register(DEFAULT_ACCOUNT_ID, VALID | {"id": f"hook{n:02}"})
    envelope = call("GET", WEBHOOKS)[1]
    assert envelope["page_size"] == len(envelope["data"]) == 50
    assert envelope["next_start_key"]


def test_a_post_replaces_and_reenables(call: Client) -> None:
    """What a POST leaves out returns to its default, and the reason goes."""
    call("PUT", WEBHOOKS, VALID | {"id": "mine", "retries": 4, "custom_data": {"a": "b"}, "extra": 1})
    webhook = call.api.dash.webhooks()[0]
    webhook.disable()
    status, envelope = call("POST", f"{WEBHOOKS}/mine", VALID)
    assert status == 200
    assert envelope["data"]["retries"] == 2
    assert envelope["data"]["enabled"] is True
    assert not {"custom_data", "extra", "disable_reason"} & set(envelope["data"])


def test_a_patch_merges_and_keeps_the_rest(call: Client) -> None:
    """A PATCH changes what it names, whole values at a time, and leaves a webhook off that is off."""
    call("PUT", WEBHOOKS, VALID | {"id": "mine", "retries": 4, "custom_data": {"a": "b"}})
    call.api.dash.webhooks()[0].disable()
    data = call("PATCH", f"{WEBHOOKS}/mine", {"name": "new", "custom_data": {"c": "d"}})[1]["data"]
    assert (data["name"], data["retries"], data["custom_data"]) == ("new", 4, {"c": "d"})
    assert (data["enabled"], data["disable_reason"]) == (False, "too many failed attempts")
    assert "disable_reason" not in call("PATCH", f"{WEBHOOKS}/mine", {"enabled": True})[1]["data"]


def test_a_deleted_webhook_is_gone(call: Client) -> None:
    """A second DELETE does not find it."""
    call("PUT", WEBHOOKS, VALID | {"id": "mine"})
    assert call("DELETE", f"{WEBHOOKS}/mine")[0] == 200
    status, envelope = call("DELETE", f"{WEBHOOKS}/mine")
    assert (status, envelope["message"]) == (404, "bad_identifier")
    assert call("GET", f"{WEBHOOKS}/mine")[0] == 404


def test_a_collection_is_reenabled_at_once(call: Client) -> None:
    """Auto-disabled webhooks are re-enabled, those that were disabled by hand are not."""
    call("PUT", WEBHOOKS, VALID | {"id": "auto"})
    call("PUT", WEBHOOKS, VALID | {"id": "hand", "enabled": False})
    call.api.dash.webhooks()[0].disable()
    assert call("GET", WEBHOOKS)[1]["data"][0]["disable_reason"] == "too many failed attempts"
    assert call("PATCH", WEBHOOKS, {"re-enable": True})[0] == 200
    assert [row["enabled"] for row in call("GET", WEBHOOKS)[1]["data"]] == [True, False]
    assert call("PATCH", WEBHOOKS, {})[0] == 400


def test_all_invalid_fields_are_named_at_once(call: Client) -> None:
    """Each field has its rule, the rule a message."""
    wrong = {
        "hook": "parkign",
        "uri": "ftp://example.com",
        "http_verb": "patch",
        "format": "xml",
        "retries": 5,
        "enabled": "yes",
        "custom_data": {"n": 1},
    }
    status, envelope = call("PUT", WEBHOOKS, wrong)
    rules = {field: list(rule) for field, rule in envelope["data"].items()}
    assert (status, envelope["message"]) == (400, "validation error")
    assert rules == {
        "name": ["required"],
        "hook": ["enum"],
        "uri": ["error"],
        "http_verb": ["enum"],
        "format": ["enum"],
        "retries": ["maximum"],
        "enabled": ["type"],
        "custom_data.n": ["type"],
    }
    assert envelope["data"]["retries"]["maximum"]["message"]
    assert envelope["data"]["retries"]["maximum"]["target"] == 4


@pytest.mark.parametrize("custom_data", [None, {"x": "y"}, {"type": "missed_cal"}])
def test_a_notifications_webhook_needs_a_type(call: Client, custom_data: dict[str, str] | None) -> None:
    """Without one, or with one that does not exist, it is refused."""
    document = VALID | {"hook": "notifications"} | ({"custom_data": custom_data} if custom_data else {})
    status, envelope = call("PUT", WEBHOOKS, document)
    assert status == 400
    assert list(envelope["data"]) == ["custom_data.type"]
    assert call("PUT", WEBHOOKS, document | {"custom_data": {"type": "missed_call"}})[0] == 201


def test_an_older_system_lacks_format_patch_and_attempts(older: Client) -> None:
    """`format` is ignored, PATCH is not allowed, attempts are not found."""
    status, envelope = older("PUT", WEBHOOKS, VALID | {"id": "mine", "format": "json"})
    assert status == 201
    assert "format" not in envelope["data"]
    assert older("PATCH", f"{WEBHOOKS}/mine", {"name": "x"})[0] == 405
    assert older("PATCH", WEBHOOKS, {"re-enable": True})[0] == 405
    assert older("GET", f"{WEBHOOKS}/attempts")[0] == 404
    assert older("PUT", WEBHOOKS, VALID | {"http_verb": "put"})[0] == 400
