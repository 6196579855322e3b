"""Cells of the provision function: it gets requests like CloudFormation's, and responds to the test.

Each cell has its own Dash account, below the stack's, whose key opens it: the function takes credentials and addresses
from its own environment, never from a request.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

from simulator.dash import Account
from simulator.faults import Fault as DashFault
from tests.integration.faults.environment import Site
from tests.integration.faults.matrix import Cell, Kind, Seen, cells
from tests.integration.faults.results import Results, inject
from tests.integration.faults.rotating import dash_fault

PROVISION = "provision"
HOOKS = "missed_call,parking"
ALONE, TOGETHER = ("secretsmanager", "cloudformation"), ("dash", "answer")


def run(site: Site, results: Results) -> None:
    """Run all cells, at the same time where faults affect only calls for the cell's own account."""
    for services, at_once in ((ALONE, 1), (TOGETHER, 6)):
        results.run_all(cells(PROVISION, *services), lambda cell: _cell(site, results, cell), at_once)
    results.conclude(site)


@dataclass
class Answers:
    """The response URL, and the responses that arrived there.

    Attributes:
        kind: How it fails at first, if at all.
    """

    url: str = ""
    kind: Kind | None = None
    arrived: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def answering(kind: Kind | None = None) -> Iterator[Answers]:
    """Serve a response URL, which fails twice if `kind` is set."""
    answers, tries, closing = Answers(kind=kind), [0], threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            tries[0] += 1
            failing = kind is not None and tries[0] <= 2
            if failing and kind is Kind.HANG:
                closing.wait(10)
            elif failing and kind is Kind.SLOW:
                closing.wait(1)
            if not failing or kind in {Kind.SLOW, Kind.LOST}:
                answers.arrived.append(json.loads(body))
            if failing and kind in {Kind.HANG, Kind.LOST}:
                self.close_connection = True
                return
            self.send_response(503 if failing and kind is Kind.ERROR else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
            """Write no access log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        answers.url = f"http://127.0.0.1:{server.server_address[1]}/answer"
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        yield answers
        closing.set()
        server.shutdown()
        thread.join()


@dataclass
class Asking:
    """Requests the webhooks of one account from the function, like CloudFormation."""

    site: Site
    account: Account

    def __call__(self, kind: str, answers: Answers, **changed: str) -> dict[str, Any]:
        """Return the first response."""
        given = self.properties() | changed
        asked = {
            "RequestType": kind,
            "ResponseURL": answers.url,
            "StackId": given["StackId"],
            "RequestId": uuid4().hex,
            "LogicalResourceId": "Webhooks",
            "ResourceType": "Custom::DashWebhooks",
            "ResourceProperties": given,
        }
        if kind == "Update":
            physical = f"phones/dash/{self.account.id}"
            asked |= {"OldResourceProperties": self.properties(), "PhysicalResourceId": physical}
        self.site.invoke("Provision", asked)
        return answers.arrived[0]

    def properties(self) -> dict[str, str]:
        """Return the resource's properties."""
        return {
            "StackId": f"arn:aws:cloudformation:us-east-1:000000000000:stack/phones/{self.account.id}",
            "AccountId": self.account.id,
            "ApiUrl": self.site.deployed.api.url,
            "CredentialsArn": self.site.resources["DashCredentials"],
            "CallbackSecretArn": self.callback,
            "ApiAddress": "https://phones.execute-api.us-east-1.amazonaws.com/v1",
            "Hooks": HOOKS,
            "ReconcileAtOnce": "off",
            "Retries": "3",
        }

    @property
    def callback(self) -> str:
        """The stack's callback secret."""
        return self.site.resources["CallbackSecret"]

    @property
    def registered(self) -> str:
        """The state of the account's webhooks."""
        webhooks = self.site.dash.webhooks(self.account.id)
        hooks = sorted(webhook.uri.split("/")[-2] for webhook in webhooks)
        if hooks == HOOKS.split(","):
            return "as desired" if {webhook.retries for webhook in webhooks} == {3} else "changed"
        return "none" if not hooks else f"{len(hooks)} webhooks"


def _cell(site: Site, results: Results, cell: Cell) -> None:
    account = site.dash.add_account(uuid4().hex, parent=site.deployed.account.id)
    asking = Asking(site, account)
    asked = {}
    if cell.service == "cloudformation":
        # An update fails, and the function checks whether the stack is rolling back an earlier failed update.
        _require_success(asking, "Create")
        asked = {"Retries": "1"}
    kind = "Update" if asked else "Create"
    with answering(cell.kind if cell.service == "answer" else None) as answers, _failing(site, cell, account):
        told = asking(kind, answers, **asked)["Status"]
        arrived = {answer["Status"] for answer in answers.arrived}
    if len(arrived) != 1:
        raise AssertionError(arrived)
    where = f"webhooks on Dash: {asking.registered}"
    _require_success(asking, kind)
    back = "already there" if told == "SUCCESS" else "the next deployment"
    results.note(cell, Seen(f"CloudFormation: {told}", where, back))


@contextmanager
def _failing(site: Site, cell: Cell, account: Account) -> Iterator[None]:
    """Make the cell's service fail for one account."""
    api, path = site.deployed.api.faults, f"{account.id}/webhooks"
    proxies = site.proxies["Provision"]
    match cell.service:
        case "dash":
            wrong = dash_fault(cell.kind, "PUT" if cell.kind is Kind.LOST else None, path)
        case "cloudformation":
            wrong = dash_fault(Kind.ERROR, "POST", path)
        case _:
            wrong = DashFault(path="^nothing$")
    api.add(wrong)
    faults = []
    if cell.service in ALONE:
        faults.append((proxies[cell.service], inject(proxies[cell.service], cell.kind)))
    yield
    api.remove(wrong)
    for proxy, fault in faults:
        proxy.lift(fault)


def _require_success(asking: Asking, kind: str) -> None:
    with answering() as answers:
        said = asking(kind, answers)
    if (said["Status"], asking.registered) != ("SUCCESS", "as desired"):
        raise AssertionError(said, asking.registered)
