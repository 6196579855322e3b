"""What people may choose for a destination: its address, its events, and how these are written."""

import re
from collections.abc import Collection, Mapping
from zoneinfo import ZoneInfo

from hookswitch.destinations import addresses
from hookswitch.destinations.formats.fields import check_fields
from hookswitch.destinations.quiet_hours import parse_quiet_hours
from hookswitch.destinations.record import HTTP_TYPES, Filter, Options, Type
from hookswitch.errors import InvalidDestinationError

SLACK_PACE = 1.0  # messages a second for each webhook (Slack, "Rate limits")
MOST_A_SECOND = 100.0

_QUEUE = re.compile(r"arn:[a-z-]+:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,80}")
_BUS = re.compile(r"arn:[a-z-]+:events:[a-z0-9-]+:[0-9]{12}:event-bus/[A-Za-z0-9/._-]{1,256}")
_ARNS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "sqs": (_QUEUE, "arn:aws:sqs:us-east-1:111122223333:calls"),
    "eventbridge": (_BUS, "arn:aws:events:us-east-1:111122223333:event-bus/calls"),
}


def checked_address(destination_type: Type, url: str, test_hosts: Collection[str]) -> str:
    """Return an address as people may see it.

    Args:
        destination_type: What is at the address.
        url: The address: a URL, or the ARN of a standard queue or an event bus.
        test_hosts: Each `host:port` that may be private and without TLS.

    Raises:
        AddressError, InvalidDestinationError: Nothing may be sent there.
    """
    if destination_type in HTTP_TYPES:
        addresses.parse(url, test_hosts)
        return addresses.shown(url)
    pattern, example = _ARNS[destination_type]
    if not pattern.fullmatch(url):
        raise InvalidDestinationError(f"The address of {destination_type} is an ARN, such as {example}.")
    return url


def usual_options(destination_type: Type, zone: str) -> Options:
    """Return how messages are written and paced if nobody says."""
    return Options(zone=zone, per_second=SLACK_PACE if destination_type == "slack" else 0.0)


def check(destination_type: Type, which: Filter, options: Options) -> None:
    """Check which events somebody chose, and how they are to be written.

    Raises:
        DestinationError: It can't be used.
    """
    parse_quiet_hours(which.quiet)
    check_fields(options.fields, destination_type)
    if not 0 <= options.per_second <= MOST_A_SECOND:
        raise InvalidDestinationError(f"RATE is messages a second, at most {MOST_A_SECOND:g}; 0 is no limit.")
    try:
        ZoneInfo(options.zone)
    except (ValueError, OSError, LookupError) as error:
        raise InvalidDestinationError(
            f"There is no time zone {options.zone!r}. Write one such as America/New_York."
        ) from error
