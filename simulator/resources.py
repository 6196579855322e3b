"""The API's resources: webhooks, their attempts, and accounts (docs/dash-protocol.md, section 5)."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from simulator.attempts import gregorian
from simulator.dash import Dash, DuplicateWebhookError
from simulator.envelope import Answer, ApiError, Call, bad_identifier, invalid_method, validation_error
from simulator.paging import created_range, page, start_key
from simulator.validation import validate
from simulator.webhooks import Webhook

REENABLE = "re-enable"


class Webhooks:
    """Everything below `/accounts/{account_id}/webhooks`."""

    def __init__(self, dash: Dash) -> None:
        self._dash = dash

    def answer(self, call: Call, account_id: str, path: Sequence[str]) -> Answer:
        """Answer a call that is authorized.

        Raises:
            ApiError: whatever the API refuses.
        """
        match path:
            case []:
                return self._collection(call, account_id)
            case ["attempts"]:
                return self._attempts(call, account_id, None)
            case [webhook_id]:
                return self._one(call, account_id, webhook_id)
            case [webhook_id, "attempts"]:
                return self._attempts(call, account_id, webhook_id)
            case _:
                raise bad_identifier(path[-1])

    def _collection(self, call: Call, account_id: str) -> Answer:
        match call.method:
            case "GET":
                return self._list(call, account_id)
            case "PUT":
                return self._create(call, account_id)
            case "PATCH" if not self._dash.legacy:
                return self._reenable(call, account_id)
            case _:
                raise invalid_method()

    def _one(self, call: Call, account_id: str, webhook_id: str) -> Answer:
        verbs = {"GET", "POST", "DELETE"} if self._dash.legacy else {"GET", "POST", "PATCH", "DELETE"}
        if call.method not in verbs:
            raise invalid_method()
        webhook = self._dash.webhook(account_id, webhook_id)
        if webhook is None:
            raise bad_identifier(webhook_id)
        match call.method:
            case "POST":
                return self._rewrite(webhook, call.data)
            case "PATCH":
                return self._rewrite(webhook, webhook.document() | dict(call.data))
            case "DELETE":
                self._dash.remove(webhook.id)
        return _whole(webhook)

    def _list(self, call: Call, account_id: str) -> Answer:
        rows = [(webhook.id, webhook.summary()) for webhook in self._dash.webhooks(account_id)]
        return _listed(call, rows, self._dash.page_limit)

    def _create(self, call: Call, account_id: str) -> Answer:
        validate(call.data, legacy=self._dash.legacy)
        try:
            webhook = self._dash.register(account_id, call.data)
        except DuplicateWebhookError:
            raise ApiError(409, "datastore_conflict", {"message": "conflicting documents"}) from None
        return _whole(webhook, status=201)

    def _rewrite(self, webhook: Webhook, document: Mapping[str, Any]) -> Answer:
        validate(document, legacy=self._dash.legacy)
        webhook.rewrite(document, legacy=self._dash.legacy)
        return _whole(webhook)

    def _reenable(self, call: Call, account_id: str) -> Answer:
        if REENABLE not in call.data:
            missing = {"message": "re-enable is required to patch collections"}
            raise validation_error({REENABLE: {"required": missing}})
        if call.data[REENABLE] is not True:
            wrong = {"message": "value not found in enumerated list of values", "target": [True]}
            raise validation_error({REENABLE: {"enum": wrong}})
        self._dash.reenable(account_id)
        return Answer("hooks updated")

    def _attempts(self, call: Call, account_id: str, webhook_id: str | None) -> Answer:
        if self._dash.legacy:
            raise bad_identifier("attempts")
        if call.method != "GET":
            raise invalid_method()
        created_from, created_to = created_range(call.query, gregorian(self._dash.clock()))
        # A page starts at a second, not at an entry: what shares the second of the border shows up twice.
        start = start_key(call.query)
        latest = created_to if start is None else min(created_to, int(start))
        entries = self._dash.sender.log.entries(account_id, webhook_id)
        rows = [(second, entry) for second, entry in entries if created_from <= second <= latest]
        entries, paging = page(call.query, rows, self._dash.page_limit)
        return Answer(entries, paging=paging)


def _whole(webhook: Webhook, status: int = 200) -> Answer:
    revision = f"{webhook.revision}-{secrets.token_hex(16)}"
    return Answer(webhook.document(), status=status, revision=revision)


def descendants(call: Call, dash: Dash, account_id: str) -> Answer:
    """List all accounts below an account; `tree` has the ids of those above each, from the top down."""
    if call.method != "GET":
        raise invalid_method()
    rows = []
    for account in sorted(dash.accounts.values(), key=lambda account: account.id):
        tree = [*dash.lineage(account.id)][:0:-1]
        if account_id in tree:
            row = {"id": account.id, "name": account.name, "realm": f"{account.name}.example.com", "tree": tree}
            rows.append((account.id, row))
    return _listed(call, rows, dash.page_limit)


def _listed(call: Call, rows: list[tuple[str, Any]], limit: int | None) -> Answer:
    start = start_key(call.query)
    entries, paging = page(call.query, [row for row in rows if start is None or row[0] >= str(start)], limit)
    return Answer(entries, paging=paging)
