"""What a stack is deployed with: sources, precedence, and rules of the template."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.deploying import answers
from devtools.deploying.answers import definitions, find_fault, gather, parse_settings
from devtools.errors import LaptopError
from devtools.local import DASH_ACCOUNT_ID, DASH_API_KEY
from simulator.tests.each import for_each

REQUIRED = {"DashAccountId": DASH_ACCOUNT_ID, "DashCredentialsArn": "arn:aws:secretsmanager:x:123456789012:secret:a"}


class Person:
    """Answers questions, and keeps them."""

    def __init__(self, *said: str) -> None:
        self._said = list(said)
        self.asked: list[tuple[str, bool]] = []

    def __call__(self, question: str, *, hidden: bool = False) -> str:
        """Return the next answer."""
        self.asked.append((question, hidden))
        return self._said.pop(0)


@pytest.fixture(autouse=True)
def _nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in answers.VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)


def test_three_questions() -> None:
    """A new stack needs three answers; the key is hidden, and one address is for alarms and alerts."""
    person = Person(DASH_API_KEY, DASH_ACCOUNT_ID, "office@example.com")
    found = gather({}, {}, None, person)
    assert [hidden for _, hidden in person.asked] == [True, False, False]
    assert found.given == {
        "DashApiKey": DASH_API_KEY,
        "DashAccountId": DASH_ACCOUNT_ID,
        "OperationsEmail": "office@example.com",
        "AlertEmail": "office@example.com",
    }


def test_only_what_is_missing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """SET is stronger than the file, and both are stronger than the environment."""
    monkeypatch.setenv("DASH_API_KEY", DASH_API_KEY)
    monkeypatch.setenv("DASH_ACCOUNT_ID", "a" * 32)
    person = Person()
    found = gather(
        {"RetentionDays": "30"},
        {"RetentionDays": "90", "DashAccountId": DASH_ACCOUNT_ID, "AlertEmail": ""},
        None,
        person,
    )
    assert person.asked == []
    assert found.given == {
        "DashApiKey": DASH_API_KEY,
        "DashAccountId": DASH_ACCOUNT_ID,
        "RetentionDays": "30",
        "AlertEmail": "",
    }


def test_an_update_asks_nothing_and_keeps_the_rest() -> None:
    """CloudFormation keeps the values of an existing stack, also of the key; a parameter that is gone is left out."""
    person = Person()
    found = gather({"RetentionDays": "30"}, {}, {"DashApiKey": "****", "DashAccountId": "x", "Gone": "y"}, person)
    assert person.asked == []
    assert found.parameters() == [
        {"ParameterKey": "RetentionDays", "ParameterValue": "30"},
        {"ParameterKey": "DashAccountId", "UsePreviousValue": True},
        {"ParameterKey": "DashApiKey", "UsePreviousValue": True},
    ]


def test_nobody_to_ask() -> None:
    """A pipeline learns which variable to set."""
    with pytest.raises(LaptopError, match=r"DashApiKey is missing\. Set the environment variable DASH_API_KEY"):
        gather({}, {}, None)
    assert gather(REQUIRED, {}, None).given == REQUIRED


@pytest.mark.parametrize("text", ["RetentionDays=90", "RetentionDays='90'", ' RetentionDays="90" '])
def test_settings(text: str) -> None:
    """Quotes are those of a shell."""
    assert parse_settings(text) == {"RetentionDays": "90"}


def test_settings_with_json() -> None:
    """A value may have spaces, quotes and equals signs."""
    assert parse_settings("""CustomData='{"site": "a=b"}' Hooks=parking""") == {
        "CustomData": '{"site": "a=b"}',
        "Hooks": "parking",
    }


@pytest.mark.parametrize("text", ["RetentionDays", "RetentionDays='90", "DashApiKey=0123"])
def test_settings_that_cannot_be_used(text: str) -> None:
    """What can't be read is refused, and so is the key, which is not repeated."""
    with pytest.raises(LaptopError) as refused:
        parse_settings(text)
    assert "0123" not in str(refused.value)


@for_each("name", sorted(definitions()))
def test_every_default_passes_its_own_rules(name: str) -> None:
    """The template's defaults are values that the rules allow."""
    rules = definitions()[name]
    if "Default" in rules:
        assert find_fault(name, str(rules["Default"])) is None


@given(st.text(min_size=1))
def test_a_key_is_never_repeated(key: str) -> None:
    """Whatever is wrong with a key, the error does not show it."""
    fault = find_fault("DashApiKey", f"{key}\nsecret")
    assert fault
    assert "secret" not in fault
