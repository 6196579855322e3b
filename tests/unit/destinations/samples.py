"""Items of the table of events."""


def call_item(revision: int, call: str = "c" * 32, **record: object) -> dict[str, object]:
    """Return the item of a revision of a call; it is final and missed unless the record says otherwise."""
    whole = {
        "call": call,
        "revision": revision,
        "final": True,
        "status": "missed",
        "direction": "inbound",
        "state": "ended",
        "started_at": "2026-09-21T14:13:00Z",
        "legs": [{"role": "phone"}],
        "missed_call": [],
        **record,
    }
    return {
        "event_id": f"call-{call}",
        "kind": "call",
        "hook": "call",
        "account_id": "0" * 32,
        "occurred_at": "2026-09-21T14:13:30Z",
        "received_at": "2026-09-21T14:13:31Z",
        "summary": f"Revision {revision}",
        "subject": f"call/{call}",
        "revision": revision,
        "payload": whole,
        "timeline_key": f"2026-09-21T14:13:00Z#{call}",
    }
