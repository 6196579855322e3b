"""The template as the other tests of this folder read and expand it."""

import json
from typing import Any

import pytest

from devtools.errors import LaptopError
from devtools.template import ASKED, expand, expanded, parse, parsed


def functions() -> dict[str, Any]:
    """Return the functions of the expanded template: the API's deployment is another every second."""
    made = expanded(**ASKED)["Resources"]
    return {name: it for name, it in made.items() if it["Type"].startswith("AWS::Lambda::")}


def test_refused_template() -> None:
    """The error has the translator's reason, and the next template is expanded as if nothing had happened."""
    before = functions()
    wrong = json.loads(json.dumps(parsed()))
    del wrong["Resources"]["Publish"]["Properties"]["CodeUri"]
    with pytest.raises(LaptopError, match="Publish"):
        expand(wrong, **ASKED)
    assert functions() == before


def test_short_forms() -> None:
    """They are read as their long forms, also within each other, and a date is text."""
    found = parse("""
Date: 2010-09-09
Ref: !Ref Table
Attribute: !GetAtt Table.Stream.Arn
Nested: !If [IsOn, !Sub "${Table}-a", !Ref AWS::NoValue]
Pair: !Sub ["${It}", {It: !GetAtt [Table, Arn]}]
Rule: !Equals [!Condition IsOn, on]
""")
    assert found == {
        "Date": "2010-09-09",
        "Ref": {"Ref": "Table"},
        "Attribute": {"Fn::GetAtt": ["Table", "Stream.Arn"]},
        "Nested": {"Fn::If": ["IsOn", {"Fn::Sub": "${Table}-a"}, {"Ref": "AWS::NoValue"}]},
        "Pair": {"Fn::Sub": ["${It}", {"It": {"Fn::GetAtt": ["Table", "Arn"]}}]},
        "Rule": {"Fn::Equals": [{"Condition": "IsOn"}, True]},
    }


@pytest.mark.parametrize("text", ["Resources: [", "- Resources"])
def test_text_that_is_no_template(text: str) -> None:
    """The error says so."""
    with pytest.raises(LaptopError, match=r"template.yaml can't be parsed"):
        parse(text)
