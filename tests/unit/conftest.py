"""A Dash with its API, and the stand-ins for AWS that registration talks to."""

from collections.abc import Iterator

import pytest

from hookswitch.aws import clients
from hookswitch.dash import client
from hookswitch.dash.client import DashClient
from hookswitch.dash.credentials import ApiKey
from simulator.api import DashApi
from simulator.dash import DEFAULT_API_KEY, Dash
from tests.unit.doubles import OTHER_ACCOUNT, Answers, Secrets, Stacks, answering, usual_secrets


@pytest.fixture
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses between retries, and little patience."""
    monkeypatch.setattr(client, "BACKOFF_SECONDS", 0)
    for retry in (client._SAFE, client._UNSAFE):  # noqa: SLF001 - made at import
        monkeypatch.setattr(retry, "backoff_factor", 0)
        monkeypatch.setattr(retry, "backoff_jitter", 0)
    monkeypatch.setenv("DASH_READ_SECONDS", "0.3")


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Secrets:
    """Secrets Manager with the two secrets of a stack."""
    secrets = usual_secrets()
    monkeypatch.setattr(clients, "secrets_manager", lambda: secrets)
    return secrets


@pytest.fixture
def stacks(monkeypatch: pytest.MonkeyPatch) -> Stacks:
    """CloudFormation, which tells the status of the stack."""
    stacks = Stacks()
    monkeypatch.setattr(clients, "cloudformation", lambda: stacks)
    return stacks


@pytest.fixture
def answers() -> Iterator[Answers]:
    """The address that CloudFormation gives out for answers."""
    with answering() as answers:
        yield answers


@pytest.fixture
def dash() -> Dash:
    """A Dash with two accounts."""
    dash = Dash()
    dash.add_account(OTHER_ACCOUNT)
    return dash


@pytest.fixture
def api(dash: Dash, _no_waiting: None) -> Iterator[DashApi]:
    """Its API on loopback."""
    with DashApi(dash) as api:
        yield api


@pytest.fixture
def dash_client(api: DashApi) -> DashClient:
    """A client that knows the first account's key."""
    return DashClient(api.url, ApiKey(api_key=DEFAULT_API_KEY))
