"""What the page about load says of people who looked at the console meanwhile."""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.load.people import EVERY, OPENS, Audience
from tests.load.totals import OK, Answer

SAME = 304  # nothing new
WHAT = {
    "page": "the page itself",
    "me": "who somebody is",
    "list": "the list of calls",
    "chart": "the day's chart",
    "call": "a call",
    "events": "its events, with payloads",
}

_PAGE = """
## With people who look

**{verdict}**

{people} people have signed in to the [console](../console.md), each for one of the accounts with most calls. They ask
what the page asks: for the list every {every:.0f} seconds, for the chart once a minute, at every {opens}th look for a
call and its events, each time with the tag of what they have. The list reaches from the day of load, which is past, to
the present: that takes five queries, where a list of today takes two. They look in turns of {turn:.0f} seconds, and as
long they don't, so that the same day shows what they do to deliveries. The stack is on an emulator: one process serves
the table, starts functions and answers both, so these times are about its one core more than about AWS. All arrive
within {every:.0f} seconds, while nothing is warm: that is what the page itself and the slowest answers waited for.

| asked for | answers | nothing new | p50, ms | p99, ms |
|---|---|---|---|---|
{looks}

| deliveries | number | p50, ms | p90, ms | p99, ms |
|---|---|---|---|---|
{deliveries}
"""


def figures(audience: Audience, answers: Sequence[Answer]) -> dict[str, Any]:
    """Return what people got, and what deliveries took meanwhile and otherwise, as JSON types."""
    sides: dict[bool, list[float]] = {True: [], False: []}
    for answer in answers:
        sides[audience.looks_at(answer.at)].append(answer.milliseconds)
    looks = {what: [look for look in audience.looks if look.what == what] for what in WHAT}
    return {
        "people": audience.people,
        "turn_seconds": audience.turn,
        "looks": {
            what: {
                "statuses": {str(status): number for status, number in Counter(one.status for one in found).items()},
                **percentiles([one.milliseconds for one in found]),
            }
            for what, found in looks.items()
        },
        "deliveries": {
            "with": {"number": len(sides[True]), **percentiles(sides[True])},
            "without": {"number": len(sides[False]), **percentiles(sides[False])},
        },
        "problems": problems(audience),
    }


def problems(audience: Audience) -> list[str]:
    """Return what people should not have got, a sentence each."""
    wrong = Counter((look.what, look.status) for look in audience.looks if look.status not in {OK, SAME})
    return [
        f"{number:,} times {WHAT[what]} was answered {status or 'nothing'}." for (what, status), number in wrong.items()
    ]


def section(found: Mapping[str, Any]) -> str:
    """Return the part of the page."""
    times = sum(number for of in found["looks"].values() for number in of["statuses"].values())
    holds = f"All of {times:,} answers were right, while {found['people']} people looked."
    return _PAGE.format(
        verdict=" ".join(found["problems"]) or holds,
        people=found["people"],
        every=EVERY,
        opens=OPENS,
        turn=found["turn_seconds"],
        looks="\n".join(_look(what, of) for what, of in found["looks"].items() if of["statuses"]),
        deliveries="\n".join(_deliveries(which, of) for which, of in found["deliveries"].items()),
    )


def percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    """Return p50, p90 and p99; of one value or none, that or 0."""
    if len(milliseconds) < 2:
        return dict.fromkeys(("p50", "p90", "p99"), sum(milliseconds))
    found = statistics.quantiles(milliseconds, n=100, method="inclusive")
    return {f"p{at}": round(found[at - 1], 1) for at in (50, 90, 99)}


def _look(what: str, of: Mapping[str, Any]) -> str:
    number, same = sum(of["statuses"].values()), of["statuses"].get(str(SAME), 0)
    return f"| {WHAT[what]} | {number:,} | {same / number:.0%} | {of['p50']:.0f} | {of['p99']:.0f} |"


def _deliveries(which: str, of: Mapping[str, Any]) -> str:
    words = {"with": "while people look", "without": "while they don't"}
    return f"| {words[which]} | {of['number']:,} | {of['p50']:.0f} | {of['p90']:.0f} | {of['p99']:.0f} |"
