"""The look at the log finds what must not be there, and does not repeat it."""

import pytest

from tests.fuzz.bodies import SECRET_MARK
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
        f'{{"password": "{SECRET_MARK}"}}',
        "Missed call from +15552345678",
        "sip:15552345678@192.0.2.1",
    ],
)
def test_secrets(line: str) -> None:
    """Tokens, right and wrong ones, secrets and phone numbers are found; what is said of them is masked."""
    (said,) = failures(line)
    assert not any(secret in said for secret in (TOKEN, WRONG_MARK, SECRET_MARK, "5552345678"))


@pytest.mark.parametrize(
    "line",
    [
        "Traceback (most recent call last):",
        '{"errorMessage": "...", "errorType": "KeyError"}',
        '{"level":"ERROR","message":"Delivery not kept."}',
        "Task timed out after 25.00 seconds",
    ],
)
def test_errors(line: str) -> None:
    """So are errors that nobody expected."""
    assert failures(line)


@pytest.mark.parametrize(
    "line", ['{"level":"WARNING","message":"Delivery refused"}', '{"event_id": "a15552345678b", "hook": "parking"}']
)
def test_ordinary_lines(line: str) -> None:
    """A warning is none, and digits in a hexadecimal id are no phone number."""
    assert failures(line) == []
