"""Calls that are parked."""

from simulator.calls.cast import RECEPTION, WAREHOUSE
from simulator.calls.legs import Leg
from simulator.calls.system import PhoneSystem

SLOT = "101"


def parked_retrieved(system: PhoneSystem) -> None:
    """Reception answers and parks the customer, and the warehouse fetches the call."""
    caller = _answered_and_parked(system)
    system.wait(40)
    fetching = system.dial(WAREHOUSE, f"*3{SLOT}")
    system.wait(1)
    system.answer(fetching)
    system.retrieve(caller, SLOT)
    system.bridge(fetching, caller)
    system.wait(60)
    system.hang_up(fetching, caller)


def parked_abandoned(system: PhoneSystem) -> None:
    """Reception answers and parks the customer, whom nobody fetches, and who hangs up."""
    caller = _answered_and_parked(system)
    system.wait(60)
    system.abandon(caller, SLOT)
    system.hang_up(caller)


def _answered_and_parked(system: PhoneSystem) -> Leg:
    caller = system.call_in()
    system.wait(1)
    reception = system.ring(RECEPTION, caller)
    system.wait(5)
    system.pick_up(reception, caller)
    system.wait(20)
    system.park(caller, SLOT)
    system.hang_up(reception)
    return caller


PLAYS = (parked_retrieved, parked_abandoned)
