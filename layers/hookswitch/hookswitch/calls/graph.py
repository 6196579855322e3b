"""Which legs are one call: legs that name each other, in either direction, or that share Dash's id of the call.

A leg's id can be used again. Facts that are more than a week apart belong to another leg of the same id.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hookswitch.calls.facts import Fact
from hookswitch.calls.legs import Leg
from hookswitch.events.event import event_key

REUSE_SECONDS = 7 * 86_400  # a longer silence of an id means that it is used again; no call lasts as long
INTERACTION = "interaction "  # marks a node that is no leg; no call_id of a SIP message has a space


@dataclass(frozen=True, slots=True)
class Group:
    """The legs of one call.

    Attributes:
        key: The call's key, made from the leg that began it.
        root: The leg that began it.
        legs: All legs, the root first, the others in the order of their beginnings.
    """

    key: str
    root: Leg
    legs: tuple[Leg, ...]


@dataclass
class _Node:
    """One use of a leg's id, or of an id of a call."""

    id: str
    number: int
    facts: list[Fact] = field(default_factory=list)
    mentions: list[int] = field(default_factory=list)


def node_ids(fact: Fact) -> Iterator[str]:
    """Yield the ids of the other nodes that a fact joins its leg with."""
    yield from fact.others
    if fact.interaction:
        yield INTERACTION + fact.interaction


def call_key(account_id: str, leg: str, since: int | None = None) -> str:
    """Return the key of the call that a leg began: 32 hexadecimal digits.

    Args:
        account_id: The account.
        leg: The leg's `call_id`.
        since: When the leg began, in Unix seconds, if the same id was used before.
    """
    day = () if since is None else (datetime.fromtimestamp(since, UTC).date().isoformat(),)
    return event_key("call", account_id, leg, *day)


def groups(facts: Iterable[Fact]) -> list[Group]:
    """Return the calls that the facts of one account belong to, in the order of their beginnings."""
    by_leg: dict[str, dict[str, Fact]] = defaultdict(dict)
    mentions: dict[str, set[int]] = defaultdict(set)
    for fact in facts:
        by_leg[fact.leg][fact.event_id] = fact
        for other in node_ids(fact):
            mentions[other].add(_named_at(fact, other))
    nodes = {name: list(_uses(name, by_leg.get(name, {}), mentions.get(name, set()))) for name in {*by_leg, *mentions}}
    found = [_group(part) for part in _components(nodes)]
    return sorted((group for group in found if group), key=lambda group: (group.root.earliest, group.key))


def _named_at(fact: Fact, other: str) -> int:
    """Return when a fact names another node: a CDR tells at its leg's end which leg there was before its beginning."""
    details = fact.details
    if other != details.get("bridge"):
        return fact.at
    return details.get("began", fact.at - details.get("duration", 0))


def _uses(name: str, facts: Mapping[str, Fact], mentions: set[int]) -> Iterator[_Node]:
    """Yield a node for each use of an id."""
    moments: list[tuple[int, Fact | None]] = [(at, None) for at in mentions]
    moments += [(fact.at, fact) for fact in facts.values()]
    moments.sort(key=lambda moment: moment[0])
    # A call of days has long silences, but its end says when it began.
    starts = {fact.at: fact.at - fact.details["duration"] for fact in facts.values() if "duration" in fact.details}
    node, last = _Node(name, 0), None
    for at, found in moments:
        if last is not None and min(at, starts.get(at, at)) - last > REUSE_SECONDS:
            yield node
            node = _Node(name, node.number + 1)
        last = at
        if found:
            node.facts.append(found)
        else:
            node.mentions.append(at)
    yield node


def _components(nodes: Mapping[str, list[_Node]]) -> Iterator[list[_Node]]:
    """Yield the nodes that are joined."""
    parents: dict[tuple[str, int], tuple[str, int]] = {
        (name, node.number): (name, node.number) for name, uses in nodes.items() for node in uses
    }

    def find(key: tuple[str, int]) -> tuple[str, int]:
        while parents[key] != key:
            parents[key] = key = parents[parents[key]]
        return key

    for uses in nodes.values():
        for node in uses:
            for fact in node.facts:
                for other in node_ids(fact):
                    named = next(use.number for use in nodes[other] if _named_at(fact, other) in use.mentions)
                    parents[find((other, named))] = find((node.id, node.number))
    parts: dict[tuple[str, int], list[_Node]] = defaultdict(list)
    for name, uses in nodes.items():
        for node in uses:
            parts[find((name, node.number))].append(node)
    yield from parts.values()


def _group(nodes: Iterable[_Node]) -> Group | None:
    found = {
        node.id: node for node in sorted(nodes, key=lambda node: -node.number) if not node.id.startswith(INTERACTION)
    }
    legs = [_leg(node) for node in found.values()]
    facts = [fact for leg in legs for fact in leg.facts]
    if not facts:
        return None
    root, *rest = sorted(legs, key=_order)
    is_reused = found[root.id].number > 0
    key = call_key(facts[0].account_id, root.id, root.earliest if is_reused else None)
    return Group(key, root, (root, *rest))


def _leg(node: _Node) -> Leg:
    order = {"create": 0, "answer": 1, "bridge": 2}
    facts = sorted(node.facts, key=lambda fact: (fact.at, order.get(fact.kind, 3), fact.kind, fact.event_id))
    return Leg(node.id, tuple(facts), tuple(node.mentions))


def _order(leg: Leg) -> tuple[int, int, str]:
    """Return what sorts the leg that began a call first.

    Of legs that began in the same second, that is the inbound one. A leg that others only name came before those, which
    were begun because of it. The system's own legs come last.
    """
    rank = 3 if leg.flag("internal") else {"inbound": 0, "outbound": 2}.get(leg.direction, 1)
    return leg.earliest, rank, leg.id
