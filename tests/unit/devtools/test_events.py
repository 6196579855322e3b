"""How `make events` shows events."""

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from devtools import events
from devtools.feeds import NAMES
from hookswitch.events.attributes import attribute, plain
from tests.unit.devtools.here import in_zone

ITEM: dict[str, Any] = {
    "event_id": "370c9ca2ab62ffaf2326f3f50115d65a",
    "hook": "outbound_fax_error",
    "account_id": "0" * 32,
    "occurred_at": "2026-11-25T04:30:00.000Z",
    "summary": "Fax from +15551234567 to +15557654321 failed",
}


def drawn(*items: dict[str, Any], width: int = 80) -> list[str]:
    """Return the lines of a table at some width."""
    got = io.StringIO()
    Console(file=got, width=width, highlight=False).print(events.table(items))
    return got.getvalue().splitlines()


@given(st.text(max_size=300), st.sampled_from(NAMES), st.integers(60, 200))
def test_one_line_an_event(summary: str, hook: str, width: int) -> None:
    """However long a summary is, and whatever is in it, its row is one line that fits."""
    lines = drawn(ITEM | {"summary": summary, "hook": hook}, ITEM, width=width)
    rows = [line for line in lines if line.startswith("Nov 2")]
    assert len(rows) == 2
    assert max(map(cell_len, lines)) <= width


def test_cropped() -> None:
    """An ellipsis ends what does not fit, and nothing that does."""
    (short,) = [line for line in drawn(ITEM, width=100) if "Fax" in line]
    (long,) = [line for line in drawn(ITEM, width=70) if "Fax" in line]
    assert short.rstrip().endswith("failed")
    assert long.rstrip().endswith("…")


def test_times_are_local() -> None:
    """Times are this machine's, and the header names its zone; both names around the end of summer time."""
    summer = ITEM | {"occurred_at": "2026-10-31T04:30:00.000Z"}
    with in_zone("America/New_York"):
        assert "time (EST)" in "\n".join(drawn(ITEM))
        assert "Nov 24 23:30:00" in "\n".join(drawn(ITEM))
        assert "time (EST/EDT)" in "\n".join(drawn(ITEM, summer))
        assert "Oct 31 00:30:00" in "\n".join(drawn(ITEM, summer))


values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.text()
    | st.integers(-(10**30), 10**30)
    | st.binary()
    | st.decimals("-9", "9", places=3),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(min_size=1), values))
def test_any_payload_as_json(payload: dict[str, Any]) -> None:
    """Whatever the table holds is one line of JSON, in ASCII, with the payload last."""
    line = events.as_json(ITEM | {"payload": plain(attribute(payload)), "body": b"\xff", "expires_at": Decimal(1)})
    assert line.isascii()
    assert "\n" not in line
    document = json.loads(line)
    assert next(iter(document)) == "event_id"
    assert list(document)[-1] == "payload"
    assert document["payload"].keys() == {name.encode("utf-8", "replace").decode() for name in payload}
    assert (document["body"], document["expires_at"]) == ("/w==", 1)


@given(st.text(max_size=60))
def test_any_summary_as_csv(summary: str) -> None:
    """A reader of CSV gets the columns back, one row an event."""
    with pytest.MonkeyPatch.context() as patch:
        got = io.StringIO()
        patch.setattr("sys.stdout", got)
        events.write_csv([ITEM | {"summary": f'{summary},"quoted"'}, ITEM])
    header, first, second = csv.reader(io.StringIO(got.getvalue(), newline=""))
    assert header == ["time", "hook", "account", "id", "summary", "subject"]
    assert first[4].endswith(',"quoted"')
    assert second == ["2026-11-25T04:30:00.000Z", ITEM["hook"], "0" * 32, ITEM["event_id"], ITEM["summary"], ""]
