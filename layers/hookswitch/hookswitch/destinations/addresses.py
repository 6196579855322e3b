"""A destination's address: what it may look like, and where it may lead.

Whoever adds a destination chooses where the send function connects to. It must not reach what only the function can
reach: its own runtime and credentials, the instance's metadata, or a private network. So an address has https on port
443 only, its name is resolved once, and the connection goes to one of the addresses that were checked.
"""

import re
import socket
import threading
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from hookswitch.errors import AddressError, UnresolvedError

MAX_URL = 2_048  # characters
MAX_HOST = 253
MAX_PINNED = 4  # addresses of a host that are tried in turn
PORTS = {"https": 443, "http": 80}
RESOLVE_SECONDS = 5.0

EXAMPLE = "It looks like https://example.com/path."

_WRITABLE = re.compile(r"[!-~]+")  # ASCII without spaces and control characters, which parsers skip or read differently
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")  # as the last label, it makes resolvers read the host as an IPv4 address

# https://www.iana.org/assignments/iana-ipv4-special-registry/, and multicast
_CLOSED_IPV4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this host
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # shared by customers of a provider
            "127.0.0.0/8",  # loopback: also the API of Lambda's runtime
            "169.254.0.0/16",  # link-local: also the instance's metadata and the container's credentials
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocols of the IETF
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # relays to IPv6
            "192.168.0.0/16",  # private
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
# Of IPv6, what is assigned to hosts of the internet. Loopback, link-local, private addresses (also fd00:ec2::254, the
# instance's metadata), multicast, and IPv4 in IPv6 (mapped, compatible, NAT64) are all outside of it.
_OPEN_IPV6 = IPv6Network("2000::/3")
# https://www.iana.org/assignments/iana-ipv6-special-registry/
_CLOSED_IPV6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocols of the IETF: also Teredo, which holds an IPv4 address
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4, which holds an IPv4 address
            "3fff::/20",  # documentation
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Address:
    """A destination's address that may be resolved.

    Attributes:
        scheme: https; http only for a test host.
        host: A name in lower case, or an IP address without brackets.
        port: 443; any other only for a test host.
        target: Path and query, as they are sent. They are secrets.
        is_test: Whether it may lead to a private network, for tests.
    """

    scheme: str
    host: str
    port: int
    target: str = field(repr=False)
    is_test: bool = False

    @property
    def place(self) -> str:
        """The host with its port, as test hosts are named."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def authority(self) -> str:
        """The host, with its port unless that is the scheme's own, as in the header Host."""
        return self.place.removesuffix(f":{PORTS[self.scheme]}")


def parse(url: str, test_hosts: Collection[str] = frozenset()) -> Address:
    """Return an address that was checked as far as it can be without resolving its name.

    Args:
        url: The address as it was given. It may name port 443, as those of Teams do.
        test_hosts: Each `host:port` that may have http, any port, and a private IP address.

    Raises:
        AddressError: It can't be used; the text says why, without path and query.
    """
    if len(url) > MAX_URL:
        raise AddressError(f"The address is too long. Use one of at most {MAX_URL} characters.")
    if not _WRITABLE.fullmatch(url) or "\\" in url:
        raise AddressError(
            "The address has spaces, line breaks, backslashes or letters that are not ASCII. Copy it again without "
            "them. A name with other letters is written as its form that begins with xn--."
        )
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError as error:
        raise AddressError(f"The address can't be read. {EXAMPLE}") from error
    if split.scheme not in PORTS:
        raise AddressError(f"The address has to begin with https://. {EXAMPLE}")
    if "@" in split.netloc:
        raise AddressError("The address has a user name or password before its host. Remove it, with the @ after it.")
    if "#" in url:
        raise AddressError("The address has a # in it. Remove it and what follows: servers never see that part.")
    if split.netloc.endswith(":"):
        raise AddressError("The address has no port after the colon. Remove the colon.")
    host = (split.hostname or "").lower()
    _check_host(host)
    address = Address(split.scheme, host, PORTS[split.scheme] if port is None else port, _target(split))
    address = replace(address, is_test=address.place in test_hosts)
    if not address.is_test:
        _check_public(address)
    return address


def resolve(address: Address, seconds: float = RESOLVE_SECONDS) -> tuple[str, ...]:
    """Return the IP addresses to connect to, the best one first, all of them checked.

    IPv4 comes first: functions outside of a VPC have no IPv6. Connect to these and do not resolve the name again, since
    it may lead elsewhere a moment later.

    Args:
        address: What `parse` returned.
        seconds: How long to wait at most. A lookup can't be interrupted: one that takes longer ends by itself.

    Raises:
        UnresolvedError: The name does not resolve, or not in time.
        AddressError: One of its addresses is not public.
    """
    found = _lookup(address.host, address.port, seconds)
    if not found:
        raise UnresolvedError(f"The address does not resolve: {address.host} has no IP address.")
    if not address.is_test and not all(map(is_public, found)):
        raise AddressError(
            f"Nothing is sent to {address.host}: it is not on the public internet. Use an address that is."
        )
    return tuple(sorted(found, key=lambda ip: ":" in ip))[:MAX_PINNED]  # the sort is stable


def is_public(ip: str) -> bool:
    """Return whether an IP address, as text, is one of the public internet. What can't be read is not."""
    try:
        address = ip_address(ip)
    except ValueError:
        return False
    match address:
        case IPv4Address():
            return not any(address in network for network in _CLOSED_IPV4)
        case IPv6Address():
            is_assigned = address in _OPEN_IPV6 and address.scope_id is None
            return is_assigned and not any(address in network for network in _CLOSED_IPV6)


def shown(url: str) -> str:
    """Return an address as people may see it, such as `https://hooks.slack.com/…`; only an ellipsis if it is none."""
    try:
        split = urlsplit(url)
        host, port = (split.hostname or "").lower(), split.port
        _check_host(host)
    except (ValueError, AddressError):
        return "…"
    if split.scheme not in PORTS:
        return "…"
    return f"{split.scheme}://{Address(split.scheme, host, port or PORTS[split.scheme], '').authority}/…"


def _target(split: SplitResult) -> str:
    path = split.path or "/"
    return f"{path}?{split.query}" if split.query else path


def _check_host(host: str) -> None:
    """Check that a host is a name or an IP address in its usual form.

    Raises:
        AddressError: It is neither.
    """
    if ":" in host:
        try:
            address = IPv6Address(host)
        except ValueError as error:
            raise AddressError(f"The address has an IPv6 address that can't be read. {EXAMPLE}") from error
        if address.scope_id is not None:
            raise AddressError("The address has an IPv6 address with a zone. Use one without.")
        return
    labels = host.split(".")
    if len(host) > MAX_HOST or not all(map(_LABEL.fullmatch, labels)):
        raise AddressError(f"The address has no host that can be a name. {EXAMPLE}")
    if _NUMBER.fullmatch(labels[-1]):
        # Resolvers also take 127.1, 2130706433, 0177.0.0.1 and 0x7f.1. All of them have such a last label.
        try:
            IPv4Address(host)
        except ValueError as error:
            raise AddressError("The address has an IPv4 address in an unusual form. Write it as 192.0.2.1.") from error


def _check_public(address: Address) -> None:
    """Check what only test hosts may have otherwise.

    Raises:
        AddressError: It is not https on port 443 at a host of the internet.
    """
    if address.scheme != "https":
        raise AddressError(f"The address has to begin with https://: {address.host} would be sent data unencrypted.")
    if address.port != PORTS["https"]:
        raise AddressError("The address has a port. Remove it: only 443, the usual one, is allowed.")
    is_number = ":" in address.host or _NUMBER.fullmatch(address.host.rpartition(".")[2])
    if is_number and not is_public(address.host):
        raise AddressError(
            f"Nothing is sent to {address.host}: it is not on the public internet. Use an address that is."
        )
    if not is_number and "." not in address.host:
        raise AddressError(f"{address.host} is a name of a private network. Use the full name of a public host.")


def _lookup(host: str, port: int, seconds: float) -> tuple[str, ...]:
    """Return all IP addresses of a host, in the resolver's order; none if there are none, or no reply in time."""
    found: list[str] = []
    done = threading.Event()

    def look_up() -> None:
        with suppress(OSError, UnicodeError):
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(info[4][0]) for info in infos))
        done.set()

    threading.Thread(target=look_up, daemon=True, name="resolve").start()
    return tuple(found) if done.wait(max(seconds, 0.0)) else ()
