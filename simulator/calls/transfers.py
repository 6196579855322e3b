"""Calls that move on from the person who answered first."""

from simulator.calls.cast import RECEPTION, SALES_1
from simulator.calls.system import PhoneSystem


def attended_transfer(system: PhoneSystem) -> None:
    """Reception answers, asks a salesperson in a second call, and connects the customer to them."""
    caller = system.call_in()
    system.wait(1)
    reception = system.ring(RECEPTION, caller)
    system.wait(4)
    system.pick_up(reception, caller)
    system.wait(15)
    question = system.dial(RECEPTION, SALES_1.number)
    system.wait(1)
    sales = system.ring(SALES_1, question)
    system.wait(6)
    system.pick_up(sales, question)
    system.wait(8)
    system.bridge(caller, sales)
    system.hang_up(reception, question, cause="ATTENDED_TRANSFER")
    system.wait(90)
    system.hang_up(sales, caller)


PLAYS = (attended_transfer,)
