"""The look at the log finds what must not be there, and does not repeat it."""

import pytest

from simulator.confidential import MARK
from tests.fuzz.logscan import LogScan
from tests.fuzz.requests import WRONG_MARK

TOKEN = "the-token-of-a-webhook"


def failures(line: str) -> list[str]:
    """Look at one line."""
    scan = LogScan([TOKEN])
    scan.look([line])
    return scan.failures


@pytest.mark.parametrize(
    "line",
    [
        f"/hooks/parking/{TOKEN}",
        f"/hooks/parking/{WRONG_MARK}123",
        f'{{"password": "{MARK}"}}',
        "Missed call from +15552345678",
        "sip:15552345678@192.0.2.1",
        '{"call_id": "15552345678", "summary": "Call from 15552345678"}',
        '{"call_id": "a\\"b", "caller": "+15552345678"}',
    ],
)
def test_secrets(line: str) -> None:
    """Tokens, right and wrong ones, secrets and phone numbers are found; what is said of them is masked."""
    (said,) = failures(line)
    assert not any(secret in said for secret in (TOKEN, WRONG_MARK, MARK, "5552345678"))


@pytest.mark.parametrize(
    "line",
    [
        "Traceback (most recent call last):",
        '{"errorMessage": "...", "errorType": "KeyError"}',
        '{"level":"ERROR","message":"Delivery not stored."}',
        "Task timed out after 25.00 seconds",
    ],
)
def test_errors(line: str) -> None:
    """So are errors that nobody expected."""
    assert failures(line)


@pytest.mark.parametrize(
    "line",
    [
        '{"level":"WARNING","message":"Delivery refused"}',
        '{"event_id": "a15552345678b", "hook": "parking"}',
        '{"hook":"parking","call_id":"+15552345678","outcome":"stored"}',
        '{"call_id": "a\\"+15552345678"}',
    ],
)
def test_ordinary_lines(line: str) -> None:
    """A warning is none; digits in a hexadecimal id are no phone number, and neither is what is sent as a call's id."""
    assert failures(line) == []
