"""A certificate authority of its own, for servers on this machine."""

import ssl
from pathlib import Path

import trustme

NAMES = ("localhost", "127.0.0.1", "::1", "receiver.example")
"""The names that servers have; `receiver.example` leads nowhere unless a test resolves it."""


class Authority:
    """Issues certificates.

    Attributes:
        certificate: Its own certificate, as PEM.
    """

    def __init__(self) -> None:
        self._authority = trustme.CA(organization_name="Receivers")
        self.certificate = self._authority.cert_pem.bytes()

    def write(self, folder: Path) -> Path:
        """Write its certificate into a folder, and return the file, for SSL_CERT_FILE."""
        file = folder / "authority.pem"
        file.write_bytes(self.certificate)
        return file

    def context(self, *names: str) -> ssl.SSLContext:
        """Return the TLS context of a server with these names; the usual ones if there are none."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(*(names or NAMES)).configure_cert(context)
        return context
