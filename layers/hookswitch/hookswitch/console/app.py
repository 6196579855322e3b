"""The console as a whole: which request gets what, and what no request gets past."""

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from hookswitch.aws.clients import CALL_ERRORS, error_reason
from hookswitch.console.api import ENDPOINTS, Asked, Endpoint
from hookswitch.console.calls import TooManyCallsError
from hookswitch.console.questions import InvalidParameterError, UnknownError
from hookswitch.console.refusals import NothingDoneError, RefusedError, WholeStackError
from hookswitch.console.sessions import Session
from hookswitch.console.sign_in import SignIn
from hookswitch.console.static import StaticFiles
from hookswitch.console.web import Request, Response
from hookswitch.errors import HookswitchError, SignInError, SignInUnavailableError, StorageUnavailableError
from hookswitch.observability.log import logger
from hookswitch.settings.console import ConsoleSettings

API, STATIC = "/api/", "/static/"
PAGES = re.compile(r"/|/calls|/calls/[0-9a-f]{32}|/now|/messages|/operations", re.ASCII)
"""The addresses that are the page's own: all of them get the same file, which shows what the address says.

`/health` is none of them: the emulator answers that itself, on every host.
"""

NOT_FOUND = Response.error(404, "not_found", "There is nothing here.")
NOT_ALLOWED = Response.error(405, "method_not_allowed", "This address takes no such request.")

REFUSALS: Mapping[type[HookswitchError], tuple[int, str]] = {
    InvalidParameterError: (400, "invalid_parameter"),
    WholeStackError: (403, "forbidden"),
    RefusedError: (409, "refused"),
    TooManyCallsError: (422, "too_many"),
    NothingDoneError: (503, "unavailable"),
}
"""The status and the code of each error that an endpoint may end with; its text is for people."""


class Console:
    """Answers requests.

    Args:
        settings: The function's settings.
        sign_in: Signs people in.
        files: The page's files.
        clock: Returns Unix seconds.
    """

    def __init__(
        self, settings: ConsoleSettings, sign_in: SignIn, files: StaticFiles, clock: Callable[[], float] = time.time
    ) -> None:
        """Prepare to answer."""
        self._settings, self._sign_in, self._files, self._clock = settings, sign_in, files, clock

    def answer(self, request: Request) -> Response:
        """Return the response to a request; no error leaves it."""
        try:
            return self._answer(request)
        except SignInUnavailableError as error:
            logger.warning("The console can't sign anybody in: %s", error)
            return Response.error(503, "unavailable", "Nobody can sign in at the moment. Try again in a minute.")
        except StorageUnavailableError as error:
            logger.warning("The console can't read the table: %s", error)
        except CALL_ERRORS as error:
            logger.warning("The console can't read the table: %s", error_reason(error))
        return Response.error(503, "unavailable", "The data can't be read at the moment. Try again in a minute.")

    def _answer(self, request: Request) -> Response:
        if (request.method, request.path) == ("POST", "/sign-out"):
            return self._sign_out(request)
        if request.path.startswith(API):
            return self._api(request)
        if request.method != "GET":
            return NOT_ALLOWED
        if request.path.startswith(STATIC):
            return self._files.file(request.path.removeprefix(STATIC)) or NOT_FOUND
        if PAGES.fullmatch(request.path):
            return self._page(request)
        match request.path:
            case "/signed-in":
                answer = self._complete(request)
            case "/signed-out":
                answer = self._files.message(200, "Signed out", "You have signed out.", "Sign in again")
            case _:
                answer = NOT_FOUND
        return answer

    def _page(self, request: Request) -> Response:
        """Return the page to who has signed in; send others to do so, if they go to it themselves."""
        if self._sign_in.session(request):
            return self._files.page()
        if not request.is_navigation:
            return Response.error(401, "signed_out", "Sign in first.")
        query = f"?{request.query_string}" if request.query_string else ""
        return self._sign_in.begin(request, request.path + query)

    def _complete(self, request: Request) -> Response:
        if not request.is_navigation:
            return Response.error(401, "signed_out", "Sign in first.")
        try:
            return self._sign_in.complete(request)
        except SignInUnavailableError:
            raise
        except SignInError as error:
            logger.warning("Somebody could not sign in: %s", error)
            text = "You are not signed in. It took too long, was begun in another browser, or was refused."
            return self._files.message(400, "Not signed in", text, "Try again")

    def _sign_out(self, request: Request) -> Response:
        if not request.is_of_page(self._settings.address):
            return Response.error(403, "forbidden", "Only the console's own page can sign out.")
        return self._sign_in.end(self._sign_in.session(request))

    def _api(self, request: Request) -> Response:
        if request.is_of_another_site:
            return Response.error(403, "forbidden", "Only the console's own page can ask this.")
        session = self._sign_in.session(request)
        if session is None:
            return Response.error(401, "signed_out", "Your session is over. Sign in again.")
        path = request.path.removeprefix(API)
        found = [(endpoint, match.groups()) for endpoint in ENDPOINTS if (match := endpoint.path.fullmatch(path))]
        for endpoint, arguments in found:
            if endpoint.method == request.method:
                return self._endpoint(endpoint, request, session, arguments)
        return NOT_ALLOWED if found else NOT_FOUND

    def _endpoint(self, endpoint: Endpoint, request: Request, session: Session, arguments: tuple[str, ...]) -> Response:
        """Answer as if there was nothing if what is asked for is of an account that the user may not see."""
        if endpoint.role and endpoint.role not in session.user.roles:
            return Response.error(403, "forbidden", f"This takes the role {endpoint.role}. Ask who manages users.")
        if endpoint.method == "POST" and not request.is_of_page(self._settings.address):
            return Response.error(403, "forbidden", "Only the console's own page can do this.")
        if endpoint.method == "POST" and not request.is_json:
            return Response.error(415, "unsupported_media_type", "The body has to be JSON.")
        now = datetime.fromtimestamp(self._clock(), UTC)
        try:
            return endpoint.answer(Asked(request, session, arguments, self._settings, now))
        except UnknownError:
            return NOT_FOUND
        except tuple(REFUSALS) as error:
            return Response.error(*REFUSALS[type(error)], str(error))
