"""The look through the logs finds what must not be there, in any form in which a log may have it, and fails the run."""

import base64
import json
from unittest.mock import Mock
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools.local import ROOT
from hookswitch.dash.hooks import HOOKS
from hookswitch.observability.log import logger
from simulator import confidential
from simulator.dash import Dash
from simulator.encoding import encode_form, encode_json
from simulator.identity import Identity
from simulator.login import Login
from simulator.payloads import SECRET_EVENTS, payload
from tests.leaks import Watch, leaks_in

pytest_plugins = ["pytester"]

NUMBER, NAME, TOKEN = "15557654321", "Jürgen & Söhne", "a-token_of-forty-three-letters_000000000000"
NOTED = {NUMBER: "number", NAME: "name", TOKEN: "token", "a secret, in words": "secret"}
INNOCENT = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ .:-_/{}[]"

CONFTEST = """
from tests.leaks import Watch

def pytest_configure(config):
    config.pluginmanager.register(Watch(), "leaks")
"""
LEAKING = """
from hookswitch.observability.log import logger
from simulator.encoding import encode_json
from simulator.payloads import payload

def test_that_leaks():
    sent = payload("missed_call")
    encode_json(sent)
    logger.warning("A line.", extra={"number": sent["caller_id_number"]})

def test_that_does_not():
    logger.warning("A line.", extra={"call_id": payload("missed_call")["call_id"]})
"""


@given(value=st.sampled_from(sorted(NOTED)), before=st.text(INNOCENT), after=st.text(INNOCENT))
def test_values_are_found_in_all_encodings(value: str, before: str, after: str) -> None:
    """Plain, in JSON, in JSON within JSON, in a URL and in base64."""
    text = f"{before} {value} {after}"
    encoded = base64.b64encode(f'{{"some": "field", "that": "is long", "and": "{value}", "more": 1}}'.encode()).decode()
    lines = [text, json.dumps(text), json.dumps(json.dumps({"x": text})), f"?x={quote_plus(text)}", encoded]
    for line in lines:
        (leak,) = leaks_in([line], NOTED)
        assert leak.kind == NOTED[value]
        assert value not in leak.line


@given(st.lists(st.text(INNOCENT + "0123456789")))
def test_nothing_else_is_found(lines: list[str]) -> None:
    """What is no confidential value is none; nor are digits in the middle of an id."""
    ids = [f"a1{NUMBER}b2", f"9{NUMBER}"]
    assert list(leaks_in([*lines, *ids], NOTED)) == []


@pytest.mark.parametrize("hook", HOOKS)
def test_payloads_are_noted(hook: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers and names of an event are noted when it is made, and what a test puts in their place when it is sent."""
    monkeypatch.setattr(confidential, "NOTED", {})
    sent = payload(hook)
    personal = {"caller_id_number", "caller_id_name"} & sent.keys()
    assert {sent[name].removeprefix("+") for name in personal} <= confidential.NOTED.keys()
    for encode in (encode_json, encode_form):
        value = f"put in its place by {encode.__name__}"
        encode(sent | dict.fromkeys(personal, value))
        assert bool(personal) == (value in confidential.NOTED)


def test_every_number_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """One whose digits are so much alike that it could be in a log by chance is not used."""
    monkeypatch.setattr(confidential, "NOTED", {})
    rng = Mock(randint=Mock(side_effect=[6_555_151, 7_654_321]))
    assert Identity(rng).number() == "+15557654321"
    assert confidential.NOTED == {"15557654321": "number"}


@pytest.mark.parametrize(("name", "field"), SECRET_EVENTS.items())
def test_secrets_of_notifications_are_noted(name: str, field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So are passwords, keys and links, also those that a test makes up."""
    monkeypatch.setattr(confidential, "NOTED", {})
    sent = payload("notifications", event_name=name)
    assert any(value in sent[field] for value in confidential.NOTED)
    encode_json(sent | {field: "s3cret-value"})
    assert "s3cret-value" in confidential.NOTED


def test_credentials_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """So are the keys, passwords and login tokens of a simulated Dash, and the tokens in its webhooks' addresses."""
    monkeypatch.setattr(confidential, "NOTED", {})
    dash = Dash()
    account = dash.add_account("d" * 32)
    account.add_user("anna", "the-password-of-anna")
    answer = Login(dash)._grant(account)  # noqa: SLF001 - without a request
    webhook = {"name": "One", "hook": "parking", "uri": f"https://example.com/v1/hooks/parking/{TOKEN}"}
    dash.register(account.id, webhook)
    kinds = {account.api_key: "API key", "the-password-of-anna": "password", answer.auth_token: "login token"}
    assert confidential.NOTED.items() >= {**kinds, TOKEN: "token"}.items()


def test_short_values_are_not_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a log may have by chance is nothing to look for."""
    monkeypatch.setattr(confidential, "NOTED", {})
    for value in ("", "1001", "+4930", "00000000", "aaaaaaaaab"):
        confidential.note(value, "number")
    assert confidential.NOTED == {}


def test_words_are_not_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A word of the logs' own, which fuzzing may put into a field for numbers, is no secret there."""
    monkeypatch.setattr(confidential, "NOTED", {})
    confidential.learn(payload("missed_call", caller_id_number=NUMBER), [NUMBER])
    confidential.note_event({"caller_id_number": "inbound_fax_error"})
    confidential.note_event({"caller_id_number": NUMBER})
    assert "inbound_fax_error" not in confidential.NOTED
    assert NUMBER in confidential.NOTED


@pytest.mark.parametrize("processes", [[], ["-p", "xdist", "-n", "2"]], ids=["one process", "more"])
def test_leak_fails_the_run(processes: list[str], pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run whose tests all pass fails if one of them has logged a number, and says where."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeini("[pytest]")  # and not that of the folders around it
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(LEAKING)
    result = pytester.runpytest_subprocess(*processes, "-o", f"pythonpath={ROOT} {ROOT / 'layers' / 'hookswitch'}")
    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["caller_id_number of an event: *", "1 leaks: 2 lines of logs, *"])


def test_this_run_is_looked_at(pytestconfig: pytest.Config) -> None:
    """What the logger prints in the run that you look at is looked through as well."""
    watch = pytestconfig.pluginmanager.get_plugin("leaks")
    assert isinstance(watch, Watch)
    logger.info("A line of a test.")
    assert "A line of a test." in watch.lines[-1]
