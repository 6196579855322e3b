"""Signing in and out: between the browser, the user pool and the sessions.

Tokens never reach the browser. Its cookie of a sign-in under way binds state and nonce to it; there is one for each, so
that several tabs can sign in at once.
"""

import re
import secrets
import time
from collections.abc import Callable

from hookswitch.console.pool import Pool, Tokens
from hookswitch.console.sessions import LONGEST, REFRESHED, Session, SessionTable
from hookswitch.console.signing import Signer
from hookswitch.console.users import User
from hookswitch.console.web import Request, Response
from hookswitch.errors import SignInError, SignInUnavailableError
from hookswitch.observability.log import logger
from hookswitch.settings.waits import WaitSettings

SESSION = "__Host-hookswitch"
SIGN_IN = "__Host-hookswitch-sign-in-"  # and the beginning of the state
SIGN_IN_SECONDS = 600  # in which somebody has to sign in
NAMED = 8  # characters of the state in a cookie's name
MOST_SIGN_INS = 12  # under way in one browser: API Gateway takes 10 KB of headers

# Where a sign-in may lead: a page of ours, never another host.
_PAGE = re.compile(r"/(?!/)[A-Za-z0-9/_-]{0,100}(\?[A-Za-z0-9%&=+._~:,/-]{0,500})?", re.ASCII)


class SignIn:
    """Signs people in and out, and finds the session of a request.

    Args:
        pool: The user pool.
        sessions: The sessions.
        own_account: The stack's Dash account.
        clock: Returns Unix seconds.
    """

    def __init__(
        self, pool: Pool, sessions: SessionTable, own_account: str, clock: Callable[[], float] = time.time
    ) -> None:
        """Prepare to sign people in."""
        self._pool, self._sessions, self._own_account, self._clock = pool, sessions, own_account, clock
        self._refresh_after = WaitSettings.from_environment().console_refresh or REFRESHED
        self._signers: dict[str, Signer] = {}

    def session(self, request: Request) -> Session | None:
        """Return the session of a request: one that the pool confirmed a quarter of an hour ago at most.

        Raises:
            SignInUnavailableError: The secret that cookies are signed with can't be read.
        """
        now = self._clock()
        session = self._find(request, now)
        if session is None or not session.is_due(now, self._refresh_after):
            return session
        try:
            tokens = self._pool.refresh(session.refresh_token, now)
        except SignInUnavailableError as error:
            logger.warning("A session could not be refreshed; it is valid for an hour without that: %s", error)
            return session
        except SignInError as error:
            logger.info("A session is over: %s", error)
            self._sessions.end(session)
            return None
        session = session.refreshed(self._user(tokens), now)
        return session if self._sessions.refresh(session) else None

    def begin(self, request: Request, page: str) -> Response:
        """Send a browser to sign in, and afterwards to a page of ours."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        now = self._clock()
        value = {"state": state, "nonce": nonce, "verifier": verifier, "page": page if _PAGE.fullmatch(page) else "/"}
        cookie = _cookie(
            SIGN_IN + state[:NAMED], self._signer("sign-in").sign(value, now + SIGN_IN_SECONDS), SIGN_IN_SECONDS
        )
        under_way = [name for name in request.cookies if name.startswith(SIGN_IN)]
        old = [_removal(name) for name in under_way] if len(under_way) >= MOST_SIGN_INS else []
        return Response.redirect(self._pool.authorize_address(state, nonce, verifier), [cookie, *old])

    def complete(self, request: Request) -> Response:
        """Begin the session of somebody who comes back from the pool, and send the browser to the page.

        Raises:
            SignInError: Nobody signed in, or not with this browser, or too long ago.
        """
        now, state = self._clock(), request.query.get("state", "")
        name = SIGN_IN + state[:NAMED]
        said = self._signer("sign-in").verify(request.cookies.get(name, ""), now)
        if said is None or not secrets.compare_digest(said["state"].encode(), state.encode("utf-8", "replace")):
            raise SignInError("This sign-in was begun in another browser, or more than ten minutes ago.")
        if "code" not in request.query:
            raise SignInError("The user pool signed nobody in.")
        tokens = self._pool.exchange(request.query["code"], said["nonce"], said["verifier"], now)
        if before := self._find(request, now):
            self._end(before)
        user = self._user(tokens)
        session_id = self._sessions.begin(user, tokens.refresh_token, now)
        logger.info("Somebody signed in to the console.", extra={"user": user.id})
        cookie = _cookie(SESSION, self._signer("session").sign({"id": session_id}, now + LONGEST), LONGEST)
        return Response.redirect(said["page"], [cookie, _removal(name)])

    def end(self, session: Session | None) -> Response:
        """Sign somebody out, and say where the browser forgets it, too."""
        if session:
            self._end(session)
            logger.info("Somebody signed out of the console.", extra={"user": session.user.id})
        return Response.from_json({"location": self._pool.sign_out_address()}).with_cookies(_removal(SESSION))

    def _find(self, request: Request, now: float) -> Session | None:
        """Return the session that a request's cookie belongs to; without a cookie, nothing is asked for that."""
        cookie = request.cookies.get(SESSION)
        said = self._signer("session").verify(cookie, now) if cookie else None
        return self._sessions.find(str(said["id"]), now) if said else None

    def _end(self, session: Session) -> None:
        self._sessions.end(session)
        try:
            self._pool.revoke(session.refresh_token)
        except SignInError as error:
            logger.warning("The refresh token of a session that has ended could not be revoked: %s", error)

    def _user(self, tokens: Tokens) -> User:
        return User.from_claims(tokens.claims, self._own_account)

    def _signer(self, purpose: str) -> Signer:
        if purpose not in self._signers:
            self._signers[purpose] = Signer(self._pool.secret(), purpose)
        return self._signers[purpose]


def _cookie(name: str, value: str, seconds: int) -> str:
    return f"{name}={value}; Max-Age={seconds}; Path=/; Secure; HttpOnly; SameSite=Lax"


def _removal(name: str) -> str:
    return _cookie(name, "", 0)
