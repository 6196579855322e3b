"""The story of a call: who called whom, who answered, and what the call went through, from its legs.

docs/calls.md says for users how each is decided; docs/dash-protocol.md, section 6, what the events mean.
"""

from collections.abc import Sequence
from functools import cached_property

from hookswitch.calls.facts import Details, Fact, FactKind
from hookswitch.calls.graph import Group
from hookswitch.calls.legs import Leg, is_extension, is_outside_number, is_phone, party, role
from hookswitch.calls.record import Direction, Party, Role

AT_ONCE = 2  # seconds within which phones that begin to ring are rung together, and legs that end, end together
SETTLE_SECONDS = 30  # after the last event of an ended call: voicemail and alerts come a little later
LOST_END_SECONDS = 600  # after which a leg is taken for ended if the leg that it talked to, or the caller's, has ended
UNANSWERED_SECONDS = 3_600  # after which a leg that nobody answers is taken for ended
LONGEST_SECONDS = 36 * 3_600  # after which any leg is taken for ended


class Story:
    """What happened in a call.

    Attributes:
        group: Its legs.
        now: The present, in Unix seconds. It decides whether to wait for more, and nothing else.
    """

    def __init__(self, group: Group, now: int) -> None:
        """Look at a call at a moment."""
        self.group = group
        self.now = now

    @property
    def root(self) -> Leg:
        """The leg that began the call."""
        return self.group.root

    @cached_property
    def facts(self) -> list[Fact]:
        """All facts, in the order of time."""
        facts = [fact for leg in self.group.legs for fact in leg.facts]
        # Who is retrieved from a slot in the second of being parked there was parked first.
        return sorted(facts, key=lambda fact: (fact.at, fact.kind != "parked", fact.event_id))

    @cached_property
    def _legs(self) -> dict[str, Leg]:
        return {leg.id: leg for leg in self.group.legs}

    @cached_property
    def roles(self) -> dict[str, Role]:
        """What part each leg plays, by its id."""
        return {leg.id: role(leg, self._legs, self.root) for leg in self.group.legs}

    @cached_property
    def direction(self) -> Direction:
        """The direction as people mean it."""
        roles = set(self.roles.values())
        if not self.root.channel:  # the leg that began the call was not seen: the others show who called
            caller = next((leg.detail("caller_number") for leg in self.group.legs if leg.channel), "")
            if "outside" in roles:
                return "outbound"
            return "internal" if is_extension(caller) else "inbound"
        if not is_phone(self.root):  # a leg outward that nobody here began is a fax, or a call that Dash makes itself
            return "outbound" if self.root.direction == "outbound" else "inbound"
        if "outside" in roles:
            return "outbound"
        if roles & {"phone", "forwarded"}:
            return "internal"
        is_outside = is_outside_number(self.root.detail("callee_number")) and not self.is_click_to_dial
        return "outbound" if is_outside else "internal"

    @cached_property
    def is_click_to_dial(self) -> bool:
        """Whether Dash rang the caller's own phone first, and then the other side."""
        return self.root.direction == "outbound" and is_phone(self.root)

    @cached_property
    def people(self) -> list[Leg]:
        """The legs to somebody who could answer, in the order of their beginnings."""
        wanted = {"phone", "forwarded", "outside"}
        return [leg for leg in self.group.legs if self.roles[leg.id] in wanted]

    @cached_property
    def bridged(self) -> dict[str, dict[str, int]]:
        """When each leg was first connected to each other one, in Unix seconds, by their ids, both ways."""
        found: dict[str, dict[str, int]] = {leg.id: {} for leg in self.group.legs}
        for fact in self.facts:
            for other in fact.others if fact.kind == "bridge" else ():
                for one, two in ((fact.leg, other), (other, fact.leg)):
                    found.setdefault(one, {}).setdefault(two, fact.at)
        return found

    def taken_at(self, leg: Leg) -> int | None:
        """Return when somebody took a leg; None if nobody did.

        A phone that calls, for example to retrieve a parked call, takes part once it is connected to somebody.
        """
        bridges = self.bridged.get(leg.id, {})
        if leg.direction == "inbound" or not leg.channel:
            others = [at for other, at in bridges.items() if self.roles.get(other) != "internal"]
            return min(others, default=None)
        if leg.result() == "answered" or (leg.end is None and (leg.answered_at is not None or bridges)):
            moments = [*bridges.values(), *([leg.answered_at] if leg.answered_at is not None else [])]
            return min(moments, default=None)
        return None

    @cached_property
    def takers(self) -> list[tuple[int, Leg]]:
        """The people who took the call, in the order in which they did, and when."""
        taken = [(at, leg) for leg in self.people if (at := self.taken_at(leg)) is not None]
        return sorted(taken, key=lambda pair: (pair[0], pair[1].earliest, pair[1].id))

    @cached_property
    def answered_at(self) -> int | None:
        """When a person answered; a machine is nobody, except for a conference room, in which the others are."""
        if self.takers:
            return self.takers[0][0]
        return self.root.answered_at if self.root.detail("conference") else None

    @cached_property
    def machine_at(self) -> int | None:
        """When a machine answered the caller: an attendant, a queue, a mailbox or a conference room."""
        if self.is_click_to_dial or not self.root.channel:
            return None
        answer = self.root.answered_at
        if answer is None or (self.root.first("answer") is None and self.answered_at is not None):
            return None
        return answer if self.answered_at is None or answer < self.answered_at - 1 else None

    @cached_property
    def started_at(self) -> int:
        """When it began."""
        return self.root.started_at if self.root.started_at is not None else self.root.earliest

    @cached_property
    def open_legs(self) -> list[Leg]:
        """The legs that go on, as far as is known.

        A leg that began the call, as CDRs of others say, goes on until there is a CDR of it as well. It may be one of
        another account, so that there never is.
        """
        return [leg for leg in self.group.legs if leg.end is None and (leg.channel or leg.id in self._began_for)]

    @cached_property
    def _began_for(self) -> set[str]:
        """The legs that CDRs name as the beginning of the call."""
        return {fact.details["bridge"] for fact in self.facts if "bridge" in fact.details}

    @cached_property
    def closes_at(self) -> int:
        """When the legs whose end was not seen are taken for ended, in Unix seconds."""
        return max((self._closes_at(leg) for leg in self.open_legs), default=0)

    def _closes_at(self, leg: Leg) -> int:
        partners = [self._legs[other] for other in self.bridged.get(leg.id, {}) if other in self._legs]
        others_ended = self.root.end is not None or (partners and all(other.end for other in partners))
        if others_ended:
            wait = LOST_END_SECONDS
        elif leg.answered_at is None and not partners:
            wait = UNANSWERED_SECONDS
        else:
            wait = LONGEST_SECONDS
        return self.facts[-1].at + wait

    @cached_property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return not self.open_legs or self.now >= self.closes_at

    @cached_property
    def ended_at(self) -> int | None:
        """When it ended; where that was not seen, the last that was."""
        if not self.is_over:
            return None
        ends = [leg.ended_at for leg in self.group.legs if leg.ended_at is not None]
        last = [fact.at for fact in self.facts if fact.kind not in {"voicemail", "missed", "fax"}]
        return max(ends) if ends and not self.open_legs else max([*ends, *last], default=self.started_at)

    @cached_property
    def gave_up_at(self) -> int:
        """When the caller of a call that nobody answered stopped to wait: when a mailbox took it, else at the end."""
        ended_at = self.ended_at if self.ended_at is not None else self.now
        if self.machine_at is None or self.named("queue"):
            return ended_at
        if any(leg.earliest <= self.machine_at for leg in self.people):
            return self.machine_at
        if "voicemail" not in self.notes:
            return ended_at
        rang = [leg.ended_at for leg in self.people if leg.ended_at is not None]
        return max(rang, default=self.machine_at)

    @cached_property
    def last_received(self) -> int:
        """When its last event was received."""
        return max(fact.received_at for fact in self.facts)

    @cached_property
    def notes(self) -> dict[FactKind, list[Details]]:
        """The details of facts by their kind, in the order of time."""
        found: dict[FactKind, list[Details]] = {}
        for fact in self.facts:
            found.setdefault(fact.kind, []).append(fact.details)
        return found

    def named(self, name: str) -> str:
        """Return the first value of a detail in the whole call; empty without one."""
        return next((value for leg in self.group.legs if (value := leg.detail(name))), "")

    @cached_property
    def caller(self) -> Party:
        """Who called."""
        if self.is_click_to_dial:
            return self.root.callee()
        if self.root.channel:
            phone = is_phone(self.root)
            who = self.root.caller()
            return who if phone else party(who.get("number", ""), who.get("name", ""))
        others = next((leg for leg in self.group.legs if leg.facts), self.root)
        return party(others.detail("caller_number"), others.detail("caller_name"))

    @cached_property
    def requested(self) -> Party:
        """Whom the caller asked for first."""
        if self.is_click_to_dial:
            far = next((leg for leg in self.people), None)
            return party(far.detail("callee_number"), far.detail("callee_name")) if far else {}
        source = self.root if self.root.facts else next((leg for leg in self.group.legs if leg.facts), self.root)
        return party(source.detail("callee_number"), source.detail("callee_name"))

    def person(self, leg: Leg) -> Party:
        """Return who is at the other end of a leg."""
        if self.roles[leg.id] in {"forwarded", "outside"}:
            return party(leg.detail("callee_number"), leg.detail("callee_name"))
        return leg.caller() if leg.direction == "inbound" else leg.callee()

    @cached_property
    def rung_together(self) -> Sequence[Leg]:
        """The phones of the first ring group: phones of several owners that began to ring together."""
        phones = [
            leg for leg in self.people if self.roles[leg.id] in {"phone", "forwarded"} and leg.direction == "outbound"
        ]
        owners = {leg.id: leg.detail("owner") or leg.device or leg.id for leg in phones}
        for first in phones:
            together = [leg for leg in phones if first.earliest <= leg.earliest <= first.earliest + AT_ONCE]
            if len({owners[leg.id] for leg in together}) > 1:
                return together
        return ()
