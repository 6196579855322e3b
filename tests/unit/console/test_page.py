"""The files of the page, as they are written: what no browser has to be asked about."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools.console.serve import STATIC

FIRST_VIEW = 25_000  # bytes, compressed: all that the list of calls needs
SCRIPTS = sorted(file.name for file in STATIC.glob("*.js"))
INDEX = (STATIC / "index.html").read_text()


def imported(name: str) -> Iterator[str]:
    """Yield what a module needs before it runs, and what that needs."""
    for other in re.findall(r'^import .* from "\./(.+)";$', (STATIC / name).read_text(), re.MULTILINE):
        yield other
        yield from imported(other)


def test_modules_are_asked_for_at_once() -> None:
    """The page names all modules of the first view, so that no browser asks for one after the other."""
    named = set(re.findall(r'"/static/{version}/(.+\.js)"', INDEX))
    assert named == {"app.js", *imported("app.js")}


def test_first_view_is_small() -> None:
    """Who opens the list of calls for the first time loads little."""
    names = {"index.html", *re.findall(r'"/static/{version}/([^"]+)"', INDEX)}
    sizes = {name: len(gzip.compress((STATIC / name).read_bytes(), 6)) for name in names}
    assert sum(sizes.values()) <= FIRST_VIEW, sizes


@pytest.mark.parametrize("name", SCRIPTS)
def test_data_never_becomes_markup(name: str) -> None:
    """No module writes HTML or runs text; what the policy would refuse is not even tried."""
    found = re.findall(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|srcdoc"
        r"|\beval\(|new Function|\bstyle:",
        (STATIC / name).read_text(),
    )
    assert not found


@pytest.mark.parametrize("file", sorted(STATIC.iterdir()), ids=lambda file: file.name)
def test_nothing_is_of_another_host(file: Path) -> None:
    """No file names an address elsewhere; the name of SVG's namespace is none."""
    assert "://" not in file.read_text().replace("http://www.w3.org/2000/svg", "")
