"""What every answer has, files, and what goes wrong."""

import base64
import gzip
import json
import re
from pathlib import Path

import pytest

from devtools.console.serve import STATIC, LocalConsole
from hookswitch.console.static import TYPES, StaticFiles
from hookswitch.console.web import Request, Response
from hookswitch.settings.console import ConsoleSettings
from tests.unit.console.browser import FETCHES, NAVIGATES, Browser

HASHED = re.compile(r'"/static/([0-9a-f]{16})/([^"]+)"')


def test_cookies_of_aws_and_of_the_emulator() -> None:
    """AWS has cookies apart, the emulator has them in the header; both are the same cookies."""
    event = {"rawPath": "/", "requestContext": {"http": {"method": "GET"}}}
    apart = Request.from_api_gateway({**event, "headers": {}, "cookies": ["a=1", "b=2=3"]})
    together = Request.from_api_gateway({**event, "headers": {"Cookie": "a=1; b=2=3"}})
    assert apart.cookies == together.cookies == {"a": "1", "b": "2=3"}
    assert Request.from_api_gateway(event).headers == {}


@pytest.mark.parametrize("path", ["/", "/api/me", "/api/nothing", "/nothing", "/signed-out", "/static/x/y.js"])
@pytest.mark.parametrize("headers", [NAVIGATES, FETCHES])
def test_every_answer_is_strict(browser: Browser, path: str, headers: dict[str, str]) -> None:
    """No answer lets a browser run, load, frame or guess anything from elsewhere."""
    answer = browser.ask(path, headers=headers)
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy.pop("require-trusted-types-for") == "'script'"
    assert policy.pop("trusted-types") == "'none'"
    assert set(policy.values()) == {"'none'", "'self'"}
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", ["api/me", "api/calls", "api/day", "api/calls.csv", "api/health", "api/nothing"])
def test_nothing_personal_is_stored(browser: Browser, path: str) -> None:
    """No browser and nothing on the way keeps what the API says."""
    assert browser.ask(f"/{path}").headers["cache-control"] == "no-store"


def test_unchanged(browser: Browser) -> None:
    """Who has the same answer gets none again."""
    first = browser.get("calls", day="2026-11-25")
    again = browser.ask("/api/calls?day=2026-11-25", headers={**FETCHES, "if-none-match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    other = browser.ask("/api/calls?day=2026-11-24&until=2026-11-25", headers={"if-none-match": '"x"'})
    assert other.status == 200


def test_compressed() -> None:
    """Large answers are compressed for who takes that; the tag is that of the content."""
    response = Response.from_json(["text " * 1_000])
    asked = Request("GET", "/", headers={"accept-encoding": "gzip, br"})
    packed, plain = response.to_api_gateway(asked), response.to_api_gateway(Request("GET", "/"))
    assert (packed["isBase64Encoded"], plain["isBase64Encoded"]) == (True, False)
    assert len(packed["body"]) < len(plain["body"]) / 10
    assert packed["headers"]["etag"] == plain["headers"]["etag"]
    assert json.loads(plain["body"]) == ["text " * 1_000]
    assert gzip.decompress(base64.b64decode(packed["body"])).decode() == plain["body"]


def test_lone_surrogates() -> None:
    """Text that no encoding has is replaced, not an error."""
    assert json.loads(Response.from_json({"name": "\ud800"}).body) == {"name": "?"}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/api/me", "/api/calls", "/signed-in"])
def test_other_methods(browser: Browser, method: str, path: str) -> None:
    """What only shows something takes GET only."""
    assert browser.ask(path, method=method).status == 405


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites(browser: Browser, site: str) -> None:
    """A page of another site gets nothing, even with the cookie."""
    answer = browser.ask("/api/me", headers={**FETCHES, "sec-fetch-site": site})
    assert (answer.status, answer.code) == (403, "forbidden")


def test_page_and_files(browser: Browser) -> None:
    """The page names its files by their version, browsers keep these for a year, and each has its type."""
    page = browser.go()
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    named = HASHED.findall(page.body.decode())
    assert named
    assert b"{version}" not in page.body
    for version, name in named:
        file = browser.ask(f"/static/{version}/{name}")
        assert file.status == 200
        assert file.headers["content-type"] == TYPES[Path(name).suffix]
        assert "immutable" in file.headers["cache-control"]
        assert browser.ask(f"/static/{'0' * 16}/{name}").status == 404


@pytest.mark.parametrize("path", ["../handler.py", "..%2fhandler.py", "index.html", "handler.py", "", "/etc/passwd"])
def test_other_files(browser: Browser, path: str) -> None:
    """Only the page's files are served, and the page itself at its addresses only."""
    version = StaticFiles(STATIC).version
    assert browser.ask(f"/static/{version}/{path}").status == 404


def test_files_without_a_session(console: LocalConsole) -> None:
    """Files are nobody's secret: the page that says that somebody has signed out needs them."""
    version = StaticFiles(STATIC).version
    answer = Browser(console).ask(f"/static/{version}/message.css")
    assert answer.status == 200


def test_version(tmp_path: Path) -> None:
    """The version changes with any file, and with a file's name."""

    def version(**files: str) -> str:
        for file in tmp_path.iterdir():
            file.unlink()
        for name, text in files.items():
            (tmp_path / name.replace("_", ".")).write_text(text)
        return StaticFiles(tmp_path).version

    versions = [
        version(index_html="{version}", app_js="1"),
        version(index_html="{version}", app_js="2"),
        version(index_html="{version} ", app_js="1"),
        version(index_html="{version}", other_js="1"),
    ]
    assert len(set(versions)) == len(versions)
    assert version(index_html="{version}", app_js="1") == versions[0]


def test_nothing_inline() -> None:
    """The page has no inline script or style, which the policy forbids, and loads from nowhere else."""
    for file in STATIC.rglob("*.html"):
        text = file.read_text()
        assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:", text), file
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text), file


def test_settings_have_no_secret() -> None:
    """Whoever reads the function's settings can't sign anybody in."""
    assert not any("secret" in name for name in ConsoleSettings.__slots__)
