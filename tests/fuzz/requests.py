"""Whole requests: verb, path, token, query, headers and body, and what each has to be answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

from hypothesis import strategies as st

from hookswitch.dash.hooks import HOOKS
from simulator.payloads import DEFAULT_ACCOUNT_ID
from tests.fuzz.bodies import Body, Draw, bodies
from tests.fuzz.values import PHONE

MAX_QUERY = 6_000  # API Gateway takes 10,240 bytes of request line and headers together
WRONG_MARK = "wrong-token"  # in every made-up token, so that a log line with one is found
ROUTED = ("POST", "GET", "PUT")
UNROUTED = ("DELETE", "PATCH", "OPTIONS", "HEAD", "PROPFIND")


class Expected(StrEnum):
    """What a request has to be answered."""

    KEPT = "200, and what became of it"
    REFUSED = "403"
    EITHER = "200 or 403"  # the token is right once it is decoded
    ANY = "200 or 4xx"
    UNKNOWN = "4xx"  # no route: API Gateway's own answer


@dataclass(frozen=True)
class Fuzzed:
    """One request.

    Attributes:
        hook: The hook that it is for, or nearly.
        verb: As it is sent.
        target: Path and query, below the API's stage.
        headers: All but those that every request has.
        body: As it is sent; of a get it is empty.
        kind: How the body was made.
        expected: What it has to be answered.
    """

    hook: str
    verb: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    kind: str
    expected: Expected


def _account_headers(draw: Draw) -> dict[str, str]:
    account = draw(
        st.sampled_from((DEFAULT_ACCOUNT_ID,) * 6 + ("", "ä", "0" * 32, DEFAULT_ACCOUNT_ID.upper(), "x" * 4000))
    )
    return {"x-hook-id": "ab" * 16, "x-account-id": account} if draw(st.integers(0, 9)) else {}


_EXTRA: tuple[dict[str, str], ...] = (
    {},
    {"x-forwarded-for": f"192.0.2.1, {PHONE}"},
    {"accept-encoding": "gzip, br", "accept": "*/*"},
    {"content-encoding": "gzip"},
    {"x-amzn-trace-id": "Root=1-0-0", "x-amz-date": "0"},
    {"cookie": "a=b; c", "authorization": "Basic !!"},
    {"transfer-language": "\xff\xfe"},
    {"isBase64Encoded": "true", "redelivery": "{}"},
)
_CONTENT_TYPES = (
    *("application/json; charset=utf-8", "APPLICATION/JSON", "application/json;", "text/plain", "application/xml", ";"),
    *("multipart/form-data; boundary=x", "application/x-www-form-urlencoded; charset=latin-1", "a" * 500, "\xe4"),
    *("application/octet-stream", "image/png", "application/cloudevents+json"),
)


@st.composite
def _tokens(draw: Draw, hook: str, tokens: Mapping[str, str]) -> tuple[str, Expected]:
    right = tokens[hook]
    if draw(st.integers(0, 9)) < 8:
        return right, Expected.KEPT
    encoded = "".join(f"%{byte:02X}" for byte in right.encode())
    other = tokens[draw(st.sampled_from([name for name in HOOKS if name != hook]))]
    odd = draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
    made: tuple[tuple[str, Expected], ...] = (
        (encoded, Expected.EITHER),
        (other, Expected.REFUSED),
        (right.swapcase(), Expected.REFUSED),
        (right[:-1], Expected.REFUSED),
        (right + "=", Expected.REFUSED),
        (f"{right}%00", Expected.REFUSED),
        (f"{right}%20", Expected.REFUSED),
        (f"{right}%2F", Expected.ANY),  # a gateway may take off a slash at the end
        (f"{right}/", Expected.ANY),
        (f"{right}/{right}", Expected.UNKNOWN),
        ("", Expected.UNKNOWN),
        (WRONG_MARK, Expected.REFUSED),
        (f"{WRONG_MARK}{'x' * 3000}", Expected.REFUSED),
        (f"{WRONG_MARK}%FF%FE%ED%A0%80", Expected.REFUSED),
        (f"{WRONG_MARK}{quote(odd, safe='')}".replace("%2F", "%2D"), Expected.REFUSED),
        (f"{WRONG_MARK}%25%32%35{PHONE[1:]}", Expected.REFUSED),
        ("{token}", Expected.REFUSED),
    )
    return draw(st.sampled_from(made))


@st.composite
def requests(draw: Draw, tokens: Mapping[str, str], *, routed_only: bool = False) -> Fuzzed:
    """Draw a request at an API whose callback tokens these are, by hook; if need be only one that has a route."""
    hook = draw(st.sampled_from(HOOKS))
    token, expected = draw(_tokens(hook, tokens))
    verb = draw(st.sampled_from(("POST",) * 12 + ("PUT",) * 2 + ("GET",) * 4 + ("",)))
    path = f"/hooks/{hook}/{token}"
    if routed_only:
        if expected in {Expected.UNKNOWN, Expected.ANY}:
            path, expected = f"/hooks/{hook}/{tokens[hook]}", Expected.KEPT
        verb = verb or "POST"
    elif not verb:
        verb, expected = draw(st.sampled_from(UNROUTED)), Expected.UNKNOWN
    elif not draw(st.integers(0, 39)):
        unknown = (f"/hooks/{hook.upper()}/{token}", f"/{token}", "/", f"/hooks/{token}", f"/hooks/nothing/{token}")
        path, expected = draw(st.sampled_from(unknown)), Expected.UNKNOWN
    body: Body = draw(bodies(hook))
    headers = {"content-type": body.content_type, **_account_headers(draw), **draw(st.sampled_from(_EXTRA))}
    if not draw(st.integers(0, 7)):
        headers["content-type"] = draw(st.sampled_from(_CONTENT_TYPES))
    elif not draw(st.integers(0, 15)):
        del headers["content-type"]
    query = draw(st.sampled_from(("",) * 8 + ("?", "?a=1&a=2", "?%00=%FF", "?&&=", f"?token={WRONG_MARK}")))
    content = body.content
    if verb == "GET":
        query, content = f"?{_in_address(content)}", b""
    return Fuzzed(hook, verb, path + query, headers, content, body.kind, expected)


def _in_address(content: bytes) -> str:
    """Return bytes as a query: the form as Dash writes it, all that an address can't hold percent-encoded."""
    return quote(content[: MAX_QUERY // 3], safe="=&%+[]-._~:;,/!*'()")
