"""Calls from outside that nobody answers."""

from simulator.calls.cast import RECEPTION, SALES, SUPPLIER
from simulator.calls.recipients import OPERATIONS, SALES_TEAM
from simulator.calls.system import PhoneSystem


def voicemail(system: PhoneSystem) -> None:
    """Nobody answers, and the customer leaves a message."""
    caller = system.call_in(missed_call_alerts=[OPERATIONS])
    system.wait(1)
    phone = system.ring(RECEPTION, caller)
    system.wait(20)
    system.hang_up(phone, cause="NO_ANSWER")
    system.wait(1)
    system.answer(caller, "The mailbox answers.")
    system.wait(9)
    system.record_message(caller, 21)
    system.wait(1)
    system.hang_up(caller)
    system.wait(6)
    system.deliver_message(caller, "Please call back — it's urgent.")


def no_message(system: PhoneSystem) -> None:
    """Nobody answers, and the customer hangs up at the mailbox's greeting."""
    caller = system.call_in(missed_call_alerts=[OPERATIONS])
    system.wait(1)
    phone = system.ring(RECEPTION, caller)
    system.wait(20)
    system.hang_up(phone, cause="NO_ANSWER")
    system.wait(1)
    system.answer(caller, "The mailbox answers.")
    system.wait(7)
    system.hang_up(caller)


def no_mailbox(system: PhoneSystem) -> None:
    """Nobody answers, and there is no mailbox."""
    caller = system.call_in(missed_call_alerts=[OPERATIONS])
    system.wait(1)
    phone = system.ring(RECEPTION, caller)
    system.wait(30)
    system.hang_up(phone, caller, cause="NO_ANSWER")


def two_alerts(system: PhoneSystem) -> None:
    """Nobody answers, and the callflow has two missed-call alerts, for different people."""
    caller = system.call_in(missed_call_alerts=[OPERATIONS, SALES_TEAM])
    system.wait(1)
    phone = system.ring(RECEPTION, caller)
    system.wait(25)
    system.hang_up(phone, caller, cause="NO_ANSWER")


def abandoned(system: PhoneSystem) -> None:
    """The customer gives up while the phone rings."""
    caller = system.call_in(missed_call_alerts=[OPERATIONS])
    system.wait(1)
    phone = system.ring(RECEPTION, caller)
    system.wait(12)
    system.hang_up(phone, caller, cause="ORIGINATOR_CANCEL")


def ring_group_unanswered(system: PhoneSystem) -> None:
    """Five sales phones ring together, and nobody answers."""
    caller = system.call_in(missed_call_alerts=[SALES_TEAM])
    system.wait(1)
    phones = system.ring_all(SALES, caller)
    system.wait(24)
    system.hang_up(*phones, caller, cause="NO_ANSWER")


def busy(system: PhoneSystem) -> None:
    """The phone is busy, and there is no mailbox."""
    caller = system.call_in(SUPPLIER)
    system.wait(1)
    phone = system.ring(RECEPTION, caller)
    system.wait(1)
    system.hang_up(phone, caller, cause="USER_BUSY")


def rejected(system: PhoneSystem) -> None:
    """Reception declines the call, and there is no mailbox."""
    caller = system.call_in(SUPPLIER, missed_call_alerts=[OPERATIONS])
    system.wait(1)
    phone = system.ring(RECEPTION, caller)
    system.wait(4)
    system.hang_up(phone, caller, cause="CALL_REJECTED")


def not_registered(system: PhoneSystem) -> None:
    """The phone is not registered, so that it gets no leg, and there is no mailbox."""
    caller = system.call_in(missed_call_alerts=[OPERATIONS])
    system.wait(2)
    system.hang_up(caller, cause="USER_NOT_REGISTERED")


PLAYS = (
    voicemail,
    no_message,
    no_mailbox,
    two_alerts,
    abandoned,
    ring_group_unanswered,
    busy,
    rejected,
    not_registered,
)
