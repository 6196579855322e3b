"""A leg of a call is answered: Dash's `channel_answer`."""

from typing import ClassVar, override

from hookswitch.payloads.channel import ChannelPayload
from hookswitch.receiving.receiver import receiver


class ChannelAnswer(ChannelPayload):
    """A leg that is answered, by a person or by the system.

    An auto-attendant, a queue or a mailbox answers the caller's leg as a person would. It does not fire for a leg that
    only rang.
    """

    hook: ClassVar = "channel_answer"
    timeline_order: ClassVar = 20

    @override
    def describe(self) -> str:
        return f"Call {self.parties()} answered"


handler = receiver(ChannelAnswer)
