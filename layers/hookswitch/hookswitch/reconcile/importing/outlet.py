"""What an import has the stack's functions do."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import batched

from hookswitch.aws.clients import INVOKE_ANY
from hookswitch.calls.requests import BackfillRequest
from hookswitch.errors import NotTakenError
from hookswitch.events.kinds import IMPORT
from hookswitch.receiving.hook_functions import WORKERS, HookFunctions, invoke
from hookswitch.receiving.redelivery import RedeliveryResult
from hookswitch.receiving.requests import PublishRequest, PublishResult
from hookswitch.reconcile.accounting.accountant import to_delivery
from hookswitch.reconcile.accounting.kinds import Entry
from hookswitch.webhooks.desired import Desired

AT_ONCE = 20  # events of a PublishRequest, which publish has a few seconds for


class Outlet:
    """The functions of a stack that an import uses.

    Every method raises NotTakenError if a function did not do all that it was asked, and StackError if the functions
    can't be listed. What was done is done again then, and stays as it is.
    """

    def __init__(self, functions: HookFunctions, desired: Desired) -> None:
        """Use the functions of a stack with these webhooks."""
        self._functions, self._desired = functions, desired

    def store(self, entries: Sequence[Entry]) -> list[tuple[Entry, RedeliveryResult]]:
        """Have the hook's function store legs, several at a time; return what became of each."""
        if not entries:
            return []
        self._functions.look_up()  # once, before several threads need them
        with ThreadPoolExecutor(WORKERS) as pool:
            results = list(pool.map(self._store, entries))
        return list(zip(entries, results, strict=True))

    def publish(self, event_ids: Iterable[str]) -> None:
        """Have events published."""
        function = self._functions.name("Publish")
        for some in batched(event_ids, AT_ONCE, strict=False):
            answer = invoke(function, PublishRequest(some).to_message(), INVOKE_ANY)
            if PublishResult.from_message(answer).unpublished:
                raise NotTakenError("SNS did not take all imported events.")

    def make_calls(self, event_ids: Sequence[str], *, publishes: bool) -> None:
        """Have calls made of events."""
        if event_ids:
            message = BackfillRequest(tuple(event_ids), publishes).to_message()
            invoke(self._functions.name("Calls"), message, INVOKE_ANY)

    def _store(self, entry: Entry) -> RedeliveryResult:
        return self._functions.deliver(entry.hook, to_delivery(entry, self._desired), source=IMPORT)
