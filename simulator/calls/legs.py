"""The legs of a call, with the fields that all events of a leg share (docs/dash-protocol.md, section 4)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator import channel_payloads
from simulator.attempts import gregorian
from simulator.calls.cast import MAIN_NUMBER, RECEPTION, Member, document_id
from simulator.channel_payloads import REALM
from simulator.identity import Identity
from simulator.notification_payloads import CARRIER
from simulator.steps import LegFacts

RESELLER = document_id("reseller")
CARRIER_RESOURCE = document_id("carrier")
CALLFLOW = document_id("callflow")
INTERACTION = "Call-Interaction-ID"

type Recipients = Sequence[str]


@dataclass(eq=False)
class Leg:
    """One leg of a call.

    Attributes:
        fields: What each of its events says.
        title: Who or what is at its end, in words.
        began: Unix seconds.
        interaction: What all legs of the call have in common; events tell it only if a setting says so, CDRs always.
        bridge_id: The Call-ID of the first leg of those that were made for it, this one included.
        from_outside: Whether somebody outside began the call with it.
        alerts: The recipients of each action *missed call alert* in the callflow that it runs through.
        answered: Unix seconds; None before.
        bridged: Whether it was ever connected to another leg.
        message: The message that was left on it, in the fields of `voicemail_new`.
    """

    fields: dict[str, Any]
    title: str
    began: float
    interaction: str
    bridge_id: str
    from_outside: bool = False
    alerts: Sequence[Recipients] = ()
    answered: float | None = None
    bridged: bool = False
    message: dict[str, Any] = field(default_factory=dict)

    @property
    def call_id(self) -> str:
        """Its SIP Call-ID."""
        return str(self.fields["call_id"])

    @property
    def variables(self) -> dict[str, Any]:
        """Its `custom_channel_vars`."""
        found: dict[str, Any] = self.fields["custom_channel_vars"]
        return found

    def facts(self) -> LegFacts:
        """Return what its CDR tells in addition to its events."""
        return LegFacts(self.interaction, self.began, self.bridge_id, self.answered is not None)

    def shared(self, *names: str) -> dict[str, Any]:
        """Return the fields of these names that it has."""
        return {name: self.fields[name] for name in names if name in self.fields}


class LegMaker:
    """Makes legs of one account.

    Args:
        account_id: The account.
        interaction_ids: Whether events tell the interaction id.
    """

    def __init__(self, account_id: str, *, interaction_ids: bool) -> None:
        self._account_id = account_id
        self._interaction_ids = interaction_ids

    def from_carrier(self, identity: Identity, caller: Member, dialed: str, alerts: Sequence[Recipients]) -> Leg:
        """Return the leg of somebody outside who calls the account."""
        fields = {
            "call_id": identity.carrier_call_id(),
            "call_direction": "inbound",
            **_caller(caller.title, caller.number),
            **_callee(None, dialed),
            "from": f"{caller.number}@{CARRIER}",
            "to": f"{dialed}@{REALM}",
            **_authorized_by_carrier(),
        }
        variables = {"Resource-ID": CARRIER_RESOURCE, "Global-Resource": "true", "Original-Number": dialed}
        leg = self._leg(identity, caller.title, fields, variables)
        leg.from_outside, leg.alerts = True, alerts
        return leg

    def from_phone(self, identity: Identity, phone: Member, dialed: str, alerts: Sequence[Recipients]) -> Leg:
        """Return the leg of a phone that dials."""
        fields = {
            "call_id": identity.call_id(),
            "call_direction": "inbound",
            **_caller(phone.title, phone.number),
            **_callee(None, dialed),
            "from": f"{phone.username}@{REALM}",
            "to": f"{dialed}@{REALM}",
            **_authorized_by(phone),
        }
        leg = self._leg(identity, phone.title, fields, {})
        leg.alerts = alerts
        return leg

    def to_phone(self, identity: Identity, phone: Member, caller: Leg, *, named: bool = True) -> Leg:
        """Return the leg to a phone that is to ring for a caller.

        Args:
            identity: Makes its ids.
            phone: The phone.
            caller: The leg of the caller.
            named: Whether its events name the caller's leg before both are connected.
        """
        fields = {
            "call_id": identity.uuid(),
            "call_direction": "outbound",
            **caller.shared("caller_id_name", "caller_id_number"),
            **_callee(phone.title, phone.number),
            "from": f"{caller.fields['caller_id_number']}@{REALM}",
            "to": f"{phone.username}@{REALM}",
            **_authorized_by(phone),
            "other_leg_call_id": caller.call_id if named else None,
        }
        return self._leg(identity, phone.title, fields, {}, of=caller)

    def click_to_dial(self, identity: Identity, phone: Member, callee: Member) -> Leg:
        """Return the leg to the phone whose user has clicked on a number. It shows that number as the caller."""
        fields = {
            "call_id": identity.uuid(),
            "call_direction": "outbound",
            **_caller(callee.title, callee.number),
            **_callee(phone.title, phone.number),
            "from": f"{callee.number}@{REALM}",
            "to": f"{phone.username}@{REALM}",
            **_authorized_by(phone),
        }
        return self._leg(identity, phone.title, fields, {"Auto-Answer": "true", "Retain-CID": "true"})

    def loopback(self, identity: Identity, phone: Member, caller: Leg) -> tuple[Leg, Leg]:
        """Return the two ends of a loopback between a caller and a phone: that at the caller, and that at the phone."""
        internal = {"is_internal_leg": True, **_authorized_by(phone), **_callee(phone.title, phone.number)}
        parties = caller.shared("caller_id_name", "caller_id_number", "from", "to")
        ends: list[Leg] = []
        for direction, other in (("outbound", caller), ("inbound", None)):
            fields = parties | internal | {"call_id": identity.uuid(), "call_direction": direction}
            fields["other_leg_call_id"] = (other or ends[0]).call_id
            ends.append(self._leg(identity, "Loopback", fields, {}, of=caller))
        return ends[0], ends[1]

    def fax(self, identity: Identity, sender: Member, receiver: Member) -> Leg:
        """Return the leg on which the account sends a fax."""
        leg = self.to_carrier(identity, receiver, None)
        leg.fields |= _caller(sender.title, sender.number) | {"from": f"{sender.number}@{REALM}"}
        leg.fields |= {"authorizing_type": "outbound_fax", "authorizing_id": identity.monthly()}
        return leg

    def to_carrier(self, identity: Identity, callee: Member, caller: Leg | None, owner: Member | None = None) -> Leg:
        """Return the leg to a number outside.

        Args:
            identity: Makes its ids.
            callee: Who has the number.
            caller: The leg that it is for; None if Dash makes the call by itself.
            owner: The phone that the leg is authorized by. Without it, the carrier is: both occur.
        """
        fields = {
            "call_id": identity.uuid(),
            "call_direction": "outbound",
            **_caller(RECEPTION.title, MAIN_NUMBER),
            **_callee(None, callee.number),
            "from": f"{MAIN_NUMBER}@{REALM}",
            "to": f"{callee.number}@{CARRIER}",
            **(_authorized_by(owner) if owner else _authorized_by_carrier()),
            "local_resource_id": CARRIER_RESOURCE,
            "local_resource_used": True,
            "other_leg_call_id": caller.call_id if caller else None,
        }
        variables = {"Resource-ID": CARRIER_RESOURCE, "Global-Resource": "false"}
        return self._leg(identity, callee.title, fields, variables, of=caller)

    def forwarded(self, identity: Identity, callee: Member, caller: Leg, phone: Member) -> Leg:
        """Return the leg to the number outside that a phone is forwarded to. Its owner's phone authorizes it."""
        leg = self.to_carrier(identity, callee, caller, owner=phone)
        leg.fields |= caller.shared("caller_id_name", "caller_id_number") | {"call_forwarded": True}
        return leg

    def _leg(
        self,
        identity: Identity,
        title: str,
        own: dict[str, Any],
        variables: dict[str, Any],
        of: Leg | None = None,
    ) -> Leg:
        interaction = of.interaction if of else f"{gregorian(identity.now)}-{identity.hex(8)}"
        common = {
            "Ecallmgr-Node": "ecallmgr@apps.example.com",
            "Fetch-ID": identity.uuid(),
            "Channel-Authorized": "true",
            "Callflow-ID": CALLFLOW,
            **({INTERACTION: interaction} if self._interaction_ids else {}),
        }
        template = channel_payloads.channel_create(identity, self._account_id)
        fields = template | _ORDINARY | own | {"custom_channel_vars": common | variables}
        present = {name: value for name, value in fields.items() if value is not None}
        return Leg(present, title, identity.now, interaction, of.bridge_id if of else str(present["call_id"]))


_ORDINARY: dict[str, Any] = {
    "authorizing_id": None,
    "authorizing_type": None,
    "owner_id": None,
    "local_resource_id": None,
    "local_resource_used": False,
    "reseller_id": RESELLER,
}


def _caller(name: str, number: str) -> dict[str, Any]:
    return {"caller_id_name": name, "caller_id_number": number}


def _callee(name: str | None, number: str) -> dict[str, Any]:
    return {"callee_id_name": name, "callee_id_number": number}


def _authorized_by(phone: Member) -> dict[str, Any]:
    return {"authorizing_type": "device", "authorizing_id": phone.device, "owner_id": phone.owner}


def _authorized_by_carrier() -> dict[str, Any]:
    return {"authorizing_type": "resource", "authorizing_id": CARRIER_RESOURCE}
