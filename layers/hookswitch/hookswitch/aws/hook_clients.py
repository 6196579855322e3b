"""The clients on a hook's normal path: DirectClient where Lambda's environment allows it, otherwise the SDK.

DirectClient supports Lambda's default environment: a region in AWS's main partition, no proxy, and no SDK setting that
changes where or how to call. Anything else (a FIPS endpoint, China) goes through the SDK, with the same outcomes.
Credentials are in the environment. With SnapStart they come from an endpoint and expire; then the SDK fetches them, and
DirectClient still makes the calls.
"""

import os
import re
from functools import cache
from urllib.parse import SplitResult, urlsplit

from hookswitch.aws.direct import DirectClient
from hookswitch.aws.protocol import DYNAMODB, SECRETS_MANAGER, Client, Service
from hookswitch.aws.sigv4 import Credentials

_MAIN_PARTITION = re.compile(r"(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+")
_SDK_ONLY = re.compile(
    r"AWS_(USE_FIPS_ENDPOINT|USE_DUALSTACK_ENDPOINT|IGNORE_CONFIGURED_ENDPOINT_URLS|ENDPOINT_DISCOVERY_ENABLED"
    r"|CA_BUNDLE|CONFIG_FILE|SHARED_CREDENTIALS_FILE|PROFILE|DEFAULT_PROFILE|CONTAINER_CREDENTIALS_RELATIVE_URI"
    r"|AUTH_SCHEME_PREFERENCE|ACCOUNT_ID)|REQUESTS_CA_BUNDLE|(HTTPS?|ALL)_PROXY",
    re.IGNORECASE,
)
_CREDENTIALS_ENDPOINT = "AWS_CONTAINER_CREDENTIALS_FULL_URI"  # set for a function with SnapStart


@cache
def dynamodb() -> Client:
    """Return the client for the table of events: three attempts, in total 9 s and back-off."""
    return _client(DYNAMODB)


@cache
def secrets_manager() -> Client:
    """Return the client that reads the callback secret: two attempts, in total 6 s and back-off."""
    return _client(SECRETS_MANAGER)


def _client(service: Service) -> Client:
    region = os.environ.get("AWS_DEFAULT_REGION") or os.environ.get("AWS_REGION", "")
    url = _endpoint(service, region)
    direct = url if _direct_suffices(region) else None
    if direct and not os.environ.get(_CREDENTIALS_ENDPOINT):
        return DirectClient(service, direct, region, _credentials)
    from hookswitch.aws import via_botocore  # noqa: PLC0415 - this module exists to avoid this import

    return (
        DirectClient(service, direct, region, via_botocore.credentials) if direct else via_botocore.SdkClient(service)
    )


def _direct_suffices(region: str) -> bool:
    """Tell whether DirectClient supports everything that the environment asks for."""
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    has_credentials = os.environ.get(_CREDENTIALS_ENDPOINT) or all(map(os.environ.get, keys))
    needs_sdk = any(value and _SDK_ONLY.fullmatch(name) for name, value in os.environ.items())
    return bool(has_credentials and _MAIN_PARTITION.fullmatch(region)) and not needs_sdk


def _credentials() -> Credentials:
    env = os.environ
    return Credentials(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env.get("AWS_SESSION_TOKEN", ""))


def _endpoint(service: Service, region: str) -> SplitResult | None:
    """Return the service's address, or None if only the SDK can build requests for it."""
    given = os.environ.get(f"AWS_ENDPOINT_URL_{service.variable}") or os.environ.get("AWS_ENDPOINT_URL")
    url = urlsplit(given or f"https://{service.name}.{region}.amazonaws.com")
    plain = url.scheme in {"http", "https"} and url.path in {"", "/"} and not (url.query or url.username)
    return url if plain else None
