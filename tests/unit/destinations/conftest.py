"""An authority that is trusted, and a receiver with its certificate."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.receivers.authority import Authority
from simulator.receivers.server import Receiver


@pytest.fixture(scope="session")
def authority() -> Authority:
    """A certificate authority of the tests' own."""
    return Authority()


@pytest.fixture
def _trusted(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have OpenSSL trust that authority, and no other."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.write(tmp_path)))


@pytest.fixture
def receiver(authority: Authority, _trusted: None) -> Iterator[Receiver]:
    """An HTTPS server that answers 200 unless a test changes that."""
    with Receiver(authority.context()) as receiver:
        yield receiver
