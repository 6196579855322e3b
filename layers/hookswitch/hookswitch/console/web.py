"""Requests and responses, as an HTTP API of API Gateway hands them over (payload format 2.0)."""

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import parse_qsl

WORTH_COMPRESSING = 1_000  # bytes; a packet takes as much
NO_STORE = "no-store"

# Same origin only: no inline script or style, no other host, no frame, no plug-in. Nor does text become markup or a
# script (W3C, "Trusted Types").
SECURITY_HEADERS: Mapping[str, str] = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
        "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "same-origin",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


@dataclass(frozen=True, slots=True)
class Request:
    """A request of a browser.

    Attributes:
        method: GET, POST or another.
        path: Of the address, decoded.
        query: The parameters of the address, each with its last value.
        query_string: All of them as they are in the address.
        headers: By their names in lower case.
        cookies: By their names.
        body: As it was sent.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    query_string: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def from_api_gateway(cls, event: Mapping[str, Any]) -> Self:
        """Return the request in a Lambda event.

        API Gateway has the cookies in `cookies` ("Lambda integrations for HTTP APIs"), the emulator in their header.
        """
        headers = {name.lower(): str(value) for name, value in event.get("headers", {}).items()}
        sent = event.get("cookies") or headers.get("cookie", "").split(";")
        pairs = (str(cookie).partition("=") for cookie in sent)
        text = str(event.get("rawQueryString", ""))
        body = str(event.get("body") or "").encode("utf-8", "replace")
        return cls(
            method=event["requestContext"]["http"]["method"],
            path=event["rawPath"],
            query=dict(parse_qsl(text, keep_blank_values=True, max_num_fields=100)) if len(text) < 10_000 else {},  # noqa: PLR2004 - more is nobody's
            query_string=text,
            headers=headers,
            cookies={name.strip(): value.strip() for name, _, value in pairs},
            body=base64.b64decode(body) if event.get("isBase64Encoded") else body,
        )

    @property
    def is_navigation(self) -> bool:
        """Whether somebody goes to a page: no script, image or icon asks, and no browser that only looks ahead.

        Browsers say so in `Sec-Fetch-*` (W3C, "Fetch Metadata Request Headers"); older ones by what they accept.
        """
        if self.method != "GET" or "prefetch" in self.headers.get("sec-purpose", ""):
            return False
        if "sec-fetch-dest" in self.headers:
            return self.headers["sec-fetch-dest"] == "document"
        return "text/html" in self.headers.get("accept", "")

    @property
    def is_json(self) -> bool:
        """Whether its body says that it is JSON, which no form of another site's page can say."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"

    def is_of_page(self, address: str) -> bool:
        """Tell whether a page at an address asks; browsers name it in `Origin` with every POST."""
        return self.headers.get("origin") == address and not self.is_of_another_site

    @property
    def is_of_another_site(self) -> bool:
        """Whether a page of another site has the browser ask."""
        return self.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}


@dataclass(frozen=True, slots=True)
class Response:
    """What a browser gets.

    Attributes:
        status: The HTTP status.
        body: Not compressed.
        headers: By their names in lower case, besides those that every response has.
        cookies: Whole values of Set-Cookie.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Sequence[str] = ()

    @classmethod
    def from_json(cls, value: object, status: int = 200) -> Self:
        """Return a response with a value as JSON."""
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        headers = {"content-type": "application/json", "cache-control": NO_STORE}
        return cls(status, text.encode("utf-8", "replace"), headers)

    @classmethod
    def error(cls, status: int, code: str, message: str) -> Self:
        """Return an error as JSON.

        Args:
            status: The HTTP status.
            code: For programs, such as `not_found`.
            message: For people.
        """
        return cls.from_json({"error": {"code": code, "message": message}}, status)

    @classmethod
    def redirect(cls, address: str, cookies: Sequence[str] = ()) -> Self:
        """Return a response that sends the browser somewhere else, with GET."""
        return cls(303, b"", {"location": address, "cache-control": NO_STORE}, cookies)

    def with_cookies(self, *cookies: str) -> "Response":
        """Return the same with more cookies."""
        return replace(self, cookies=(*self.cookies, *cookies))

    def to_api_gateway(self, request: Request) -> dict[str, Any]:
        """Return the Lambda answer to a request: compressed if the browser takes that, empty if it has the same."""
        headers = {**SECURITY_HEADERS, **self.headers}
        status, body, encoded = self.status, self.body, False
        if status == 200 and body:  # noqa: PLR2004 - OK
            tag = headers.setdefault("etag", f'"{hashlib.sha256(body).hexdigest()[:32]}"')
            if tag in request.headers.get("if-none-match", ""):
                status, body = 304, b""
                headers.pop("content-type", None)
        if len(body) >= WORTH_COMPRESSING and "gzip" in request.headers.get("accept-encoding", ""):
            body = gzip.compress(body, 6, mtime=0)
            headers |= {"content-encoding": "gzip", "vary": "accept-encoding"}
            encoded = True
        try:
            text = base64.b64encode(body).decode() if encoded else body.decode()
        except UnicodeDecodeError:  # an image
            text, encoded = base64.b64encode(body).decode(), True
        answer = {"statusCode": status, "headers": headers, "body": text, "isBase64Encoded": encoded}
        return {**answer, "cookies": list(self.cookies)} if self.cookies else answer
