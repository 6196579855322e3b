"""The look through the logs finds what must not be there, in any form in which a log may have it, and fails the run."""

import base64
import json
import random
from itertools import chain
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devtools.local import ROOT
from hookswitch.dash.hooks import HOOKS
from hookswitch.observability.log import logger
from simulator import confidential
from simulator.dash import Dash
from simulator.identity import Identity
from simulator.login import Login
from simulator.payloads import SECRET_EVENTS, payload
from tests.leaks import Watch, leaks_in

pytest_plugins = ["pytester"]

TOKEN = "a-token_of-forty-three-letters_000000000000"
CREDENTIALS = {TOKEN: "token", "a secret, in words": "callback secret"}
MARKED = f"{confidential.MARK}-1234"
CONFIDENTIAL = {"15557654321": "number", "Ünïcode & Söhne": "name", confidential.MARK: "secret", **CREDENTIALS}
INNOCENT = "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ .:-_/{}[]"

CONFTEST = """
from tests.leaks import Watch

def pytest_configure(config):
    config.pluginmanager.register(Watch(), "leaks")
"""
LEAKING = """
from hookswitch.observability.log import logger
from simulator.payloads import payload

def test_that_leaks():
    logger.warning("A line.", extra={"number": payload("missed_call")["caller_id_number"]})

def test_that_does_not():
    logger.warning("A line.", extra={"call_id": payload("missed_call")["call_id"]})
"""


@given(value=st.sampled_from(sorted(CONFIDENTIAL)), before=st.text(INNOCENT), after=st.text(INNOCENT))
def test_values_are_found_in_all_encodings(value: str, before: str, after: str) -> None:
    """Plain, in JSON, in JSON within JSON, in a URL and in base64."""
    text = f"{before} {value} {after}"
    encoded = base64.b64encode(f'{{"some": "field", "that": "is long", "and": "{value}", "more": 1}}'.encode()).decode()
    lines = [text, json.dumps(text), json.dumps(json.dumps({"x": text})), f"?x={quote_plus(text)}", encoded]
    for line in lines:
        (leak,) = leaks_in([line], CREDENTIALS)
        assert leak.kind == CONFIDENTIAL[value]
        assert value not in leak.line


@given(st.lists(st.text(INNOCENT + "0123456789")))
def test_nothing_else_is_found(lines: list[str]) -> None:
    """What is not confidential is no leak; nor are digits in the middle of an id."""
    ids = ["a115557654321b2", "915557654321", "155576543210"]
    assert list(leaks_in([*lines, *ids], CREDENTIALS)) == []


@given(st.binary(min_size=8, max_size=8), st.sampled_from(HOOKS), st.sampled_from(HOOKS))
def test_no_id_is_taken_for_a_leak(seed: bytes, hook: str, other: str) -> None:
    """Two events of one seed share their random digits, and still no id of one is a number, name or secret of another.

    What is confidential in either of them is found.
    """
    events = [payload(it, rng=random.Random(seed), now=1_795_000_000) for it in (hook, other)]
    texts = list(chain.from_iterable(_texts(event) for event in events))
    personal = [text for name, text in texts if name.endswith(("caller_id_number", "caller_id_name"))]
    ids = [text for name, text in texts if name.endswith(("_id", "_jobid", "voicemail_box")) and text[0] != "+"]
    identity = Identity(random.Random(seed), 1_795_000_000)
    ids += [identity.hex(), identity.hex(16), identity.uuid(), identity.call_id(), identity.carrier_call_id()]
    assert list(leaks_in(ids, {})) == []
    assert len(list(leaks_in(personal, {}))) == len(personal)


@pytest.mark.parametrize("value", ["+15557654321", '"+15557654321', "Front Desk", MARKED])
def test_call_id_may_be_anything(value: str) -> None:
    """The id of a call is logged on purpose, also where the sender puts a number there; elsewhere it is a leak."""
    assert list(leaks_in([json.dumps({"call_id": value, "hook": "parking"})], {})) == []
    assert len(list(leaks_in([json.dumps({"call_id": value, "summary": value})], {}))) == 1


@pytest.mark.parametrize(("name", "field"), SECRET_EVENTS.items())
def test_secrets_of_notifications_are_found(name: str, field: str) -> None:
    """Passwords, keys and links of events are recognised by their mark."""
    assert [leak.kind for leak in leaks_in([payload("notifications", event_name=name)[field]], {})] == ["secret"]


def test_credentials_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A simulated Dash registers its keys, passwords and login tokens, and the tokens in its webhooks' addresses."""
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
    """What a log may have by chance is no credential."""
    monkeypatch.setattr(confidential, "NOTED", {})
    for value in ("", "1001", "parking", "inbound_fax_error"):
        confidential.note(value, "token")
    assert confidential.NOTED == {}


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
    result.stdout.fnmatch_lines(["number: *", "1 leaks: 2 lines of logs, *"])


def test_this_run_is_looked_at(pytestconfig: pytest.Config) -> None:
    """What the logger prints in the run that you look at is looked through as well."""
    watch = pytestconfig.pluginmanager.get_plugin("leaks")
    assert isinstance(watch, Watch)
    logger.info("A line of a test.")
    assert "A line of a test." in watch.lines[-1]


def _texts(value: Any, name: str = "") -> list[tuple[str, str]]:
    """Return all strings of an event with the names of the fields that they are in."""
    match value:
        case str():
            return [(name, value)]
        case dict():
            return [found for key, inner in value.items() for found in _texts(inner, key)]
        case list():
            return [found for inner in value for found in _texts(inner, name)]
        case _:
            return []


@given(st.text())
@settings(max_examples=100)
def test_no_constant_is_drawn(text: str) -> None:
    """Hypothesis draws no constants of our modules, or one test's number would be another one's call id."""
    assert text not in {*CONFIDENTIAL, *confidential.NAMES}
