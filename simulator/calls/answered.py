"""Calls from outside that a person answers."""

from simulator.calls.cast import MANAGER_DESK, MANAGER_SOFT, RECEPTION, SALES
from simulator.calls.recipients import OPERATIONS
from simulator.calls.system import PhoneSystem


def answered(system: PhoneSystem) -> None:
    """A customer calls, and reception answers."""
    caller = system.call_in(missed_call_alerts=[OPERATIONS])
    system.wait(1)
    phone = system.ring(RECEPTION, caller)
    system.wait(5)
    system.pick_up(phone, caller)
    system.wait(32)
    system.hang_up(phone, caller)


def ring_group(system: PhoneSystem) -> None:
    """Five sales phones ring together, and the third one answers."""
    caller = system.call_in(missed_call_alerts=[OPERATIONS])
    system.wait(1)
    phones = system.ring_all(SALES, caller)
    first, second, third, fourth, fifth = phones
    system.wait(9)
    system.pick_up(third, caller)
    system.hang_up(first, second, cause="LOSE_RACE")
    system.hang_up(fourth, fifth, cause="ORIGINATOR_CANCEL")
    system.wait(120)
    system.hang_up(caller, third)


def two_devices(system: PhoneSystem) -> None:
    """The desk phone and the softphone of one person ring, and the desk phone answers."""
    caller = system.call_in()
    system.wait(1)
    desk, soft = system.ring_all([MANAGER_DESK, MANAGER_SOFT], caller)
    system.wait(4)
    system.pick_up(desk, caller)
    system.hang_up(soft, cause="LOSE_RACE")
    system.wait(60)
    system.hang_up(desk, caller)


PLAYS = (answered, ring_group, two_devices)
