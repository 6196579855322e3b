"""Calls that move on from the person who answered first."""

from simulator.calls.cast import RECEPTION, SALES_1, SALES_2
from simulator.calls.recipients import OPERATIONS
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


def blind_transfer(system: PhoneSystem) -> None:
    """Reception answers, and sends the customer on to a salesperson, who answers."""
    caller = system.call_in()
    system.wait(1)
    reception = system.ring(RECEPTION, caller)
    system.wait(4)
    system.pick_up(reception, caller)
    system.wait(20)
    sales = system.ring(SALES_2, caller)
    system.hang_up(reception, cause="BLIND_TRANSFER")
    system.wait(8)
    system.pick_up(sales, caller)
    system.wait(60)
    system.hang_up(caller, sales)


def transfer_unanswered(system: PhoneSystem) -> None:
    """Reception answers, and sends the customer on to a salesperson, who does not answer."""
    caller = system.call_in(missed_call_alerts=[OPERATIONS])
    system.wait(1)
    reception = system.ring(RECEPTION, caller)
    system.wait(4)
    system.pick_up(reception, caller)
    system.wait(20)
    sales = system.ring(SALES_2, caller)
    system.hang_up(reception, cause="BLIND_TRANSFER")
    system.wait(30)
    system.hang_up(sales, cause="NO_ANSWER")
    system.hang_up(caller)


def transfer_to_voicemail(system: PhoneSystem) -> None:
    """Reception answers, and sends the customer on to a mailbox, who leaves a message there."""
    caller = system.call_in(missed_call_alerts=[OPERATIONS])
    system.wait(1)
    reception = system.ring(RECEPTION, caller)
    system.wait(4)
    system.pick_up(reception, caller)
    system.wait(10)
    system.hang_up(reception, cause="BLIND_TRANSFER")
    system.wait(5)
    system.record_message(caller, 12)
    system.wait(1)
    system.hang_up(caller)
    system.wait(4)
    system.deliver_message(caller)


PLAYS = (attended_transfer, blind_transfer, transfer_unanswered, transfer_to_voicemail)
