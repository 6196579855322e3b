"""Calls of more than two."""

from simulator.calls.cast import RECEPTION, SALES_1, SUPPLIER, WAREHOUSE
from simulator.calls.system import PhoneSystem

ROOM_EXTENSION = "700"


def conference(system: PhoneSystem) -> None:
    """Reception answers, and calls a salesperson into a conference with the customer."""
    caller = system.call_in()
    system.wait(1)
    reception = system.ring(RECEPTION, caller)
    system.wait(4)
    system.pick_up(reception, caller)
    system.wait(15)
    sales = system.ring(SALES_1, caller)
    system.confer(caller, reception, sales)
    system.wait(7)
    system.answer(sales, "Sales 1 answers, and all three talk.")
    system.wait(60)
    system.hang_up(caller, reception, sales)


def conference_room(system: PhoneSystem) -> None:
    """A customer, a supplier and the warehouse each call a conference room; no event connects their legs."""
    customer = system.call_in()
    system.wait(1)
    system.confer(customer)
    system.answer(customer, "The conference room answers.")
    system.wait(20)
    supplier = system.call_in(SUPPLIER)
    system.wait(1)
    system.confer(supplier)
    system.answer(supplier, "The conference room answers.")
    system.wait(10)
    warehouse = system.dial(WAREHOUSE, ROOM_EXTENSION)
    system.wait(1)
    system.confer(warehouse)
    system.answer(warehouse, "The conference room answers.")
    system.wait(300)
    system.hang_up(customer, supplier, warehouse)


PLAYS = (conference, conference_room)
