"""Calls whose media server is lost."""

from simulator.calls.cast import RECEPTION
from simulator.calls.legs import Leg
from simulator.calls.system import PhoneSystem


def media_lost(system: PhoneSystem) -> None:
    """The media server is lost while they talk; the call goes on, and its real end comes later."""
    caller, phone = _answered(system)
    system.wait(20)
    system.lose(caller, phone)
    system.wait(40)
    system.hang_up(phone, caller)


def media_lost_for_good(system: PhoneSystem) -> None:
    """The media server is lost while they talk, and the real end never comes."""
    caller, phone = _answered(system)
    system.wait(20)
    system.lose(caller, phone)


def media_lost_ringing(system: PhoneSystem) -> None:
    """The media server is lost while the phone rings, and nothing more comes."""
    caller = system.call_in()
    system.wait(1)
    phone = system.ring(RECEPTION, caller)
    system.wait(7)
    system.lose(caller, phone)


def _answered(system: PhoneSystem) -> tuple[Leg, Leg]:
    caller = system.call_in()
    system.wait(1)
    phone = system.ring(RECEPTION, caller)
    system.wait(4)
    system.pick_up(phone, caller)
    return caller, phone


PLAYS = (media_lost, media_lost_for_good, media_lost_ringing)
