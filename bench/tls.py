"""A certificate for the stub of AWS, and the authorities for functions to trust: as many as on Lambda, plus ours."""

from pathlib import Path

import trustme

from bench.stub import ADDRESS


def certified(folder: Path, authorities: Path) -> tuple[Path, Path]:
    """Create and return the file of the stub's certificate with its key, and the file of all authorities.

    Args:
        folder: The folder for the files.
        authorities: A file of the usual authorities; reading them is part of a cold start.
    """
    authority = trustme.CA()
    certificate, bundle = folder / "certificate.pem", folder / "authorities.pem"
    authority.issue_cert(ADDRESS).private_key_and_cert_chain_pem.write_to_path(str(certificate))
    bundle.write_bytes(authorities.read_bytes() + authority.cert_pem.bytes())
    return certificate, bundle
