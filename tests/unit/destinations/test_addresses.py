"""Where destinations may be: hosts of the public internet, over TLS, and nowhere else."""

import socket
import threading
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookswitch.destinations.addresses import Address, is_public, parse, resolve, shown
from hookswitch.errors import AddressError, UnresolvedError

SECRETS = "/services/T024BE7LD/B9QXMSNGS?sig=a-secret-of-the-address"


def leads_to(monkeypatch: pytest.MonkeyPatch, *ips: str) -> list[str]:
    """Have every name lead to some IP addresses; return the names that are looked up."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        families = (socket.AF_INET6 if ":" in ip else socket.AF_INET for ip in ips)
        return [(family, socket.SOCK_STREAM, 6, "", (ip, port)) for family, ip in zip(families, ips, strict=True)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://hooks.slack.com/services/a/b", Address("https", "hooks.slack.com", 443, "/services/a/b")),
        ("HTTPS://Hooks.Slack.COM/A?b=C", Address("https", "hooks.slack.com", 443, "/A?b=C")),
        ("https://a.logic.azure.com:443/w?sig=x%2F", Address("https", "a.logic.azure.com", 443, "/w?sig=x%2F")),
        ("https://example.com", Address("https", "example.com", 443, "/")),
        ("https://example.com?a=b", Address("https", "example.com", 443, "/?a=b")),
        ("https://xn--mnchen-3ya.example/", Address("https", "xn--mnchen-3ya.example", 443, "/")),
        ("https://8.8.8.8/x", Address("https", "8.8.8.8", 443, "/x")),
        ("https://[2606:4700::1111]/x", Address("https", "2606:4700::1111", 443, "/x")),
    ],
)
def test_usual_addresses(url: str, expected: Address) -> None:
    """Those of Slack, Teams and anybody's own service can be used."""
    assert parse(url) == expected


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        (f"http://example.com{SECRETS}", "https://"),
        (f"ftp://example.com{SECRETS}", "https://"),
        (f"file://{SECRETS}", "https://"),
        (f"example.com{SECRETS}", "https://"),
        (f"https:example.com{SECRETS}", "no host"),
        (f"https://{SECRETS}", "no host"),
        (f"https://example.com:8443{SECRETS}", "only 443"),
        (f"https://example.com:22{SECRETS}", "only 443"),
        (f"https://example.com:0{SECRETS}", "only 443"),
        (f"https://example.com:{SECRETS}", "Remove the colon"),
        (f"https://example.com:99999{SECRETS}", "can't be read"),
        (f"https://example.com:443:443{SECRETS}", "can't be read"),
        (f"https://user:sesame@example.com{SECRETS}", "user name"),
        (f"https://@example.com{SECRETS}", "user name"),
        (f"https://example.com{SECRETS}#part", "#"),
        (f"https://example.com{SECRETS}#", "#"),
        (f"https://example.com\\@internal.example{SECRETS}", "backslashes"),
        (f"https://exa mple.com{SECRETS}", "spaces"),
        (f" https://example.com{SECRETS}", "spaces"),
        (f"https://example.com{SECRETS}\r\nX-Injected: yes", "line breaks"),
        (f"https://example.com{SECRETS}\t", "spaces"),
        (f"https://exämple.com{SECRETS}", "xn--"),
        ("https://example.com/①", "ASCII"),
        (f"https://example.com/{'x' * 2048}", "too long"),
        (f"https://{'a' * 64}.example{SECRETS}", "no host"),
        (f"https://{'a.' * 130}example{SECRETS}", "no host"),
        (f"https://example..com{SECRETS}", "no host"),
        (f"https://example.com.{SECRETS}", "no host"),
        (f"https://-a.example{SECRETS}", "no host"),
        (f"https://%31%32%37.0.0.1{SECRETS}", "no host"),
        (f"https://[fe80::1%25eth0]{SECRETS}", "zone"),
        (f"https://[::1{SECRETS}", "can't be read"),
        (f"https://intranet{SECRETS}", "private network"),
        (f"https://localhost{SECRETS}", "private network"),
    ],
)
def test_unusual_addresses(url: str, advice: str) -> None:
    """Each is refused with a text that says what to do, and that shows neither path nor query."""
    with pytest.raises(AddressError, match=advice) as raised:
        parse(url)
    assert not any(part in str(raised.value) for part in ("T024BE7LD", "B9QXMSNGS", "a-secret", "sesame"))


@pytest.mark.parametrize(
    "host",
    [
        "127.1",
        "2130706433",
        "017700000001",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "0x7f000001",
        "0x7f.1",
        "127.0.0.0x1",
        "127.000.000.001",
        "0",
        "0x",
        "1.2.3.4.5",
        "256.256.256.256",
        "4294967295",
    ],
)
def test_numbers_that_resolvers_take_for_an_address(host: str) -> None:
    """An IPv4 address is written in its usual form: what others read from one is not left to the resolver."""
    with pytest.raises(AddressError, match="unusual form"):
        parse(f"https://{host}/")


NOT_PUBLIC = [
    *("127.0.0.1", "127.255.255.254", "0.1.2.3"),
    "0.0.0.0",  # noqa: S104 - nothing is bound
    *("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255"),
    *("169.254.169.254", "169.254.170.2", "169.254.1.1"),
    *("192.0.0.1", "192.0.0.170", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "192.88.99.1"),
    *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::1", "::", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "3fff::1"),
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8", "::127.0.0.1", "::ffff:0:127.0.0.1"),
    *("2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001::1", "2001:10::1"),
    *("64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "5f00::1", "4000::1"),
]


@pytest.mark.parametrize("ip", NOT_PUBLIC)
def test_addresses_that_are_not_public(ip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent there, whether the address says so itself or the host's name leads there."""
    assert not is_public(ip)
    with pytest.raises(AddressError, match="public internet"):
        parse(f"https://[{ip}]/" if ":" in ip else f"https://{ip}/")
    leads_to(monkeypatch, ip)
    with pytest.raises(AddressError, match="public internet"):
        resolve(parse("https://example.com/"))


@pytest.mark.parametrize("ip", ["8.8.8.8", "1.1.1.1", "52.94.236.248", "2606:4700:4700::1111", "2a00:1450:4001::1"])
def test_public_addresses(ip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts of the internet are where destinations are."""
    leads_to(monkeypatch, ip)
    assert resolve(parse("https://example.com/")) == (ip,)


@given(st.ip_addresses())
def test_what_is_public_is_global(ip: object) -> None:
    """What is taken for public is global in Python's own list too, and no multicast; other text is not public."""
    address = ip_address(str(ip))
    if is_public(str(ip)):
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_reserved
    assert not is_public(f"{ip} ")


def test_one_address_of_many_is_private(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that also leads to a private address is refused as a whole: any of them could be connected to."""
    leads_to(monkeypatch, "8.8.8.8", "10.0.0.1")
    with pytest.raises(AddressError, match="public internet"):
        resolve(parse("https://example.com/"))


def test_resolved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is looked up once, each address is there once, and IPv4 comes first, as functions have no IPv6."""
    asked = leads_to(monkeypatch, "2606:4700::1", "8.8.8.8", "8.8.4.4", "8.8.8.8")
    assert resolve(parse("https://example.com/")) == ("8.8.8.8", "8.8.4.4", "2606:4700::1")
    assert asked == ["example.com"]


def test_name_that_does_not_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may do so later, so it is an error of its own."""

    def getaddrinfo(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(UnresolvedError, match="does not resolve"):
        resolve(parse("https://example.com/"))


def test_resolver_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lookup that takes too long counts as one that found nothing."""
    tested = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: tested.wait() and [])
    with pytest.raises(UnresolvedError):
        resolve(parse("https://example.com/"), seconds=0.01)
    tested.set()


def test_test_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that was named for tests may be private, have any port and no TLS; the same at another port may not."""
    hosts = frozenset({"localhost:8443", "[::1]:8443", "receiver.example:80"})
    leads_to(monkeypatch, "127.0.0.1")
    for url in (
        "https://localhost:8443/x",
        "http://localhost:8443/x",
        "http://receiver.example/x",
        "https://[::1]:8443/",
    ):
        assert resolve(parse(url, hosts)) == ("127.0.0.1",)
    for url in ("https://localhost:8444/", "http://localhost/", "https://receiver.example:8443/"):
        with pytest.raises(AddressError):
            parse(url, hosts)
    with pytest.raises(AddressError, match="spaces"):
        parse("https://localhost:8443/ x", hosts)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"https://hooks.slack.com{SECRETS}", "https://hooks.slack.com/…"),
        (f"https://user:secret@Example.com:443{SECRETS}", "https://example.com/…"),
        ("http://localhost:8443", "http://localhost:8443/…"),
        ("https://[2606:4700::1111]/x", "https://[2606:4700::1111]/…"),
        ("a-secret", "…"),
        ("https://a b/secret", "…"),
        ("https://[::1/secret", "…"),
        ("javascript:secret", "…"),
    ],
)
def test_shown(url: str, expected: str) -> None:
    """People see the scheme and the host, and never what is secret."""
    assert shown(url) == expected


def test_secrets_are_not_in_the_representation() -> None:
    """An address that gets into a log by mistake shows neither path nor query."""
    assert "T024BE7LD" not in repr(parse(f"https://example.com{SECRETS}"))


@pytest.mark.parametrize(
    ("address", "authority"),
    [
        (Address("https", "example.com", 443, "/"), "example.com"),
        (Address("http", "example.com", 443, "/"), "example.com:443"),
        (Address("https", "localhost", 8443, "/"), "localhost:8443"),
        (Address("https", "2606:4700::443", 443, "/"), "[2606:4700::443]"),
    ],
)
def test_authority(address: Address, authority: str) -> None:
    """The header Host names the port only where it is not the usual one."""
    assert address.authority == authority
