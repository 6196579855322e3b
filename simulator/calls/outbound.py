"""Calls from a phone of the account to a number outside."""

from simulator.calls.cast import CUSTOMER, SALES_1, SUPPLIER, UNALLOCATED, WAREHOUSE
from simulator.calls.system import PhoneSystem


def outbound_answered(system: PhoneSystem) -> None:
    """The warehouse calls a customer, who answers."""
    caller = system.dial(WAREHOUSE, CUSTOMER.number)
    system.wait(2)
    callee = system.dial_out(CUSTOMER, caller)
    system.wait(12)
    system.pick_up(callee, caller)
    system.wait(60)
    system.hang_up(caller, callee)


def outbound_unanswered(system: PhoneSystem) -> None:
    """The warehouse calls a supplier, where nobody answers; its own phone authorizes the leg to the carrier."""
    caller = system.dial(WAREHOUSE, SUPPLIER.number)
    system.wait(2)
    callee = system.dial_out(SUPPLIER, caller, owner=WAREHOUSE)
    system.wait(40)
    system.hang_up(callee, caller, cause="NO_ANSWER")


def outbound_given_up(system: PhoneSystem) -> None:
    """The warehouse calls a supplier, and hangs up before anybody answers."""
    caller = system.dial(WAREHOUSE, SUPPLIER.number)
    system.wait(2)
    callee = system.dial_out(SUPPLIER, caller, owner=WAREHOUSE)
    system.wait(18)
    system.hang_up(callee, caller, cause="ORIGINATOR_CANCEL")


def outbound_busy(system: PhoneSystem) -> None:
    """The warehouse calls a customer, whose line is busy."""
    caller = system.dial(WAREHOUSE, CUSTOMER.number)
    system.wait(2)
    callee = system.dial_out(CUSTOMER, caller)
    system.wait(3)
    system.hang_up(callee, caller, cause="USER_BUSY")


def outbound_unallocated(system: PhoneSystem) -> None:
    """The warehouse calls a number that nobody has."""
    caller = system.dial(WAREHOUSE, UNALLOCATED.number)
    system.wait(2)
    callee = system.dial_out(UNALLOCATED, caller)
    system.wait(1)
    system.hang_up(callee, caller, cause="UNALLOCATED_NUMBER")


def click_to_dial(system: PhoneSystem) -> None:
    """A salesperson clicks on a customer's number: their own phone rings first, then the customer is called."""
    phone = system.click_to_dial(SALES_1, CUSTOMER)
    system.wait(6)
    system.answer(phone, "Sales 1 picks up, to call.")
    system.wait(1)
    callee = system.dial_out(CUSTOMER, phone)
    system.wait(13)
    system.pick_up(callee, phone)
    system.wait(60)
    system.hang_up(phone, callee)


PLAYS = (
    outbound_answered,
    outbound_unanswered,
    outbound_given_up,
    outbound_busy,
    outbound_unallocated,
    click_to_dial,
)
