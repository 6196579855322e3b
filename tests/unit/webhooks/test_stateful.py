"""Whatever happens in whatever order: ours are as wanted after each success, and others' are never touched."""

import contextlib
import itertools
import os
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from hookswitch.aws import clients
from hookswitch.cloudformation.custom_resource import FailedError, Success
from hookswitch.dash import client
from hookswitch.webhooks import provisioning, registration, requested
from hookswitch.webhooks.desired import Desired
from hookswitch.webhooks.ownership import Ownership
from simulator.api import DashApi
from simulator.dash import Dash
from simulator.faults import Fault
from simulator.webhooks import Webhook
from tests.unit.doubles import ACCOUNT, SECRET, Stacks, environment, properties, request, usual_secrets

SEVERAL = ("channel_create", "parking", "missed_call", "notifications")
TEMPLATES = st.fixed_dictionaries(
    {
        "Hooks": st.lists(st.sampled_from(SEVERAL), min_size=1, unique=True).map(",".join),
        "HttpVerb": st.sampled_from(["post", "get"]),
        "PayloadFormat": st.sampled_from(["json", "form-data"]),
        "Retries": st.sampled_from(["0", "4"]),
        "CustomData": st.sampled_from(["", '{"site": "north"}']),
        "NamePrefix": st.sampled_from(["Hookswitch", "Phones", ""]),
        "CallbackBaseUrl": st.sampled_from(["", "https://hooks.example.com"]),
    }
)
FAULTS = st.builds(
    Fault,
    method=st.sampled_from(["PUT", "POST", "DELETE", "GET"]),
    path=st.just("webhooks"),
    after=st.integers(0, 5),
    count=st.sampled_from([1, 3, 9]),
    status=st.sampled_from([None, 400, 429, 500]),
    drop=st.booleans(),
    perform=st.booleans(),
).filter(lambda fault: fault.drop or fault.status is not None)
EDITS = st.sampled_from(["rename", "move", "disable", "retries", "format", "custom_data", "delete", "copy"])


class Provisioning(RuleBasedStateMachine):
    """CloudFormation drives one stack; a second stack of the same name and strangers share the account."""

    def __init__(self) -> None:
        super().__init__()
        self._exits = contextlib.ExitStack()
        self.dash = Dash()
        self.api = self._exits.enter_context(DashApi(self.dash))
        self.stacks = Stacks()
        self.secrets = usual_secrets()
        ids = itertools.count(1)
        self.next_id: Callable[[], UUID] = lambda: UUID(int=next(ids))
        for target, name, double in (
            (client, "uuid4", self.next_id),  # an example that fails is to fail again
            (registration, "_sleep", lambda *_: None),
            (clients, "secrets_manager", lambda: self.secrets),
            (clients, "cloudformation", lambda: self.stacks),
            (client, "BACKOFF_SECONDS", 0),
        ):
            self._exits.enter_context(mock.patch.object(target, name, double))
        self._exits.enter_context(mock.patch.dict(os.environ, {"ON_DELETE_FAILURE": "fail"}))
        for retry in (client._SAFE, client._UNSAFE):  # noqa: SLF001 - made at import
            self._exits.enter_context(mock.patch.multiple(retry, backoff_factor=0, backoff_jitter=0))
        self.current: dict[str, str] | None = None
        self.others: dict[str, dict[str, Any]] = {}
        self.in_line = False

    def teardown(self) -> None:
        """Close the API."""
        self._exits.close()

    @initialize()
    def others_are_there(self) -> None:
        """Strangers have webhooks on the account, and so has a stack of our name in another region."""
        for number, hook in enumerate(("parking", "channel_create")):
            by_hand = {"id": str(number), "name": f"By hand {number}", "hook": hook, "uri": "https://example.com/"}
            self.dash.register(ACCOUNT, by_hand)
        there = properties(region="eu-west-1", ApiUrl=self.api.url, CallbackBaseUrl="https://hooks.example.com")
        self.deploy(there)
        provisioning.create(request("Create", there))
        self.others = {webhook.id: webhook.document() for webhook in self.dash.webhooks(ACCOUNT)}

    @precondition(lambda self: self.current is None)
    @rule(template=TEMPLATES, faults=st.lists(FAULTS, max_size=1), on_aws=st.booleans())
    def create(self, template: dict[str, str], faults: list[Fault], *, on_aws: bool) -> None:
        """Create the stack, perhaps in vain: only AWS sends a Delete then, and the emulator none."""
        new = properties(**{"ApiUrl": self.api.url, **template})
        self.deploy(new)
        with self.faulty(faults):
            try:
                provisioning.create(request("Create", new))
            except FailedError as error:
                failed = error.physical_id
            else:
                failed = ""
        if not failed:
            self.current, self.in_line = new, True
        elif on_aws or failed == requested.physical_id(new):
            # What can't be removed at once is removed by the Delete, or found by the next Create.
            provisioning.delete(request("Delete", new, physical_id=failed))
            assert not self.ours()
        else:
            assert not self.ours()

    @precondition(lambda self: self.current is not None)
    @rule(template=TEMPLATES, faults=st.lists(FAULTS, max_size=1))
    def update(self, template: dict[str, str], faults: list[Fault]) -> None:
        """Update the stack; if that fails CloudFormation goes back, which never fails."""
        assert self.current
        old, new = self.current, properties(**{"ApiUrl": self.api.url, **template})
        identity = requested.physical_id(new)
        self.deploy(new)
        with self.faulty(faults):
            try:
                provisioning.update(request("Update", new, old, identity))
            except FailedError as error:
                kept = error.physical_id
            else:
                unseen = {**old, "Deployment": ""} == {**new, "Deployment": ""} and bool(faults)
                self.current, self.in_line = new, not unseen
                return
        assert kept == identity
        self.stacks.status = "UPDATE_ROLLBACK_IN_PROGRESS"
        self.deploy(old)
        assert provisioning.update(request("Update", old, new, identity)) == Success(identity, mock.ANY)
        self.stacks.status = "UPDATE_IN_PROGRESS"
        self.in_line = True

    @precondition(lambda self: self.current is not None)
    @rule(faults=st.lists(FAULTS, max_size=1))
    def delete(self, faults: list[Fault]) -> None:
        """Delete the stack; if that fails it is deleted again."""
        assert self.current
        with self.faulty(faults), contextlib.suppress(FailedError):
            provisioning.delete(request("Delete", self.current, physical_id=requested.physical_id(self.current)))
        provisioning.delete(request("Delete", self.current, physical_id=requested.physical_id(self.current)))
        assert not self.ours()
        self.current, self.in_line = None, False

    @precondition(lambda self: self.ours())
    @rule(edit=EDITS, data=st.data())
    def somebody_edits_ours(self, edit: str, data: st.DataObject) -> None:
        """Somebody changes a webhook of ours by hand; one that has neither our name nor address is theirs then."""
        webhook = data.draw(st.sampled_from(self.ours()))
        match edit:
            case "rename":
                webhook.name = "Renamed"
            case "move":
                webhook.uri = "https://example.com/elsewhere"
            case "disable":
                webhook.disable()
            case "retries":
                webhook.retries = 1
            case "format":
                webhook.format = None
            case "custom_data":
                webhook.custom_data = {"by": "hand"}
            case "delete":
                self.dash.remove(webhook.id)
            case "copy":
                self.dash.register(ACCOUNT, {**webhook.document(), "id": self.next_id().hex})
        if edit in {"rename", "move"} and webhook not in self.ours():
            self.others[webhook.id] = webhook.document()
        self.in_line = False

    @invariant()
    def others_are_untouched(self) -> None:
        """What is not ours is as it was."""
        there = {webhook.id: webhook.document() for webhook in self.dash.webhooks(ACCOUNT)}
        assert {name: there.get(name) for name in self.others} == self.others

    @invariant()
    def ours_match(self) -> None:
        """After each success there is exactly one webhook for each hook, as wanted, and no other of ours."""
        if self.in_line and self.current:
            wanted = Desired.from_properties(self.current).documents(SECRET)
            seen = {webhook.uri: webhook.document() for webhook in self.ours()}
            assert len(self.ours()) == len(wanted)
            for document in wanted.values():
                there = seen[document["uri"]]
                # A webhook that lost its format by hand is one of an older system.
                assert {name: there.get(name) for name in document if name != "format"} == {
                    name: value for name, value in document.items() if name != "format"
                }

    def deploy(self, template: dict[str, str]) -> None:
        """Give the function the variables of a template, as CloudFormation does before it sends a request."""
        os.environ.update(environment(template))

    def ours(self) -> list[Webhook]:
        """Return the webhooks of our stack, whatever state it is in."""
        wide = properties(ApiUrl=self.api.url, CallbackBaseUrl="https://hooks.example.com")
        ownership = Ownership.of(Desired.from_properties(self.current or wide), Desired.from_properties(wide))
        return [
            webhook
            for webhook in self.dash.webhooks(ACCOUNT)
            if webhook.id not in self.others and ownership.owns(webhook.document())
        ]

    @contextlib.contextmanager
    def faulty(self, faults: list[Fault]) -> Iterator[None]:
        """Let the API fail meanwhile."""
        for fault in faults:
            self.api.faults.add(fault)
        yield
        self.api.faults.clear()


@pytest.mark.timeout(300)
class TestProvisioning(Provisioning.TestCase):  # type: ignore[valid-type,misc]
    """Random sequences of create, update, delete, interruption and edits by others."""

    settings = settings(max_examples=60, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck))
