"""The files of the page: what browsers keep, because its address changes whenever a file does.

Files are at /static/<version>/, where the version is a hash of all of them, so that those of one version refer to each
other and never to files of another. `index.html` has `{version}` where the version belongs.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from hookswitch.console.web import NO_STORE, Response

FOREVER = "public, max-age=31536000, immutable"
INDEX = "index.html"
TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


class StaticFiles:
    """The files of a folder, of the types in TYPES.

    Args:
        folder: Where they are; it has an `index.html`.
    """

    def __init__(self, folder: Path) -> None:
        """Read the files."""
        files = sorted(file for file in folder.rglob("*") if file.suffix in TYPES)
        self._files = {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}
        found = hashlib.sha256()
        for name, content in self._files.items():
            found.update(f"{name}\0{len(content)}\0".encode() + content)
        self.version = found.hexdigest()[:16]
        self._index = self._files.pop(INDEX).replace(b"{version}", self.version.encode())

    def page(self) -> Response:
        """Return the page, which browsers may keep, but ask about each time."""
        return Response(200, self._index, {"content-type": TYPES[".html"], "cache-control": "no-cache"})

    def file(self, path: str) -> Response | None:
        """Return the file of a path below /static/, such as `<version>/app.js`; None if there is none."""
        version, _, name = path.partition("/")
        content = self._files.get(name) if version == self.version else None
        if content is None:
            return None
        return Response(200, content, {"content-type": TYPES[Path(name).suffix], "cache-control": FOREVER})

    def message(self, status: int, title: str, text: str, link: str) -> Response:
        """Return a small page that says something, with a link to go on.

        Args:
            status: The HTTP status.
            title: A few words.
            text: One or two sentences; HTML.
            link: The words of the link to the first page.
        """
        body = (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<link rel="stylesheet" href="/static/{self.version}/message.css"></head>'
            f'<body><main><h1>{title}</h1><p>{text}</p><p><a href="/">{link}</a></p></main></body></html>'
        )
        return Response(status, body.encode(), {"content-type": TYPES[".html"], "cache-control": NO_STORE})
