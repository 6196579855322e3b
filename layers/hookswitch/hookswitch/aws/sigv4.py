"""AWS Signature Version 4 for one kind of request: a POST of JSON to a service's root (AWS IAM, "Signing")."""

import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Credentials:
    """The temporary credentials of a function's role."""

    access_key: str
    secret_key: str
    token: str = ""


def signed(  # noqa: PLR0913 - the parts of a request
    headers: Mapping[str, str],
    body: bytes,
    *,
    host: str,
    region: str,
    service: str,
    credentials: Credentials,
    now: float,
) -> dict[str, str]:
    """Return a request's headers plus those that sign it. Header names must be in lower case."""
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    day = moment[:8]
    headers = {**headers, "host": host, "x-amz-date": moment}
    if credentials.token:
        headers["x-amz-security-token"] = credentials.token
    names = sorted(headers)
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    request = f"POST\n/\n\n{lines}\n{';'.join(names)}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{day}/{region}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.digest(_key(credentials.secret_key, day, region, service), text.encode(), "sha256").hex()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    return headers


@lru_cache(maxsize=8)
def _key(secret_key: str, *scope: str) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for part in (*scope, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
