"""Which webhooks a stack owns, and what they are called in logs."""

import pytest

from hookswitch.webhooks.desired import Desired
from hookswitch.webhooks.ownership import Ownership
from tests.unit.doubles import SECRET, properties

DESIRED = Desired.from_properties(properties())
OWNERSHIP = Ownership.of(DESIRED)
DOCUMENTS = DESIRED.documents(SECRET)


@pytest.mark.parametrize(
    ("name", "uri", "is_ours"),
    [
        (f"Anything {DESIRED.mark}", "https://example.com/", True),
        ("Made by hand", f"{DESIRED.addresses[0]}parking/token", True),
        ("Made by hand", "https://example.com/hooks/parking/token", False),
        ("Made by hand", DESIRED.addresses[0].replace("/v1/", "/v10/"), False),
        (f"Not at the end {DESIRED.mark} at all", "https://example.com/", False),
        ("Hookswitch parking (other 01234567)", "https://example.com/", False),
        ("Hookswitch parking (phones 01234567)", f"{DESIRED.addresses[0]}parking/token", False),
    ],
)
def test_ownership(name: str, uri: str, *, is_ours: bool) -> None:
    """Our name or else our address makes a webhook ours; another stack's name makes it that stack's."""
    assert OWNERSHIP.owns({"name": name, "uri": uri}) is is_ours


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (DOCUMENTS["parking"]["name"], DOCUMENTS["parking"]["name"]),
        ("Copy for Anna, +15551234567", "Copy for Anna, […]"),
        (f"https://example.com/hooks/parking/token {DESIRED.mark}", f"[…] {DESIRED.mark}"),
    ],
)
def test_shown_name(name: str, shown: str) -> None:
    """A name that somebody gave a webhook of ours is told without the numbers and addresses in it."""
    assert OWNERSHIP.display_name({"name": name}) == shown
