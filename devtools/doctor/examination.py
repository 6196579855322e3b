"""The examination: all checks of a stack, in the order in which one depends on another."""

import json
from collections.abc import Generator, Iterator
from typing import Literal

from devtools.checks import Check, bad, note, passed, show
from devtools.doctor.dash import CallflowReader, check_callflows, check_webhooks
from devtools.doctor.deliveries import Listener, check_deliveries, check_refusal
from devtools.doctor.resources import (
    check_accounting,
    check_alarms,
    check_destinations,
    check_events,
    check_identity,
    check_queues,
    check_status,
    check_subscriptions,
)
from devtools.screen import say, step
from devtools.state import held_back, read_run
from devtools.target import Target, told
from devtools.webhooks import Registered
from hookswitch.errors import HookswitchError

type Format = Literal["table", "json"]


def doctor(stack: str, output: Format = "table") -> bool:
    """Examine a stack, and return whether it works.

    Args:
        stack: Its name; empty for the one that is up here, or that of `hookswitch.toml`.
        output: How to print what was found.

    Raises:
        LaptopError: There is no such stack, or AWS can't be asked.
    """
    return examine(Target.find(stack), output)


def examine(target: Target, output: Format = "table") -> bool:
    """Examine a stack, print what was found, and return whether it works.

    Raises:
        LaptopError: There is no such stack, or AWS can't be asked.
    """
    checks: list[Check] = []
    with told():
        if output == "json":
            checks.extend(_checks(target))
        else:
            with step(f"Examining {target.stack}") as detail:
                for check in _checks(target):
                    detail(check.name)
                    checks.append(check)
    if output == "json":
        print(json.dumps([check.document() for check in checks], indent=2))
        return passed(checks)
    show(checks)
    well = passed(checks)
    say("It works." if well else "It needs attention: follow the arrows.", style="green" if well else "red")
    return well


def _checks(target: Target) -> Iterator[Check]:
    yield check_identity(target)
    yield check_status(target)
    topic = target.outputs.get("TestTopicArn")
    if topic is None:
        yield note("test deliveries", "this release has none", "`make deploy` updates the stack.")
        yield from _checks_without_deliveries(target)
        return
    with Listener.open(target, topic) as listener:  # early: a new queue's policy takes a while
        registered = yield from _checks_without_deliveries(target)
        if registered:
            secret = target.secret(registered.wanted.callback_secret_arn)
            urls = {hook: registered.wanted.uri(hook, secret) for hook in registered.wanted.registered}
            yield check_refusal(target, next(iter(urls.values())))
            yield from check_deliveries(target, urls, listener)


def _checks_without_deliveries(target: Target) -> Generator[Check, None, Registered | None]:
    yield from check_subscriptions(target)
    yield from check_alarms(target)
    yield from check_queues(target)
    yield from check_destinations(target)
    try:
        registered = Registered.of(target)
    except HookswitchError as error:
        yield bad("webhooks", str(error), "Check the credentials that the stack has for Dash.")
        return None
    yield from check_webhooks(registered, held_back(read_run(target)))
    yield from check_events(target, registered.wanted.hooks)
    yield from check_accounting(target)
    reader = CallflowReader.of(registered, target.secret(registered.wanted.credentials_arn))
    if missed := check_callflows(reader, registered):
        yield missed
    return registered
