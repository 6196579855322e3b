"""docs/catalogue.md is made from the payload types, and tells of each event what users ask."""

import pytest
from jsonschema import Draft202012Validator

from devtools import catalogue
from hookswitch.dash.hooks import HOOKS
from tests.contract import checked_in
from tests.receiving import payload_type


def test_page_is_current() -> None:
    """`make schemas` would write the same."""
    assert catalogue.PAGE.read_text(encoding="utf-8") == catalogue.text(), "run `make schemas`"


def test_call() -> None:
    """The record of a call has its section, with all its fields and an example that fits its schema."""
    section = catalogue.text().partition("\n## call\n")[2]
    assert "`com.virtualpbx.dash.call`" in section
    assert all(f"`{field}`" in section for field in checked_in("call")["properties"])
    Draft202012Validator(checked_in("call")).validate(catalogue.example_call())
    assert "`ringing`, `in_progress`, `ended`" in section


@pytest.mark.parametrize("hook", HOOKS)
def test_each_event(hook: str) -> None:
    """Its section names its type, all its fields, and what tells it from another event."""
    section = catalogue.text().partition(f"\n## {hook}\n")[2].partition("\n## ")[0]
    assert f"`com.virtualpbx.dash.{hook}`" in section
    assert "**Same event:** deliveries that agree in " in section
    assert all(
        f"`{field.alias or name}`" in section
        for name, field in payload_type(hook).model_fields.items()
        if not field.exclude
    )
