"""A client for the webhooks in Dash's API (docs/dash-protocol.md, section 5)."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4

import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError, SSLError

from hookswitch.aws.backoff import jittered
from hookswitch.dash.credentials import ApiKey, Credentials
from hookswitch.dash.wire import TRY_LATER, Answer, clock_ahead
from hookswitch.errors import (
    AccountError,
    ConflictError,
    CredentialsError,
    DashError,
    DeadlineError,
    LostAnswerError,
    UnavailableError,
    UnknownWebhookError,
)
from hookswitch.settings.waits import WaitSettings

type Document = dict[str, Any]

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
TRIES = 3
BACKOFF_SECONDS = 0.5
TOO_MANY = 429
SERVER_ERRORS = frozenset({500, 502, 503, 504})

# It would log a warning with the path for every retry, and not as JSON.
logging.getLogger("urllib3").setLevel(logging.ERROR)


def _retry(*, safe: bool) -> urllib3.Retry:
    """Return the retry policy: a call that was refused is always retried, one that may have acted only if `safe`."""
    return urllib3.Retry(
        total=TRIES - 1,
        read=None if safe else 0,
        other=None if safe else 0,
        redirect=False,
        allowed_methods=None,
        status_forcelist=SERVER_ERRORS | {TOO_MANY} if safe else {TOO_MANY},
        backoff_factor=BACKOFF_SECONDS,
        backoff_jitter=BACKOFF_SECONDS,
        raise_on_status=False,
        respect_retry_after_header=False,  # it could keep us waiting for hours
    )


_SAFE, _UNSAFE = _retry(safe=True), _retry(safe=False)


class DashClient:
    """Talks to one Dash as one user. It logs in when first needed, and again when its token has expired.

    Reading, editing (a full replace) and deleting are retried after connection errors, lost answers, 429 and 5xx:
    three tries in all, with jitter. Creating is retried only where that can't make a duplicate.
    """

    def __init__(self, url: str, credentials: Credentials, deadline: float = float("inf")) -> None:
        """Prepare to call the API.

        Args:
            url: The API's base, with its version: `https://public-api.virtualpbx.com:8443/v2`.
            credentials: To log in with.
            deadline: When to give up, as `time.monotonic` counts; seconds.
        """
        self.deadline = deadline
        self.clock_ahead = 0.0  # seconds, by the last response
        self._url = url.rstrip("/")
        self._credentials = credentials
        self._token = ""
        self._read_seconds = WaitSettings.from_environment().dash_read or READ_SECONDS
        self._pool = urllib3.PoolManager(headers={"accept": "application/json"})

    @property
    def patience(self) -> float:
        """How long to wait for one answer, in seconds."""
        return self._read_seconds

    def webhooks(self, account_id: str) -> list[Document]:
        """Return the summaries of all webhooks of an account, page by page: id, hook, name, uri, enabled.

        Raises:
            AccountError: There is no such account, or the credentials do not open it.
            DashError: As of every method.
        """
        return self._list(self._path(account_id), f"listing the webhooks of account {account_id}")

    def descendants(self, account_id: str) -> list[Document]:
        """Return all accounts below an account, page by page: id, name, realm, and in `tree` the ids of those above it.

        Raises:
            AccountError: There is no such account, or the credentials do not open it.
            DashError: As of every method.
        """
        path = f"/accounts/{quote(account_id, safe='')}/descendants"
        return self._list(path, f"listing the descendants of account {account_id}")

    def _list(self, path: str, action: str) -> list[Document]:
        found: dict[str, Document] = {}
        query, seen = "", set[str]()
        while True:
            try:
                envelope = self._call("GET", path + query, action)
            except UnknownWebhookError as error:
                account_id = path.split("/")[2]
                raise AccountError(f"Dash knows no account {account_id}. Check DashAccountId.") from error
            found |= {str(summary["id"]): summary for summary in envelope["data"]}
            key = envelope.get("next_start_key")
            if not key or key in seen:
                return list(found.values())
            seen.add(key)
            query = f"?start_key={quote(str(key), safe='')}"

    def webhook(self, account_id: str, webhook_id: str) -> Document:
        """Return the whole document of a webhook.

        Raises:
            UnknownWebhookError: There is none of this id.
        """
        return self._document("GET", self._path(account_id, webhook_id), "reading a webhook")

    def attempts(self, account_id: str, webhook_id: str = "", **query: object) -> tuple[list[Document], str]:
        """Return one page of an account's attempts, or of one webhook's, and the key of the next page if there is one.

        Raises:
            UnknownWebhookError: This Dash has no attempts, or there is no such webhook.
        """
        path = f"{self._path(account_id, webhook_id)}/attempts?{urlencode(query)}"
        envelope = self._call("GET", path, "reading the attempts")
        return envelope["data"] or [], str(envelope.get("next_start_key") or "")

    def get(self, path: str, action: str) -> Mapping[str, Any]:
        """Return the envelope of what the API has at a path, such as `/accounts/{id}/cdrs`.

        Args:
            path: The path with its query, encoded.
            action: What this is done for, as "listing CDRs", for the text of an error.

        Raises:
            UnknownWebhookError: The API has nothing there.
        """
        return self._call("GET", path, action)

    def create(self, account_id: str, document: Mapping[str, Any]) -> Document:
        """Create a webhook and return its document.

        We choose its id, at random, so that a creation whose answer was lost can be recognized and retried
        without making a duplicate: Dash answers that with 409. The list is read before each retry, so a system that
        ignores our id is served too.

        Raises:
            InvalidWebhookError: Dash does not accept it; the text names the fields.
            LostAnswerError: Nobody knows whether the webhook exists now.
        """
        wanted = {**document, "id": uuid4().hex}
        action = f"creating the webhook {document['name']}"
        for attempt in range(1, TRIES + 1):
            try:
                return self._document("PUT", self._path(account_id), action, wanted)
            except LostAnswerError:
                _pause(attempt)
                if made := self._made(account_id, wanted):
                    return self.webhook(account_id, made)
                if attempt == TRIES:
                    raise
            except ConflictError:
                return self.webhook(account_id, wanted["id"])
        raise AssertionError  # the loop ends with a result or an error

    def edit(self, account_id: str, webhook_id: str, document: Mapping[str, Any]) -> Document:
        """Replace a webhook's whole document and return the new one.

        Raises:
            UnknownWebhookError: There is none of this id.
            InvalidWebhookError: Dash does not accept it; the text names the fields.
        """
        action = f"editing the webhook {document['name']}"
        return self._document("POST", self._path(account_id, webhook_id), action, document)

    def delete(self, account_id: str, webhook_id: str, name: str) -> None:
        """Delete a webhook, unless it is gone already."""
        try:
            self._call("DELETE", self._path(account_id, webhook_id), f"deleting the webhook {name}")
        except UnknownWebhookError:
            return

    def _made(self, account_id: str, wanted: Mapping[str, Any]) -> str | None:
        for summary in self.webhooks(account_id):
            same = (summary.get("name"), summary.get("uri")) == (wanted["name"], wanted["uri"])
            if same or summary["id"] == wanted["id"]:
                return str(summary["id"])
        return None

    @staticmethod
    def _path(account_id: str, webhook_id: str = "") -> str:
        path = f"/accounts/{quote(account_id, safe='')}/webhooks"
        return f"{path}/{quote(webhook_id, safe='')}" if webhook_id else path

    def _document(self, method: str, path: str, action: str, data: Mapping[str, Any] | None = None) -> Document:
        document = self._call(method, path, action, data)["data"]
        if not isinstance(document, dict) or "id" not in document:
            raise LostAnswerError(f"Dash answered {action} without a webhook. Check DashApiUrl.")
        return document

    def _call(self, method: str, path: str, action: str, data: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """Make a call as the user, and return the envelope of its success."""
        answer = self._exchange(method, path, action, data, self._token or self._login())
        if answer.status == 401:  # noqa: PLR2004 - in either shape: expired or unknown token
            answer = self._exchange(method, path, action, data, self._login())
        if answer.status == 401:  # noqa: PLR2004
            raise CredentialsError(f"Dash refused {action} although it has just accepted the credentials. {TRY_LATER}")
        if not answer.ok:
            raise answer.error(action)
        if "data" not in answer.envelope:
            raise LostAnswerError(f"What answered {action} is not Dash's API. Check DashApiUrl.")
        return answer.envelope

    def _login(self) -> str:
        self._token = ""
        resource, data = self._credentials.resource, self._credentials.login()
        answer = self._exchange("PUT", f"/{resource}", "the login", data, safe=True)
        if answer.ok:
            self._token = str(answer.envelope.get("auth_token") or "")
        elif answer.status in {400, 401, 403, 404}:
            raise CredentialsError(_refusal(answer, self._credentials))
        if not self._token:
            raise answer.error("the login")
        return self._token

    def _exchange(  # noqa: PLR0913 - the parts of a request
        self,
        method: str,
        path: str,
        action: str,
        data: Mapping[str, Any] | None,
        token: str = "",
        *,
        safe: bool | None = None,
    ) -> Answer:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise DeadlineError(f"Dash is too slow: the time ran out before {action}. {TRY_LATER}")
        headers = {"x-auth-token": token} if token else {}
        if data is not None:
            headers["content-type"] = "application/json"
        asked_at = time.time()
        try:
            response = self._pool.request(
                method,
                self._url + path,
                body=None if data is None else json.dumps({"data": data}).encode(),
                headers={**self._pool.headers, **headers},
                timeout=urllib3.Timeout(
                    connect=min(CONNECT_SECONDS, left / TRIES), read=min(self._read_seconds, left / TRIES)
                ),
                retries=_SAFE if safe or method != "PUT" else _UNSAFE,
                redirect=False,
            )
        except (HTTPError, ValueError) as error:
            raise self._unanswered(error, action) from error
        self.clock_ahead = clock_ahead(response.headers.get("date", ""), asked_at, time.time())
        return Answer.parse(response.status, response.data)

    def _unanswered(self, error: Exception, action: str) -> DashError:
        reason = error.reason if isinstance(error, MaxRetryError) else error
        address = urlsplit(self._url)
        where = f"{address.hostname}:{address.port}" if address.port else address.hostname
        match reason:
            case NewConnectionError() | urllib3.exceptions.ConnectTimeoutError():
                return UnavailableError(
                    f"Dash can't be reached at {where}. Check DashApiUrl, and that this address answers. {TRY_LATER}"
                )
            case SSLError():
                return UnavailableError(f"{where} does not speak TLS with a valid certificate. Check DashApiUrl.")
            case urllib3.exceptions.LocationValueError() | ValueError():
                return DashError(
                    "DashApiUrl is not a valid address. It should look like https://public-api.virtualpbx.com:8443/v2."
                )
            case _:
                return LostAnswerError(f"Dash at {where} did not answer {action}. {TRY_LATER}")


def _refusal(answer: Answer, credentials: Credentials) -> str:
    if not isinstance(credentials, ApiKey):
        return "Dash refuses the account name, user name or password in the secret that DashCredentialsArn names."
    if answer.status == 400:  # noqa: PLR2004
        return "Dash says that this is not an API key, which has 64 characters. Check DashApiKey or DashCredentialsArn."
    # An unknown key is answered 404, "bad identifier".
    return "Dash does not know this API key. Check DashApiKey or DashCredentialsArn, and that the key still exists."


def _pause(attempt: int, sleep: Callable[[float], None] = time.sleep) -> None:
    sleep(jittered(BACKOFF_SECONDS * 2**attempt, least=0.25))
