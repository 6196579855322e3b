"""Where the calls go, and when they are left to the SDK."""

import botocore.session
import pytest

from hookswitch.aws import hook_clients
from hookswitch.aws.protocol import DYNAMODB, SECRETS_MANAGER, Service
from tests.unit.aws.stub import REGION, AwsStub


def test_addresses_are_those_of_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """In every region of the main partition."""
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    session = botocore.session.get_session()
    for kind in (DYNAMODB, SECRETS_MANAGER):
        regions = [region for region in session.get_available_regions(kind.name) if "fips" not in region]
        assert REGION in regions
        for region in regions:
            url = hook_clients._endpoint(kind, region)  # noqa: SLF001 - what is tested
            assert hook_clients._direct_suffices(region)  # noqa: SLF001 - the same
            assert url
            assert url.geturl() == session.create_client(kind.name, region_name=region).meta.endpoint_url


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_DEFAULT_REGION", "cn-north-1"),
        ("AWS_DEFAULT_REGION", "us-gov-west-1"),
        ("AWS_DEFAULT_REGION", ""),
        ("AWS_ACCESS_KEY_ID", ""),
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/credentials"),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
        ("AWS_CA_BUNDLE", "bundle.pem"),
        ("AWS_PROFILE", "other"),
        ("AWS_CONFIG_FILE", "config"),
        ("https_proxy", "http://proxy.example.com"),
        ("HTTPS_PROXY", "http://proxy.example.com"),
        ("AWS_ENDPOINT_URL_DYNAMODB", "https://example.com/below/a/path"),
        ("AWS_ENDPOINT_URL", "https://user@example.com"),
    ],
)
def test_leaves_the_rest_to_the_sdk(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else decides where or how the SDK calls, the SDK decides."""
    made: list[Service] = []
    monkeypatch.setattr("hookswitch.aws.via_botocore.SdkClient", made.append)
    monkeypatch.setenv(name, value)
    hook_clients.dynamodb()
    assert made == [DYNAMODB]


def test_own_address_goes_before_the_general_one(monkeypatch: pytest.MonkeyPatch, service: AwsStub) -> None:
    """A service's own variable decides, as in the SDK."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", service.url)
    hook_clients.secrets_manager().call("GetSecretValue", SecretId="callback")
    assert len(service.requests) == 1


def test_traces_need_no_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Lambda sets besides when it traces leaves hooks to their own way."""
    monkeypatch.setenv("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR")
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1:2000")
    monkeypatch.setattr("hookswitch.aws.via_botocore.SdkClient", pytest.fail)
    hook_clients.dynamodb()
    hook_clients.secrets_manager()
