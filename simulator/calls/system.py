"""The vocabulary that calls are written in: what happens on the phones, and what Dash fires for it."""

import random
from collections.abc import Sequence
from typing import Any

from simulator.attempts import gregorian
from simulator.calls.cast import CUSTOMER, MAIN_NUMBER, Member, document_id
from simulator.calls.legs import Leg, LegMaker, Recipients
from simulator.channel_payloads import HANGUP_CODES
from simulator.identity import Identity
from simulator.payloads import payload
from simulator.steps import Step

MAILBOX = document_id("mailbox")
QUEUE = document_id("queue")
ROOM = document_id("conference")
PROGRESS = 1  # seconds until a phone says that it rings: what `ringing_seconds` really counts


class PhoneSystem:
    """One account's phones. Each method is something that happens at present; `wait` lets time pass.

    Args:
        rng: Draws the ids.
        account_id: The account.
        now: Unix seconds at which it begins.
        interaction_ids: Whether `custom_channel_vars` has `Call-Interaction-ID`.
    """

    def __init__(self, rng: random.Random, account_id: str, now: float, *, interaction_ids: bool = False) -> None:
        self.steps: list[Step] = []
        self._rng = rng
        self._account_id = account_id
        self._now = now
        self._make = LegMaker(account_id, interaction_ids=interaction_ids)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds

    # Legs begin.

    def call_in(
        self, caller: Member = CUSTOMER, *, dialed: str = MAIN_NUMBER, missed_call_alerts: Sequence[Recipients] = ()
    ) -> Leg:
        """Somebody outside calls.

        Args:
            caller: Who calls.
            dialed: The number of the account.
            missed_call_alerts: The recipients of each action *missed call alert* that the callflow has.
        """
        leg = self._make.from_carrier(self._identity, caller, dialed, missed_call_alerts)
        return self._begin(leg, f"{caller.title} calls.")

    def dial(self, phone: Member, number: str, *, missed_call_alerts: Sequence[Recipients] = ()) -> Leg:
        """A phone of the account dials an extension, a number outside, or a feature code."""
        leg = self._make.from_phone(self._identity, phone, number, missed_call_alerts)
        return self._begin(leg, f"{phone.title} dials {number}.")

    def ring(self, phone: Member, caller: Leg) -> Leg:
        """A phone of the account begins to ring."""
        return self._begin(self._make.to_phone(self._identity, phone, caller), f"{phone.title} rings.")

    def offer(self, agent: Member, caller: Leg) -> Leg:
        """A queue offers a caller to an agent, whose phone begins to ring.

        The leg names the caller's only in `custom_channel_vars`, until both are connected.
        """
        leg = self._make.to_phone(self._identity, agent, caller, named=False)
        leg.variables.update({"Agent-ID": agent.owner, "Member-Call-ID": caller.call_id, "Queue-ID": QUEUE})
        return self._begin(leg, f"The queue rings {agent.title}.")

    def ring_all(self, phones: Sequence[Member], caller: Leg) -> list[Leg]:
        """Several phones begin to ring at the same time."""
        return [self.ring(phone, caller) for phone in phones]

    def dial_out(self, callee: Member, caller: Leg | None = None, *, owner: Member | None = None) -> Leg:
        """The system calls a number outside.

        Args:
            callee: Who is called.
            caller: The leg that it is for; None if the system calls by itself.
            owner: The phone that the leg is authorized by; the carrier if None.
        """
        leg = self._make.to_carrier(self._identity, callee, caller, owner)
        return self._begin(leg, f"{callee.title} is called.")

    def forward(self, phone: Member, callee: Member, caller: Leg) -> Leg:
        """A phone is forwarded to a number outside, which is called."""
        leg = self._make.forwarded(self._identity, callee, caller, phone)
        return self._begin(leg, f"{phone.title} is forwarded to {callee.title}.")

    def click_to_dial(self, phone: Member, callee: Member) -> Leg:
        """Somebody clicks on a number, and their own phone begins to ring."""
        leg = self._make.click_to_dial(self._identity, phone, callee)
        return self._begin(leg, f"{phone.title} rings, to call {callee.title}.")

    def loopback(self, phone: Member, caller: Leg) -> tuple[Leg, Leg]:
        """The system calls itself on the way to a phone; return the end at the caller and that at the phone."""
        near, far = self._make.loopback(self._identity, phone, caller)
        return self._begin(near, "A loopback begins."), self._begin(far, "Its other end begins.")

    def send_fax(self, sender: Member, receiver: Member) -> Leg:
        """The system calls a fax machine."""
        return self._begin(self._make.fax(self._identity, sender, receiver), f"A fax is sent to {receiver.title}.")

    # Legs are answered and connected.

    def answer(self, leg: Leg, note: str = "") -> None:
        """A leg is answered: the phone at its end is picked up, or a machine takes the call."""
        if leg.answered is None:
            leg.answered = self._now
        self._channel("channel_answer", leg, note or f"{leg.title} is connected.")

    def bridge(self, leg: Leg, other: Leg) -> None:
        """Two legs are connected. Dash tells it of the first one."""
        leg.bridged = other.bridged = True
        leg.fields["other_leg_call_id"], other.fields["other_leg_call_id"] = other.call_id, leg.call_id
        numbers = {
            "original_number": leg.fields["callee_id_number"],
            "other_leg_destination_number": other.fields["callee_id_number"],
        }
        self._channel("channel_bridge", leg, f"{leg.title} and {other.title} talk.", **numbers)

    def pick_up(self, phone: Leg, caller: Leg) -> None:
        """The other side answers, and the caller is connected to it."""
        self.answer(phone, f"{phone.title} answers.")
        if caller.answered is None:
            self.answer(caller)
        self.bridge(caller, phone)

    def confer(self, *legs: Leg) -> None:
        """Legs enter a conference room. Dash tells it only in the `custom_channel_vars` of what follows."""
        for leg in legs:
            leg.variables["Conference-ID"] = ROOM

    # Legs end.

    def hang_up(self, *legs: Leg, cause: str = "NORMAL_CLEARING") -> None:
        """Legs end, in this order, and missed-call alerts go out where Dash would send them."""
        for leg in legs:
            duration = int(self._now) - int(leg.began)
            talked = int(self._now) - int(leg.answered) if leg.answered is not None else 0
            end = {"hangup_cause": cause, "hangup_code": HANGUP_CODES[cause]}
            seconds = {
                "duration_seconds": duration,
                "ringing_seconds": min(PROGRESS, duration),
                "billing_seconds": talked,
            }
            self._channel("channel_destroy", leg, f"The leg of {leg.title} ends ({cause}).", **end, **seconds)
            self._alert(leg, end | {"duration_seconds": duration})

    def lose(self, *legs: Leg) -> None:
        """The media server of these legs is lost: Dash takes them for ended, without knowing how."""
        for leg in legs:
            self._channel("channel_destroy", leg, f"The media server of {leg.title} is lost.")

    # Mailboxes and parking.

    def record_message(self, leg: Leg, seconds: int) -> None:
        """The caller speaks to a mailbox for this long."""
        self.wait(seconds)
        leg.message = {
            "voicemail_timestamp": gregorian(self._now),
            "voicemail_length": seconds * 1000 + 480,
            "voicemail_box": MAILBOX,
        }

    def deliver_message(self, leg: Leg, transcription: str = "") -> None:
        """The message that was left on a leg is in the mailbox."""
        text = {"result": "success", "text": transcription} if transcription else None
        parties = leg.shared("call_id", "caller_id_name", "caller_id_number")
        ends = {"from_user": leg.fields["caller_id_number"], "to_user": leg.fields["callee_id_number"]}
        fields = parties | ends | leg.message | {"voicemail_transcription": text}
        self._notify("voicemail_new", leg, f"{leg.title} has left a message.", **fields)

    def park(self, leg: Leg, slot: str) -> None:
        """A caller is parked."""
        self._parking("PARK_PARKED", leg, slot, f"{leg.title} is parked in slot {slot}.")

    def retrieve(self, leg: Leg, slot: str) -> None:
        """Somebody fetches the caller from a slot."""
        self._parking("PARK_RETRIEVED", leg, slot, f"{leg.title} is retrieved from slot {slot}.")

    def abandon(self, leg: Leg, slot: str) -> None:
        """The caller is about to hang up in a slot."""
        self._parking("PARK_ABANDONED", leg, slot, f"{leg.title} gives up in slot {slot}.")

    # Faxes.

    def report_fax(self, hook: str, leg: Leg, event_name: str | None = None) -> None:
        """Dash tells what became of a fax.

        Args:
            hook: `outbound_fax`, `outbound_fax_error` or `inbound_fax_error`; `notifications` for any other.
            leg: The leg that carried it.
            event_name: The notification's name, if the hook is `notifications`.
        """
        parties = leg.shared("call_id", "caller_id_name", "caller_id_number", "callee_id_number")
        if leg.from_outside:
            parties |= {"from_user": leg.fields["caller_id_number"], "to_user": leg.fields["callee_id_number"]}
        self._notify(hook, leg, "Dash reports the fax.", event_name=event_name or hook, **parties)

    # Events.

    def fire(self, hook: str, note: str, **fields: Any) -> dict[str, Any]:
        """Dash fires an event of any hook, with these fields in place of made-up ones; return it."""
        return self._fire(hook, note, None, fields)

    def _fire(self, hook: str, note: str, leg: Leg | None, fields: dict[str, Any]) -> dict[str, Any]:
        event = payload(hook, rng=self._rng, now=self._now, account_id=self._account_id, **fields)
        self.steps.append(Step(hook, event, note, self._now, leg.facts() if leg else None))
        return event

    @property
    def _identity(self) -> Identity:
        return Identity(self._rng, self._now)

    def _begin(self, leg: Leg, note: str) -> Leg:
        self._channel("channel_create", leg, note)
        return leg

    def _channel(self, hook: str, leg: Leg, note: str, **fields: Any) -> None:
        time = {"timestamp": gregorian(self._now), "hook_event": hook}
        variables = {"custom_channel_vars": dict(leg.variables)}
        self.steps.append(Step(hook, leg.fields | variables | time | fields, note, self._now, leg.facts()))

    def _notify(self, hook: str, leg: Leg, note: str, **fields: Any) -> None:
        self._fire(hook, note, leg, {"system_log_id": leg.call_id, **fields})

    def _parking(self, name: str, leg: Leg, slot: str, note: str) -> None:
        parties = leg.shared("call_id", "caller_id_name", "caller_id_number", "callee_id_number")
        self._fire("parking", note, leg, {"event_name": name, "parking_slot": slot, **parties})

    def _alert(self, leg: Leg, end: dict[str, Any]) -> None:
        """Fire the alerts of a callflow, by Dash's rule.

        Only for calls from outside, and only if nobody was connected and no message was left.
        """
        if not leg.from_outside or leg.bridged or leg.message:
            return
        parties = leg.shared("call_id", "caller_id_name", "caller_id_number")
        ends = {"from_user": leg.fields["caller_id_number"], "to_user": leg.fields["callee_id_number"]}
        for recipients in leg.alerts:
            hang_up = {
                "event_category": "call_event",
                "event_name": "CHANNEL_DESTROY",
                "call_id": leg.call_id,
                "call_direction": "inbound",
                "timestamp": gregorian(self._now),
                "custom_sip_headers": {},
                "custom_channel_vars": {"account_id": self._account_id},
                **end,
            }
            told = {"to": list(recipients), "notify": hang_up}
            self._notify("missed_call", leg, f"The call of {leg.title} counts as missed.", **parties, **ends, **told)
