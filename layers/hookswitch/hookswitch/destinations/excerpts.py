"""Excerpts of what destinations answer: kept as evidence, so they must hold no secret and nothing of the message."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from hookswitch.payloads.text import ELLIPSIS, one_line

MAX_EXCERPT = 500  # characters
_SHORTEST = 4  # characters of a value that is looked for; shorter ones would be found by chance

_TAG = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^<>]*>", re.DOTALL | re.IGNORECASE)
_NAMED = re.compile(
    r"((?:token|secret|password|passwd|api[_-]?key|signature|sig|authorization|bearer)\b[\"']?\s*[:=]\s*[\"']?)"
    r"(?:bearer\s+|basic\s+)?[^\s\"',;&<>]+",
    re.IGNORECASE,
)
_MAIL = re.compile(r"[^\s@<>\"']{1,64}@[^\s@<>\"']{1,255}")
_NUMBER = re.compile(r"\+?\d(?:[\s().\-/]{0,3}\d){6,}")  # a phone number, however it is written; a long id too
_TOKEN = re.compile(r"[A-Za-z0-9_+/=.\-]{20,}")
_RANDOM = re.compile(r"[0-9+/=]|[A-Z]{2}(?=.*[a-z])|[a-z].*[A-Z]{2}")  # not such as channel_is_archived or NotFound
_PLAIN = re.compile(r"[a-z][a-z_.]*")  # a word of the format, such as call or missed, that says nothing of anybody


def excerpt(content: bytes, url: str, body: bytes, headers: Mapping[str, str]) -> str:
    """Return the beginning of an answer as one line of at most 500 printable characters.

    An ellipsis stands for what may be a secret or of the message: parts of the address, values of the message and its
    headers, long tokens, phone numbers, mail addresses, and what is named a token or a password.

    Args:
        content: The beginning of the answer's body.
        url: Where the message was sent.
        body: The message.
        headers: The message's own headers.
    """
    text = content.decode("utf-8", "replace")
    if not text.strip() or _is_binary(text):
        return ""
    for value in sorted({*_of_url(url), *_of_message(body), *_of_headers(headers)}, key=len, reverse=True):
        text = text.replace(value, ELLIPSIS)
    text = _TAG.sub(" ", text)
    text = _NAMED.sub(rf"\1{ELLIPSIS}", text)
    text = _MAIL.sub(ELLIPSIS, text)
    text = _TOKEN.sub(lambda found: ELLIPSIS if _RANDOM.search(found[0]) else found[0], text)
    return one_line(_NUMBER.sub(ELLIPSIS, text), MAX_EXCERPT)


def _is_binary(text: str) -> bool:
    unreadable = sum(character == "�" or (character < " " and character not in "\t\r\n") for character in text)
    return unreadable > len(text) // 10


def _of_url(url: str) -> Iterator[str]:
    """Yield the parts of a URL's path and query that may be secrets, as they are written and decoded."""
    try:
        split = urlsplit(url)
    except ValueError:
        return
    values = [part for segment in split.path.split("/") for part in (segment, unquote(segment))]
    values += [
        part for pair in split.query.split("&") for part in (pair.partition("=")[2], unquote(pair.partition("=")[2]))
    ]
    values += [value for _, value in parse_qsl(split.query)]
    yield from (value for value in values if len(value) >= _SHORTEST and not _PLAIN.fullmatch(value))


def _of_message(body: bytes) -> Iterator[str]:
    """Yield the texts in a message that is JSON, as they are written in JSON and as they are."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return
    for value in _texts(message):
        if len(value) >= _SHORTEST and not _PLAIN.fullmatch(value):
            yield value
            yield json.dumps(value)[1:-1]


def _of_headers(headers: Mapping[str, str]) -> Iterable[str]:
    values = (part for value in headers.values() for part in value.split(" "))
    return (value for value in values if len(value) >= _SHORTEST and not value.startswith("application/"))


def _texts(value: Any) -> Iterator[str]:
    """Yield all texts in a value of JSON, without recursion."""
    left = [value]
    while left:
        match left.pop():
            case str(text):
                yield text
            case dict(fields):
                left.extend(fields.values())
            case list(values):
                left.extend(values)
            case _:
                pass
