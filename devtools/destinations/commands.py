"""Runs `make destination`."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from devtools import since as times
from devtools.deploying.answers import person
from devtools.destinations.adding import add, edit, say_secret, test
from devtools.destinations.asked import Asked, Format, Means
from devtools.destinations.managing import Manager
from devtools.destinations.owing import catch_up
from devtools.destinations.screens import attempts_table, details, overview, problems
from devtools.errors import LaptopError
from devtools.screen import console, say
from devtools.target import Target, told
from hookswitch.destinations import requests
from hookswitch.destinations.requests import Added, Attempted, Done, View

COUNT = 20  # attempts that are shown
ALL = "1"  # LIST=1
DEAD = "dead"  # ID=dead


def destination(asked: Asked) -> bool:
    """Do what is asked with a destination, and return whether that went well.

    Raises:
        LaptopError: An argument is invalid, the stack refuses, or AWS can't be asked.
    """
    do = DO[asked.action]
    if asked.since:
        if asked.action not in {"add", "resume"}:
            raise LaptopError(
                "SINCE= goes with ADD= or RESUME=. To send again what was sent before: make replay TO=<name> FROM="
            )
        times.since(asked.since)
    with told():
        target = Target.find(asked.stack)
        return do(Means(target, Manager.of(target), person()), asked)


def _without_arguments(means: Means, asked: Asked) -> bool:
    if asked.wishes.written or asked.url:
        raise LaptopError("Say what to do: ADD=<name>, or EDIT=<name>. `make destination LIST=1` shows the names.")
    views = means.manager.list()
    if views or not means.ask or asked.form == "json":
        return _show(means, views, asked.form)
    say("There is no destination yet. Here you add one; Ctrl-C ends this at any time.")
    return add(means, asked)


def _list(means: Means, asked: Asked) -> bool:
    if asked.list == ALL:
        return _show(means, means.manager.list(), asked.form)
    view, now = means.manager.find(asked.list), datetime.now(UTC)
    if asked.form == "json":
        print(view.model_dump_json())
        return True
    console.print(details(view, now))
    _say_problems(means, [view], now)
    return True


def _show(means: Means, views: Sequence[View], form: Format) -> bool:
    now = datetime.now(UTC)
    if form == "json":
        print(json.dumps([view.model_dump(mode="json") for view in views]))
    elif not views:
        say("There are no destinations. Add one:\n  make destination ADD=sales TYPE=slack")
    else:
        console.print(overview(views, now))
        _say_problems(means, views, now)
        say(f"All about one of them: make destination LIST={views[0].name}{means.target.argument}", style="dim")
    return True


def _say_problems(means: Means, views: Sequence[View], now: datetime) -> None:
    for view in views:
        for found, next_step in problems(view, now):
            say(f"{view.name} {found}\n  → {next_step}{means.target.argument}", style="yellow")


def _test(means: Means, asked: Asked) -> bool:
    return test(means.manager, means.manager.find(asked.test))


def _pause(means: Means, asked: Asked) -> bool:
    name = means.manager.find(asked.pause).name
    means.manager.ask(requests.Pause(name=name), Done)
    say(f"{name} is paused. Its events are kept for it until `make destination RESUME={name}`.")
    return True


def _resume(means: Means, asked: Asked) -> bool:
    view = means.manager.find(asked.resume)
    means.manager.ask(requests.Resume(name=view.name), Done)
    say(f"{view.name} is on again." if view.state != "on" else f"{view.name} is tried at once.")
    if asked.since:
        catch_up(means.target, means.manager, view, asked)
    elif view.state == "off":
        say("For the events of the time when it was off, add SINCE=, such as SINCE=2d.", style="dim")
    return True


def _remove(means: Means, asked: Asked) -> bool:
    view = means.manager.find(asked.remove)
    means.manager.ask(requests.Remove(name=view.name), Done)
    was = "delivery that waited for it is" if view.backlog == 1 else "deliveries that waited for it are"
    say(f"{view.name} is removed." + (f" {view.backlog:,} {was} not sent." if view.backlog else ""))
    return True


def _rotate(means: Means, asked: Asked) -> bool:
    view = means.manager.find(asked.rotate)
    if view.type != "https":
        raise LaptopError(
            f"{view.name} is of type {view.type}, which has no signing secret. For a new address: EDIT={view.name}."
        )
    say_secret(means.manager.ask(requests.Rotate(name=view.name), Added))
    say("Until tomorrow at this time, messages are signed with the old secret as well.")
    return True


def _attempts(means: Means, asked: Asked) -> bool:
    view = means.manager.find(asked.attempts)
    request = requests.Attempts(name=view.name, limit=asked.count or COUNT)
    attempts = means.manager.ask(request, Attempted).attempts
    if asked.form == "json":
        for attempt in attempts:
            print(attempt.model_dump_json())
        return True
    if attempts:
        console.print(attempts_table(attempts))
    else:
        say(f"Nothing has been sent to {view.name} in the last 30 days.")
    _say_problems(means, [view], datetime.now(UTC))
    return True


def _resend(means: Means, asked: Asked) -> bool:
    view = means.manager.find(asked.resend)
    if not asked.id:
        raise LaptopError(
            f"Say what: ID=<id of an event or a call>, or ID={DEAD} for all that was refused to the end. "
            f"`make destination ATTEMPTS={view.name}` shows what was sent."
        )
    request = requests.Resend(name=view.name, event_id="" if asked.id.lower() == DEAD else asked.id)
    owed = means.manager.ask(request, Done).owed
    say(f"{owed:,} {'delivery is' if owed == 1 else 'deliveries are'} on the way to {view.name}.")
    return True


DO: Mapping[str, Callable[[Means, Asked], bool]] = {
    "": _without_arguments,
    "add": add,
    "edit": edit,
    "list": _list,
    "test": _test,
    "pause": _pause,
    "resume": _resume,
    "remove": _remove,
    "rotate": _rotate,
    "attempts": _attempts,
    "resend": _resend,
}
