"""Logging in to the API, its tokens, and its rate limit (docs/dash-protocol.md, section 5)."""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass

from simulator.confidential import note
from simulator.dash import Account, Dash
from simulator.envelope import Answer, ApiError, Call, forbidden, invalid_method, validation_error

API_KEY_LENGTH = 64
TOKEN_LIFETIME = 3600.0


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A bucket of `capacity` calls that refills by `refill` a second.

    A system can be set to charge more for a login: `login_cost` (35 is a usual figure).
    """

    capacity: float = 100.0
    refill: float = 10.0
    login_cost: float = 1.0


class Bucket:
    """Counts calls against a rate limit. Times are Unix seconds."""

    def __init__(self, limit: RateLimit, clock: Callable[[], float]) -> None:
        self._limit, self._clock = limit, clock
        self._lock = threading.Lock()
        self._left, self._then = limit.capacity, clock()

    def take(self, *, login: bool) -> None:
        """Take what a call costs.

        Raises:
            ApiError: 429, the bucket is empty.
        """
        cost = self._limit.login_cost if login else 1.0
        with self._lock:
            now = self._clock()
            refilled = self._left + (now - self._then) * self._limit.refill
            self._left, self._then = min(self._limit.capacity, refilled), now
            if self._left < cost:
                raise ApiError(429, "too_many_requests", {"message": "too many requests"})
            self._left -= cost


class Login:
    """Gives out tokens and tells whose they are. A token lives `lifetime` seconds."""

    def __init__(self, dash: Dash, lifetime: float = TOKEN_LIFETIME) -> None:
        self._dash, self._lifetime = dash, lifetime
        self._lock = threading.Lock()
        self._tokens: dict[str, tuple[str, float]] = {}

    def api_auth(self, call: Call) -> Answer:
        """Log in with an API key.

        Raises:
            ApiError: 400 if it is not 64 characters long, 404 if no account has it.
        """
        key = call.data.get("api_key")
        if key is None:
            missing = {"message": "Field is required but missing", "value": "api_key"}
            raise validation_error({"api_key": {"required": missing}})
        if not isinstance(key, str) or len(key) != API_KEY_LENGTH:
            rule = "minLength" if not isinstance(key, str) or len(key) < API_KEY_LENGTH else "maxLength"
            wrong = {"message": f"String must be {API_KEY_LENGTH} characters", "target": API_KEY_LENGTH}
            raise validation_error({"api_key": {rule: wrong}})
        for account in list(self._dash.accounts.values()):
            if secrets.compare_digest(account.api_key.encode(), key.encode()):
                return self._grant(account)
        raise ApiError(404, "bad identifier", [key])

    def user_auth(self, call: Call) -> Answer:
        """Log in with the md5 sum of "user:password" and an account's name.

        Raises:
            ApiError: 400 without them or for an unknown account, 401 if they don't belong together.
        """
        missing = [name for name in ("credentials", "account_name") if not call.data.get(name)]
        if missing:
            required = {"message": "Field is required but missing"}
            raise validation_error({name: {"required": required} for name in missing})
        name = call.data["account_name"]
        for account in list(self._dash.accounts.values()):
            if account.name == name and call.data["credentials"] in account.credentials:
                return self._grant(account)
            if account.name == name:
                raise ApiError(401, "invalid_credentials", {"message": "invalid credentials"})
        unknown = {"message": "The provided account name could not be found", "cause": name}
        raise validation_error({"account_name": {"not_found": unknown}})

    def api_key(self, call: Call, account_id: str) -> Answer:
        """Tell the API key of an account (2600hz, "Account API Authentication").

        Raises:
            ApiError: 405 for a call that would change it.
        """
        if call.method != "GET":
            raise invalid_method()
        return Answer({"api_key": self._dash.accounts[account_id].api_key})

    def authorize(self, call: Call, account_id: str) -> None:
        """Check that the call may act on an account.

        Raises:
            ApiError: 401 for a token that is missing, broken or expired, 403 for an account that is neither
                the token's own nor below it.
        """
        with self._lock:
            owner, expiry = self._tokens.get(call.token or "", ("", 0.0))
        if not owner:
            raise ApiError(401, "invalid_credentials", {"message": "invalid credentials"})
        if self._dash.clock() >= expiry:
            raise ApiError(401, "invalid credentials")
        if account_id not in self._dash.accounts or owner not in self._dash.lineage(account_id):
            raise forbidden()

    def expire(self) -> None:
        """Let every token that was given out expire now."""
        with self._lock:
            self._tokens = {token: (owner, 0.0) for token, (owner, _) in self._tokens.items()}

    def _grant(self, account: Account) -> Answer:
        token = note(secrets.token_urlsafe(48), "login token")
        with self._lock:
            self._tokens[token] = (account.id, self._dash.clock() + self._lifetime)
        data = {"account_id": account.id, "account_name": account.name, "language": "en-us"}
        return Answer(data, status=201, auth_token=token)
