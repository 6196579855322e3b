"""A certificate for the stub of AWS, and the authorities that a function trusts: as many as on Lambda, and ours."""

from pathlib import Path

import trustme

from bench.stub import ADDRESS


def certified(folder: Path, authorities: Path) -> tuple[Path, Path]:
    """Return the file of the stub's certificate with its key, and the file of all authorities, both newly created.

    Args:
        folder: Where the files go.
        authorities: A file of the usual authorities; reading them is part of a cold start.
    """
    authority = trustme.CA()
    certificate, bundle = folder / "certificate.pem", folder / "authorities.pem"
    authority.issue_cert(ADDRESS).private_key_and_cert_chain_pem.write_to_path(str(certificate))
    bundle.write_bytes(authorities.read_bytes() + authority.cert_pem.bytes())
    return certificate, bundle
