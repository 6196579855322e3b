"""A browser at the page of a deployed stack, as far as HTTP goes."""

import html
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import urllib3

from devtools.stack import Stack
from simulator.confidential import note

NAVIGATES = {"sec-fetch-dest": "document", "sec-fetch-mode": "navigate"}
ASKS = {"sec-fetch-dest": "empty", "sec-fetch-site": "same-origin"}


class Browser:
    """A browser at the page of a stack: its names lead to the emulator, as browsers resolve them."""

    def __init__(self, stack: Stack) -> None:
        self.page = stack.outputs["ConsoleUrl"]
        self.cookies: dict[str, str] = {}
        self._pool = urllib3.PoolManager(retries=False, timeout=60)
        self._emulator = urlsplit(stack.endpoint)

    def ask(
        self, address: str, method: str = "GET", headers: Mapping[str, str] | None = None, body: str = "", **form: Any
    ) -> urllib3.BaseHTTPResponse:
        """Send a request, with the page's cookies if it goes there, and keep those of the answer."""
        there = urlsplit(urljoin(self.page, address))
        is_page = there.netloc == urlsplit(self.page).netloc
        sent = {"host": there.netloc, **(headers or {})}
        if is_page:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        where = there._replace(scheme=self._emulator.scheme, netloc=self._emulator.netloc).geturl()
        if form:
            sent["content-type"] = "application/x-www-form-urlencoded"
        answer = self._pool.request(method, where, headers=sent, body=body or urlencode(form) or None, redirect=False)
        for cookie in answer.headers.getlist("set-cookie") if is_page else ():
            name, _, rest = cookie.partition("=")
            self.cookies.pop(name, None)
            if "Max-Age=0;" not in rest:
                self.cookies[name] = note(rest.partition(";")[0], "cookie")
        return answer

    def sign_in(self, email: str, password: str) -> urllib3.BaseHTTPResponse:
        """Go to the page, sign in at the user pool's, and come back."""
        login = self.ask(self.page, headers=NAVIGATES).headers["location"]
        text = self.ask(login).data.decode()
        fields = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', text))
        hidden: dict[str, Any] = {name: html.unescape(value) for name, value in fields.items()}
        back = self.ask(urljoin(login, "/login"), "POST", **hidden, username=email, password=password)
        if "location" not in back.headers:
            return back
        return self.ask(back.headers["location"], headers=NAVIGATES)

    def get(self, path: str) -> tuple[int, Any]:
        """Have the page ask its API, and return status and JSON."""
        answer = self.ask(f"/api/{path}", headers=ASKS)
        return answer.status, json.loads(answer.data)

    def act(self, path: str, **body: Any) -> Any:
        """Have the page do something, and return what came of it."""
        headers = {**ASKS, "origin": self.page.rstrip("/"), "content-type": "application/json"}
        answer = self.ask(f"/api/{path}", "POST", headers, json.dumps(body))
        assert answer.status == 200, answer.data
        return json.loads(answer.data)
