"""What Lambda sets, with AWS on loopback."""

import os
import random
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.retries.standard import ExponentialBackoff

from hookswitch.aws import clients, direct, hook_clients
from hookswitch.aws.direct import DirectClient
from tests.unit.aws.stub import REGION, TIMEOUT, AwsStub


@pytest.fixture
def service() -> Iterator[AwsStub]:
    """A service on loopback."""
    stub = AwsStub()
    yield stub
    stub.stop()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between tries, of which none is waited for and each is the longest that chance allows."""
    found: list[float] = []
    monkeypatch.setattr(time, "sleep", found.append)
    monkeypatch.setattr(random, "random", lambda: 1.0)
    original = ExponentialBackoff.__init__

    def longest(self: ExponentialBackoff, **arguments: Any) -> None:
        original(self, **{**arguments, "random": lambda: 1.0})

    monkeypatch.setattr(ExponentialBackoff, "__init__", longest)
    return found


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, service: AwsStub) -> Iterator[None]:
    """What Lambda sets, with AWS on loopback; and short patience."""
    for name, value in {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        "AWS_SESSION_TOKEN": "a token",
        "AWS_LAMBDA_FUNCTION_NAME": "function",
        "_X_AMZN_TRACE_ID": "Root=1-2;Parent=3;Sampled=1;Lineage=é",
        "AWS_ENDPOINT_URL": service.url,
    }.items():
        monkeypatch.setenv(name, value)
    for name in [name for name in os.environ if hook_clients._SDK_ONLY.fullmatch(name)]:  # noqa: SLF001 - this machine's own
        monkeypatch.delenv(name)
    for module in (clients, direct):
        monkeypatch.setattr(module, "READ_SECONDS", TIMEOUT)
    forget()
    yield
    forget()


def forget() -> None:
    """Make the next clients afresh."""
    for maker in (hook_clients.dynamodb, hook_clients.secrets_manager):
        if maker.cache_info().currsize and isinstance(client := maker(), DirectClient):
            client.close()
    ours, sdk = (hook_clients.dynamodb, hook_clients.secrets_manager), (clients.dynamodb, clients.secrets_manager)
    for made in (clients._session, *ours, *sdk):  # noqa: SLF001 - a session keeps credentials
        made.cache_clear()
