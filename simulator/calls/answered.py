"""Calls from outside that a person answers."""

from simulator.calls.cast import MANAGER_DESK, MANAGER_SOFT, MOBILE, RECEPTION, SALES, SUPPLIER
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


def forwarded(system: PhoneSystem) -> None:
    """The phone of reception is forwarded to a mobile, which answers."""
    caller = system.call_in(SUPPLIER)
    system.wait(1)
    mobile = system.forward(RECEPTION, MOBILE, caller)
    system.wait(11)
    system.pick_up(mobile, caller)
    system.wait(90)
    system.hang_up(mobile, caller)


def loopback(system: PhoneSystem) -> None:
    """Loopback legs stand between the customer and reception, which answers."""
    caller = system.call_in()
    system.wait(1)
    near, far = system.loopback(RECEPTION, caller)
    system.wait(1)
    phone = system.ring(RECEPTION, far)
    system.wait(6)
    system.pick_up(phone, far)
    system.pick_up(near, caller)
    system.wait(40)
    system.hang_up(phone, far, near, caller)


PLAYS = (answered, ring_group, two_devices, forwarded, loopback)
