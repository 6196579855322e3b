"""A certificate for the stub of AWS, and whom a function trusts: as many authorities as on Lambda, and ours."""

from pathlib import Path

import trustme

from bench.stub import ADDRESS


def certified(folder: Path, authorities: Path) -> tuple[Path, Path]:
    """Return the file of the stub's certificate with its key, and the file of all authorities, both newly created.

    Args:
        folder: Where they are put.
        authorities: Those that the other files of the kind have; to read them is a part of a cold start.
    """
    authority = trustme.CA()
    certificate, bundle = folder / "certificate.pem", folder / "authorities.pem"
    authority.issue_cert(ADDRESS).private_key_and_cert_chain_pem.write_to_path(str(certificate))
    bundle.write_bytes(authorities.read_bytes() + authority.cert_pem.bytes())
    return certificate, bundle
