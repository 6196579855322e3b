"""Calls that carry a fax."""

from simulator.calls.cast import FAX_BOX, FAX_MACHINE
from simulator.calls.system import PhoneSystem


def inbound_fax(system: PhoneSystem) -> None:
    """A fax is received; only the catch-all tells of it."""
    leg = system.call_in(FAX_MACHINE, dialed=FAX_BOX.number)
    system.wait(1)
    system.answer(leg, "The fax box answers.")
    system.wait(60)
    system.hang_up(leg)
    system.wait(2)
    system.report_fax("notifications", leg, event_name="inbound_fax")


def inbound_fax_error(system: PhoneSystem) -> None:
    """A fax can't be received."""
    leg = system.call_in(FAX_MACHINE, dialed=FAX_BOX.number)
    system.wait(1)
    system.answer(leg, "The fax box answers.")
    system.wait(30)
    system.hang_up(leg)
    system.report_fax("inbound_fax_error", leg)


def outbound_fax(system: PhoneSystem) -> None:
    """A fax is sent."""
    leg = system.send_fax(FAX_BOX, FAX_MACHINE)
    system.wait(10)
    system.answer(leg, "The fax machine answers.")
    system.wait(60)
    system.hang_up(leg)
    system.wait(1)
    system.report_fax("outbound_fax", leg)


def outbound_fax_error(system: PhoneSystem) -> None:
    """A fax can't be sent, since the line is busy."""
    leg = system.send_fax(FAX_BOX, FAX_MACHINE)
    system.wait(3)
    system.hang_up(leg, cause="USER_BUSY")
    system.report_fax("outbound_fax_error", leg)


PLAYS = (inbound_fax, inbound_fax_error, outbound_fax, outbound_fax_error)
