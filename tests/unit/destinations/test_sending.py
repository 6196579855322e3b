"""Route and send together, in a time of their own: order, pace, schedule, switching off, and who has to wait."""

import itertools
from unittest import mock

from botocore.exceptions import ClientError

from hookswitch.destinations.answers import Answer
from hookswitch.destinations.record import Filter, Health, Options
from tests.unit.destinations.samples import call_item
from tests.unit.destinations.world import START, Receiver, running

DOWN = Answer(status=503)
QUICK = Health(last_success=1)


def number_of(event_id: str) -> int:
    """Return which event of the world this is."""
    return int(event_id, 16)


def test_an_event_reaches_the_destinations_that_asked_for_it() -> None:
    """An event goes to each destination whose filter it matches, once, and leaves nothing behind."""
    with running() as world:
        wanted, unwanted = world.add("wanted"), world.add("unwanted", which=Filter(hooks=("parking",)))
        event = world.event(1)
        world.route(event)
        world.settle()
        assert wanted.ids == [event["id"]]
        assert not unwanted.ids
        assert not world.tables.owed("id-wanted")
        (attempt,) = [row for (owner, _), row in world.tables.rows.items() if owner == "attempts/id-wanted"]
        assert attempt["outcome"] == {"S": "taken"}


def test_order_is_kept_where_it_is_asked_for() -> None:
    """The events of one call come in the order in which they happened, in whatever order they are published."""
    with running() as world:
        receiver = world.add("ordered", options=Options(ordered=True))
        events = [world.event(number, subject=f"call/{number % 2}") for number in range(8)]
        world.route(*reversed(events))
        world.settle()
        numbers = [number_of(event_id) for event_id in receiver.ids]
        assert [number for number in numbers if number % 2] == [1, 3, 5, 7]
        assert [number for number in numbers if not number % 2] == [0, 2, 4, 6]


def test_a_refused_event_holds_up_those_of_its_call_only() -> None:
    """In order, later events of the same call wait for a refused one; those of other calls do not."""
    with running() as world:
        receiver = world.add("ordered", options=Options(ordered=True))
        receiver.behaves = lambda asked: Answer(status=400 if asked == 1 else 200)
        world.route(*(world.event(number, subject=f"call/{number % 2}") for number in range(4)))
        world.settle()
        assert [number_of(event_id) for event_id in receiver.ids] == [1, 3, 0, 2]


def test_a_destination_that_is_out_of_order_is_tried_by_the_schedule() -> None:
    """While nobody answers there is one attempt at each step of the schedule, however many events wait."""
    with running() as world:
        receiver = world.add("down", receiver=Receiver(lambda asked: DOWN if asked < 6 else Answer(status=200)))
        for number in range(30):
            world.route(world.event(number))
        world.settle(until=START + 3_000)
        assert receiver.asked == 5  # at once, after 5 s, 1 min, 5 min and 30 min
        assert len(world.messages) == 1  # whatever is owed, one message waits
        world.settle()
        assert sorted(map(number_of, receiver.ids)) == [*range(30)]
        assert receiver.asked == 35


def test_one_refusal_after_another_is_a_destination_that_is_out_of_order() -> None:
    """A destination that refuses everything is left alone like one that does not answer."""
    with running() as world:
        receiver = world.add("closed", receiver=Receiver(lambda _: Answer(status=404)))
        world.route(*(world.event(number) for number in range(30)))
        world.settle(until=START + 60)
        assert receiver.asked <= 10  # five together, and those that were on their way
        assert world.row("closed")["next_attempt"] > 0


def test_a_pause_holds_up_what_is_about_to_be_sent() -> None:
    """A message about a destination that was paused meanwhile is done, and sends nothing."""
    with running() as world:
        receiver = world.add("paused")
        world.route(world.event(1))
        world.tables.rows["destinations", "paused"]["state"] = {"S": "paused"}
        world.settle(until=START + 60)
        assert not receiver.asked
        assert not world.messages


def test_retry_after_is_honoured() -> None:
    """A destination that asks to be left alone is left alone for so long."""
    with running() as world:
        receiver = world.add("busy")
        receiver.behaves = lambda asked: Answer(status=429, retry_after=600) if asked == 1 else Answer(status=200)
        world.route(world.event(1))
        world.settle()
        assert receiver.received[0][1] >= START + 600


def test_gone_ends_the_destination() -> None:
    """410 switches a destination off; its events are no longer owed, and operators are told."""
    with running() as world:
        receiver = world.add("gone", receiver=Receiver(lambda _: Answer(status=410)))
        world.route(world.event(1))
        world.settle()
        assert world.row("gone")["state"] == "off"
        (notice,) = world.notices
        assert "gone is switched off" in notice
        world.tables.rows["version", "version"]["number"] = {"N": "99"}
        world.route(world.event(2))
        assert receiver.asked == 1
        assert len(world.tables.owed("id-gone")) == 1  # what was owed before, which RESUME sends


def test_it_is_switched_off_after_days_of_failure_and_two_warnings() -> None:
    """Operators are told at half and at three quarters of the time, and then that it is off; nothing owed is lost."""
    with running() as world:
        world.add("down", receiver=Receiver(lambda _: DOWN))
        world.route(world.event(1))
        world.settle()
        assert ["50 %" in notice or "75 %" in notice for notice in world.notices] == [True, True, False]
        assert world.row("down")["state"] == "off"
        assert world.now >= START + 5 * 86_400
        assert len(world.tables.owed("id-down")) == 1


def test_it_is_not_switched_off_while_nobody_can_be_told() -> None:
    """If SNS takes no notice, the destination stays on, and is switched off only after both warnings were taken."""
    with running() as world:
        world.add("down", receiver=Receiver(lambda _: DOWN))
        world.route(world.event(1))
        with mock.patch.object(
            world, "publish", side_effect=ClientError({"Error": {"Code": "InternalError"}}, "Publish")
        ):
            world.settle(until=START + 8 * 86_400)
        assert world.row("down")["state"] == "on"
        world.settle()
        assert [share in notice for share, notice in zip(("50 %", "75 %"), world.notices, strict=False)] == [True, True]
        assert world.row("down")["state"] == "off"


def test_a_delivery_that_is_refused_to_the_end_is_a_dead_letter() -> None:
    """A refused delivery is attempted nine times; then it is kept as a dead letter, and others were never held up."""
    with running() as world:
        receiver = world.add("picky")
        event = world.event(1)
        receiver.behaves = lambda _: Answer(status=422)
        world.route(event)
        world.settle()
        assert receiver.asked == 9
        assert not world.tables.owed("id-picky")
        assert [owner for owner, _ in world.tables.rows if owner == "dead/id-picky"]


def test_one_that_hangs_delays_nobody_else() -> None:
    """A destination that answers nothing for 15 s has one sender at most, and not one of those that serve the quick."""
    with running() as world:
        hanging = world.add("hanging", receiver=Receiver(lambda _: Answer(reason="No answer", seconds=15)))
        quick = world.add("quick", health=QUICK)
        for number in range(20):
            world.route(world.event(number))
        queues = {message.queue.rpartition("/")[2]: 0 for message in world.messages.values()}
        for message in world.messages.values():
            name = "quick" if '"quick"' in message.body else "hanging"
            assert message.queue.endswith("send" if name == "quick" else "retry")
            queues[message.queue.rpartition("/")[2]] += 1
        assert queues == {"send": 20, "retry": 20}
        world.settle(until=START + 60)
        assert len(quick.ids) == 20
        assert hanging.asked <= 3


def test_pace() -> None:
    """A destination that takes one message a second gets no more, over the end of a turn, too."""
    with running() as world:
        receiver = world.add("slack", options=Options(per_second=1.0))
        world.route(*(world.event(number) for number in range(25)))
        world.settle()
        times = [at for _, at in receiver.received]
        assert len(times) == 25
        assert all(later - earlier >= 0.999 for earlier, later in itertools.pairwise(times))


def test_slow_pace_keeps_no_sender() -> None:
    """Where a destination takes one message in 100 seconds, a message of its queue waits, and not a sender."""
    with running() as world:
        receiver = world.add("slow", options=Options(per_second=0.01))
        world.route(*(world.event(number) for number in range(3)))
        longest = 0.0
        while world.messages:
            for message in world.visible():
                began = world.now
                world.handle(message)
                longest = max(longest, world.now - began)
            world.now += 1
        times = [at for _, at in receiver.received]
        assert [round(later - earlier) for earlier, later in itertools.pairwise(times)] == [100, 100]
        assert longest < 10


def test_quiet_hours_postpone() -> None:
    """What happens in the quiet hours is sent when they are over."""
    with running() as world:  # START is 14:13:20 UTC on a Monday
        receiver = world.add("office", which=Filter(hooks=("missed_call",), quiet=("14:00-15:00",)))
        world.route(world.event(1))
        world.settle()
        ((_, at),) = receiver.received
        assert START + 2_000 < at < START + 3_600


def test_a_paused_destination_is_owed_its_events() -> None:
    """While a destination is paused its events wait for it."""
    with running() as world:
        receiver = world.add("paused")
        row = world.tables.rows["destinations", "paused"]
        row["state"] = {"S": "paused"}
        world.route(world.event(1))
        world.settle()
        assert not receiver.asked
        assert len(world.tables.owed("id-paused")) == 1


def test_a_removed_destination_gets_nothing_more() -> None:
    """A message about a destination that was removed is done."""
    with running() as world:
        receiver = world.add("removed")
        world.route(world.event(1))
        del world.tables.rows["destinations", "removed"]
        world.settle()
        assert not receiver.asked


def test_an_event_that_expired_is_no_longer_owed() -> None:
    """What is no longer in the table of events can't be sent, and the attempts say so."""
    with running() as world:
        receiver = world.add("late")
        event = world.event(1)
        world.route(event)
        world.tables.events.clear()
        world.settle()
        assert not receiver.asked
        outcomes = [row["outcome"]["S"] for (owner, _), row in world.tables.rows.items() if owner == "attempts/id-late"]
        assert outcomes == ["expired"]


def test_a_lost_message_is_made_good_by_the_next_event() -> None:
    """If a message that waits for an attempt is lost, the next event's message takes its place after a while."""
    with running() as world:
        receiver = world.add("down", receiver=Receiver(lambda asked: DOWN if asked == 1 else Answer(status=200)))
        world.route(world.event(1))
        world.settle(until=START + 1)
        world.messages.clear()
        world.now += 700
        world.route(world.event(2))
        world.settle()
        assert sorted(map(number_of, receiver.ids)) == [1, 2]


def test_a_call_is_sent_once_when_it_is_final() -> None:
    """A destination that asks for missed calls gets a call once, whatever revisions follow."""
    with running() as world:
        receiver = world.add("missed", which=Filter(when=("missed",)))
        world.route(world.store(call_item(1, final=False)))
        world.settle()
        assert not receiver.ids
        for revision in (2, 3):
            world.route(world.store(call_item(revision)))
            world.settle()
        assert receiver.ids == [f"call-{'c' * 32}-2"]


def test_a_call_that_was_answered_after_all_is_no_missed_call() -> None:
    """What is sent is the call as it is when it is sent: one that is no longer missed is not."""
    with running() as world:
        receiver = world.add("missed", which=Filter(when=("missed",)))
        world.route(world.store(call_item(2)))
        world.store(call_item(3, status="answered"))
        world.settle()
        assert not receiver.ids


def test_every_revision_is_folded_into_the_latest() -> None:
    """Revisions that could not be sent yet are not sent one by one afterwards: the latest stands for all."""
    with running() as world:
        receiver = world.add("calls", which=Filter(types=("call",)))
        receiver.behaves = lambda asked: DOWN if asked == 1 else Answer(status=200)
        for revision in (1, 2, 3):
            world.route(world.store(call_item(revision, final=revision == 3)))
            world.settle(until=world.now + 0.1)
        world.settle()
        assert receiver.ids == [f"call-{'c' * 32}-3"]


def test_a_slow_destination_is_served_apart() -> None:
    """One whose answers take seconds moves to the senders of the slow, and back when it is quick again."""
    with running() as world:
        receiver = world.add("slow", health=QUICK)
        receiver.behaves = lambda asked: Answer(status=200, seconds=4 if asked < 4 else 0.1)
        world.route(world.event(1))
        world.settle()
        assert world.row("slow")["is_slow"]
        for number in range(2, 9):
            world.route(world.event(number))
            world.settle()
        assert not world.row("slow")["is_slow"]
        assert len(receiver.ids) == 8
