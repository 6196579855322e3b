"""Logs a call in HubSpot, at the contact with the caller's number: what `take` in receiver.py can do with a call.

HubSpot wants a private app's token with the scopes crm.objects.contacts.read and crm.objects.contacts.write. The calls
API: https://developers.hubspot.com/docs/api/crm/calls
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.request import Request, urlopen

API = "https://api.hubapi.com"
CALL_TO_CONTACT = 194  # the type of the association, as HubSpot numbers it
STATUSES = {"answered": "COMPLETED", "busy": "BUSY", "failed": "FAILED", "abandoned": "CANCELED"}  # else NO_ANSWER
LOCAL_DIGITS = 10  # HubSpot finds numbers of North America without their country code


def log_call(call: Mapping[str, Any], token: str, api: str = API) -> str:
    """Log a call, and return the id that it has in HubSpot.

    Args:
        call: The `data` of an event of the type com.virtualpbx.dash.call, once it is final.
        token: The private app's.
        api: HubSpot's address; another one for tests.

    Raises:
        OSError: HubSpot does not take it. Let the error go, and hookswitch sends the call again.
    """
    inbound = call["direction"] == "inbound"
    numbers = [str((call.get(role) or {}).get("number", "")) for role in ("from", "to")]
    logged = {
        "properties": {
            "hs_timestamp": call["started_at"],
            "hs_call_title": call["summary"],
            "hs_call_body": f"{call.get('reason', '')} (call {call['call']})",
            "hs_call_direction": "INBOUND" if inbound else "OUTBOUND",
            "hs_call_status": STATUSES.get(str(call.get("status")), "NO_ANSWER"),
            "hs_call_duration": 1000 * int(call.get("talk_seconds", 0)),  # milliseconds
            "hs_call_from_number": numbers[0],
            "hs_call_to_number": numbers[1],
        },
        "associations": [
            {
                "to": {"id": contact},
                "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": CALL_TO_CONTACT}],
            }
            for contact in contacts(numbers[0 if inbound else 1], token, api)
        ],
    }
    return str(ask(f"{api}/crm/v3/objects/calls", logged, token)["id"])


def contacts(number: str, token: str, api: str = API) -> list[str]:
    """Return the ids of the contacts with a number, at most ten."""
    digits = "".join(filter(str.isdigit, number))[-LOCAL_DIGITS:]
    if len(digits) < LOCAL_DIGITS:  # an extension, or a caller who hides the number
        return []
    wanted = {"propertyName": "hs_searchable_calculated_phone_number", "operator": "EQ", "value": digits}
    query = {"filterGroups": [{"filters": [wanted]}], "properties": [], "limit": 10}
    return [found["id"] for found in ask(f"{api}/crm/v3/objects/contacts/search", query, token)["results"]]


def ask(url: str, question: Mapping[str, Any], token: str) -> Any:
    """Return HubSpot's answer."""
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    with urlopen(Request(url, json.dumps(question).encode(), headers), timeout=10) as answer:  # noqa: S310 - HubSpot's
        return json.load(answer)
