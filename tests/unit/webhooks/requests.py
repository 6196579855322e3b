"""CloudFormation as the provision function meets it."""

from typing import Any

import pytest

from functions.provision.handler import handler
from simulator.api import DashApi
from simulator.dash import Dash
from tests.unit.doubles import (
    ACCOUNT,
    Answers,
    Context,
    Secrets,
    Stacks,
    environment,
    event,
    properties,
)

ID = f"phones/dash/{ACCOUNT}"
PUT = ("PUT", "webhooks$")
THREE = ["Hookswitch channel_create", "Hookswitch missed_call", "Hookswitch parking"]


class CloudFormation:
    """Sends requests to the handler and returns its answers."""

    def __init__(
        self, api: DashApi, answers: Answers, secrets: Secrets, stacks: Stacks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.api, self.answers, self.secrets, self.stacks = api, answers, secrets, stacks
        self._monkeypatch = monkeypatch

    def properties(self, **changed: str) -> dict[str, str]:
        """Return the properties of this Dash's API."""
        return properties(**{"ApiUrl": self.api.url, **changed})

    def ask(
        self, kind: str, new: dict[str, str], seconds: float = 60, stack: dict[str, str] | None = None, **more: Any
    ) -> dict[str, Any]:
        """Return the answer to a request; `stack` has the properties of the present template, if they are others."""
        self.answers.all.clear()
        for name, value in environment(stack or new).items():
            self._monkeypatch.setenv(name, value)
        handler(event(kind, self.answers.url, new, **more), Context(seconds))
        return self.answers.only

    def create(self, seconds: float = 60, **changed: str) -> dict[str, Any]:
        """Create the resource."""
        return self.ask("Create", self.properties(**changed), seconds)

    def update(self, old: dict[str, str], physical_id: str = ID, **changed: str) -> dict[str, Any]:
        """Update it."""
        new = self.properties(**changed)
        return self.ask("Update", new, PhysicalResourceId=physical_id, OldResourceProperties=old)

    def delete(self, physical_id: str = ID, stack: dict[str, str] | None = None, **changed: str) -> dict[str, Any]:
        """Delete it."""
        return self.ask("Delete", self.properties(**changed), stack=stack, PhysicalResourceId=physical_id)


def names(dash: Dash, account: str = ACCOUNT) -> list[str]:
    """Return what an account holds, without marks."""
    return sorted(webhook.name.split(" (", maxsplit=1)[0] for webhook in dash.webhooks(account))
