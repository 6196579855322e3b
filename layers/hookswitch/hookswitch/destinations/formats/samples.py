"""The event that shows whether a destination works: a missed call that nobody made."""

from datetime import UTC, datetime, timedelta

from hookswitch.calls.record import Call
from hookswitch.events.envelope import TYPE_PREFIX, Envelope
from hookswitch.events.items import timestamp, timestamp_of_seconds
from hookswitch.events.kinds import CALL

NUMBER, DIALED = "+15555550100", "+15555550199"  # numbers for fiction (NANPA, "555 Line Numbers")
WAITED, GREETING, SPOKE = 22, 10, 21  # seconds
SUMMARY = f"Test: missed call from Test Caller ({NUMBER}) to Test Office ({DIALED}), rang 22 s, left a voicemail"
REASON = "This is a test of hookswitch; nobody called. Of a call it would say: nobody answered, and a message was left."


def test_event(test_id: str, account_id: str, now: datetime) -> Envelope:
    """Return an event that each type of destination can be shown: a missed call with a voicemail, marked as a test.

    Args:
        test_id: 32 hexadecimal digits, new for each test, so that no receiver takes it for one that it knows.
        account_id: Of the stack.
        now: When the test is made, in UTC.
    """
    return {
        "specversion": "1.0",
        "id": f"test-{CALL}-{test_id}",
        "source": f"dash/{account_id}",
        "type": f"{TYPE_PREFIX}{CALL}",
        "time": timestamp(now),
        "datacontenttype": "application/json",
        "summary": SUMMARY,
        "receivedtime": timestamp(now),
        "subject": f"call/{test_id}",
        "data": test_call(test_id, account_id, now),
    }


def test_call(test_id: str, account_id: str, now: datetime) -> Call:
    """Return the record of the call that the test is about; it ended at the time of the test."""
    ended = now.astimezone(UTC).replace(microsecond=0)
    began = ended - timedelta(seconds=WAITED + GREETING + SPOKE)
    gave_up = began + timedelta(seconds=WAITED)
    ended_at, started_at, mailbox_at = (timestamp_of_seconds(int(at.timestamp())) for at in (ended, began, gave_up))
    return {
        "call": test_id,
        "account_id": account_id,
        "revision": 1,
        "state": "ended",
        "final": True,
        "complete": True,
        "status": "voicemail",
        "reason": REASON,
        "summary": SUMMARY,
        "direction": "inbound",
        "started_at": started_at,
        "ended_at": ended_at,
        "wait_seconds": WAITED,
        "duration_seconds": WAITED + GREETING + SPOKE,
        "from": {"number": NUMBER, "name": "Test Caller"},
        "to": {"number": DIALED, "name": "Test Office"},
        "requested": {"number": DIALED, "name": "Test Office"},
        "via": [{"kind": "voicemail", "at": mailbox_at, "mailbox": "test"}],
        "hangup_cause": "NORMAL_CLEARING",
        "hangup_code": "sip:200",
        "voicemail": {
            "id": f"test-{test_id}",
            "at": ended_at,
            "mailbox": "test",
            "seconds": SPOKE,
            "transcribed": False,
        },
        "missed_call": [],
        "faxes": [],
        "leg_count": 1,
        "legs": [
            {
                "leg": f"test-{test_id}",
                "role": "caller",
                "result": "ended",
                "direction": "inbound",
                "started_at": started_at,
                "answered_at": mailbox_at,
                "ended_at": ended_at,
                "party": {"number": NUMBER, "name": "Test Caller"},
                "hangup_cause": "NORMAL_CLEARING",
                "hangup_code": "sip:200",
            }
        ],
        "events": [],
    }
