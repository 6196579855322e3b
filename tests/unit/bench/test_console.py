"""What the measurement of the console asks, on tables in memory; and the page that it writes."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pytest

from bench import console, stored_calls
from bench.console import BARE, DEEP, LIST, Answer, document, measured
from bench.stored_calls import IN_PROGRESS, StoredCalls
from devtools.console.serve import TABLE
from devtools.console.table import MemoryTables
from hookswitch.aws import clients

COUNT = 200
STORED = StoredCalls(COUNT, datetime(2026, 11, 26, 18, tzinfo=UTC))


class Tables(MemoryTables):
    """Takes batches, too."""

    def batch_write_item(self, *, RequestItems: dict[str, Any]) -> None:
        """Do as DynamoDB does."""
        ((table, asked),) = RequestItems.items()
        for each in asked:
            self.put_item(TableName=table, Item=each["PutRequest"]["Item"])


def test_each_answer_has_what_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole pages, also deep in the past, the calls in progress, a call with its events, and a whole day's chart."""
    monkeypatch.setattr(clients, "dynamodb", clients.dynamodb)  # is put back
    for name, few in (("A_DAY", 150), ("KINDS", 40), ("INDEXED", 2)):
        monkeypatch.setattr(stored_calls, name, few)
    tables = Tables()
    console._write(tables, STORED)  # noqa: SLF001 - without an emulator
    calls = [item for item in tables.tables[TABLE].values() if item["kind"]["S"] == "call"]
    assert len(calls) == COUNT + IN_PROGRESS + 1
    found = {answer.what: answer for answer in measured(tables, STORED, 1)}
    assert found[BARE].ratio == 1
    assert found[BARE].rows == found[LIST].rows == found["the calls of a whole day"].rows == 50
    assert found["a page deep in the past, by its cursor"].rows == COUNT - int(COUNT * DEEP) - 1
    assert found["the calls of a number"].rows > 0
    assert 0 < found["the missed calls of a day"].rows < 50
    assert found["its events with their payloads"].rows >= 6
    assert found["the chart of a day"].rows == 24


def test_page_is_what_its_data_make() -> None:
    """It is not edited by hand: its figures are in the JSON beside it, its words in the template."""
    found = json.loads(console.DATA.read_text())
    assert found["calls"] >= console.MANY
    assert console.PAGE.read_text() == document(found), "Run `python -m bench.console --page`."


@pytest.mark.parametrize(("median", "words"), [(300, "within the limit of 300 ms"), (301, "more than the limit")])
def test_verdict(median: float, words: str) -> None:
    """The page says whether a list is there in time, and as a multiple of a bare query."""
    answers = [asdict(Answer(BARE, 50, 100, 120, 1)), asdict(Answer(LIST, 50, median, 400, 2.5))]
    found = {"calls": 100_000, "rounds": 30, "date": "2026-11-26", "machine": "m", "load_average": 1.0}
    page = document(json.loads(json.dumps(found | {"writing_seconds": 600, "answers": answers})))
    assert words in page
    assert "2.5 times a bare query" in page
    assert f"| {LIST} | {median:.0f} | 400 | 2.5 |" in page
