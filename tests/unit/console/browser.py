"""A browser in front of the console, as far as its answers depend on one."""

import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from devtools.console.serve import LocalConsole
from hookswitch.console.web import Request

NAVIGATES = {"sec-fetch-dest": "document", "sec-fetch-mode": "navigate", "sec-fetch-site": "none"}
FETCHES = {"sec-fetch-dest": "empty", "sec-fetch-mode": "cors", "sec-fetch-site": "same-origin"}


@dataclass(frozen=True)
class Answer:
    """What the browser got.

    Attributes:
        status: The HTTP status.
        headers: By their names in lower case.
        body: Not compressed.
        cookies: The values of Set-Cookie.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[str, ...]

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of an error."""
        return str(self.json["error"]["code"])

    @property
    def location(self) -> str:
        """Where it sends the browser."""
        return self.headers["location"]


class Browser:
    """Keeps cookies, and says in its headers what browsers do."""

    def __init__(self, console: LocalConsole) -> None:
        self.console = console
        self.cookies: dict[str, str] = {}

    def ask(
        self, path: str, *, method: str = "GET", headers: Mapping[str, str] = FETCHES, body: str = "", **query: str
    ) -> Answer:
        """Send a request, and keep the cookies of the answer."""
        where, _, text = path.partition("?")
        event = {
            "rawPath": where,
            "rawQueryString": text or urlencode(query),
            "headers": dict(headers),
            "cookies": [f"{name}={value}" for name, value in self.cookies.items()],
            "requestContext": {"http": {"method": method}},
            "body": body,
        }
        answer = self.console.answer(Request.from_api_gateway(event))
        for cookie in answer.get("cookies", ()):
            name, _, rest = cookie.partition("=")
            if "Max-Age=0;" in rest:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = rest.partition(";")[0]
        got = answer["body"].encode()
        if answer["isBase64Encoded"]:
            got = base64.b64decode(got)
        if answer["headers"].get("content-encoding") == "gzip":
            got = gzip.decompress(got)
        return Answer(answer["statusCode"], answer["headers"], got, tuple(answer.get("cookies", ())))

    def get(self, path: str, **query: Any) -> Answer:
        """Have the page ask its API."""
        return self.ask(f"/api/{path}", **query)

    def post(self, path: str, body: object = None, **headers: str) -> Answer:
        """Have the page do something, with a body as JSON."""
        usual = {**FETCHES, "origin": self.console.settings.address, "content-type": "application/json"}
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask(f"/api/{path}", method="POST", headers=usual | sent, body=json.dumps(body or {}))

    def go(self, path: str = "/") -> Answer:
        """Navigate, and follow wherever that leads."""
        for _ in range(5):
            answer = self.ask(path, headers=NAVIGATES)
            if answer.status != 303:
                return answer
            path = answer.location
        raise AssertionError("The console leads in a circle.")

    def sign_out(self) -> Answer:
        """Have the page sign out."""
        return self.ask("/sign-out", method="POST", headers={**FETCHES, "origin": self.console.settings.address})
