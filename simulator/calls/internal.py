"""Calls from one phone of the account to another."""

from simulator.calls.cast import SUPPORT_1, WAREHOUSE
from simulator.calls.recipients import OPERATIONS
from simulator.calls.system import PhoneSystem


def internal_answered(system: PhoneSystem) -> None:
    """The warehouse calls support, which answers."""
    caller = system.dial(WAREHOUSE, SUPPORT_1.number)
    system.wait(1)
    phone = system.ring(SUPPORT_1, caller)
    system.wait(6)
    system.pick_up(phone, caller)
    system.wait(40)
    system.hang_up(caller, phone)


def internal_unanswered(system: PhoneSystem) -> None:
    """The warehouse calls support, where nobody answers; alerts are only for calls from outside."""
    caller = system.dial(WAREHOUSE, SUPPORT_1.number, missed_call_alerts=[OPERATIONS])
    system.wait(1)
    phone = system.ring(SUPPORT_1, caller)
    system.wait(30)
    system.hang_up(phone, caller, cause="NO_ANSWER")


PLAYS = (internal_answered, internal_unanswered)
