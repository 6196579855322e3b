"""Calls that a machine answers first: an attendant with its menu, or a queue."""

from simulator.calls.cast import SUPPORT_1, SUPPORT_2
from simulator.calls.recipients import OPERATIONS
from simulator.calls.system import PhoneSystem


def attendant_person(system: PhoneSystem) -> None:
    """The attendant answers, the customer chooses support, and a person answers."""
    caller = system.call_in()
    system.wait(1)
    system.answer(caller, "The attendant answers.")
    system.wait(14)
    phone = system.ring(SUPPORT_1, caller)
    system.wait(6)
    system.pick_up(phone, caller)
    system.wait(60)
    system.hang_up(phone, caller)


def attendant_unanswered(system: PhoneSystem) -> None:
    """The attendant answers, the customer chooses support, and nobody answers there."""
    caller = system.call_in(missed_call_alerts=[OPERATIONS])
    system.wait(1)
    system.answer(caller, "The attendant answers.")
    system.wait(10)
    phone = system.ring(SUPPORT_1, caller)
    system.wait(25)
    system.hang_up(phone, cause="NO_ANSWER")
    system.wait(2)
    system.hang_up(caller)


def attendant_voicemail(system: PhoneSystem) -> None:
    """The attendant answers, nobody takes the call in support, and the customer leaves a message."""
    caller = system.call_in(missed_call_alerts=[OPERATIONS])
    system.wait(1)
    system.answer(caller, "The attendant answers.")
    system.wait(10)
    phone = system.ring(SUPPORT_1, caller)
    system.wait(25)
    system.hang_up(phone, cause="NO_ANSWER")
    system.wait(8)
    system.record_message(caller, 15)
    system.hang_up(caller)
    system.wait(3)
    system.deliver_message(caller)


def attendant_abandoned(system: PhoneSystem) -> None:
    """The attendant answers, and the customer hangs up in its menu."""
    caller = system.call_in()
    system.wait(1)
    system.answer(caller, "The attendant answers.")
    system.wait(20)
    system.hang_up(caller)


def queue_agent(system: PhoneSystem) -> None:
    """The customer waits in a queue; the first agent does not answer, the second one does."""
    caller = system.call_in()
    system.wait(1)
    system.answer(caller, "The queue answers.")
    system.wait(5)
    first = system.offer(SUPPORT_1, caller)
    system.wait(15)
    system.hang_up(first, cause="NO_ANSWER")
    system.wait(2)
    second = system.offer(SUPPORT_2, caller)
    system.wait(7)
    system.pick_up(second, caller)
    system.wait(180)
    system.hang_up(caller, second)


def queue_abandoned(system: PhoneSystem) -> None:
    """The customer waits in a queue, an agent does not answer, and the customer hangs up."""
    caller = system.call_in(missed_call_alerts=[OPERATIONS])
    system.wait(1)
    system.answer(caller, "The queue answers.")
    system.wait(5)
    agent = system.offer(SUPPORT_1, caller)
    system.wait(15)
    system.hang_up(agent, cause="NO_ANSWER")
    system.wait(20)
    system.hang_up(caller)


def queue_empty(system: PhoneSystem) -> None:
    """The customer waits in a queue in which there is no agent, and hangs up."""
    caller = system.call_in()
    system.wait(1)
    system.answer(caller, "The queue answers.")
    system.wait(45)
    system.hang_up(caller)


PLAYS = (
    attendant_person,
    attendant_unanswered,
    attendant_voicemail,
    attendant_abandoned,
    queue_agent,
    queue_abandoned,
    queue_empty,
)
