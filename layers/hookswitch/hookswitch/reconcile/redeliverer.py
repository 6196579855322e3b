"""Sends failed deliveries through their hook functions, and counts the outcomes."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum

from hookswitch.errors import NotTakenError
from hookswitch.observability.log import logger
from hookswitch.receiving.hook_functions import WORKERS, HookFunctions
from hookswitch.receiving.redelivery import RedeliveryResult
from hookswitch.reconcile.recognition import FailedDelivery

PATIENCE = 3  # consecutive deliveries that a hook function may fail to accept before this run stops sending to it


class Fate(StrEnum):
    """Fates of a failed delivery besides the outcomes of a hook function."""

    FAILED = "failed"  # a dry run would send it
    DEFERRED = "deferred"  # its hook function did not accept it: a later run sends it again
    NOT_RECOVERABLE = "not_recoverable"  # Dash logged no body


class Redeliverer:
    """Sends failed deliveries again.

    Attributes:
        outcomes: The number of failed deliveries, by hook and outcome.
    """

    def __init__(self, functions: HookFunctions, source: str = "") -> None:
        """Prepare to send deliveries to the hook functions of a stack.

        Args:
            functions: The hook functions.
            source: `cdr` if the deliveries are made of Dash's records. Such a delivery is not queued: the next run
                makes it again.
        """
        self._source = source
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self._functions = functions
        self._looked_up = False
        self._refused: Counter[str] = Counter()

    def send(self, batch: Sequence[FailedDelivery]) -> Iterator[tuple[FailedDelivery, str]]:
        """Send deliveries that have a body, several at a time, and yield each with its outcome.

        The outcome is one of `hookswitch.receiving.redelivery.Outcome`, or `Fate.DEFERRED`.

        Raises:
            StackError: The stack's functions can't be listed.
        """
        sent = [failure for failure in batch if self._refused[failure.hook] < PATIENCE]
        for failure in batch:
            if failure not in sent:
                yield failure, self._count(failure, Fate.DEFERRED)
        if not sent:
            return
        if not self._looked_up:
            self._functions.look_up()  # once, before several threads need them
            self._looked_up = True
        with ThreadPoolExecutor(WORKERS) as pool:
            answers = list(pool.map(self._deliver, sent))
        for failure, taken in zip(sent, answers, strict=True):
            self._refused[failure.hook] = 0 if taken else self._refused[failure.hook] + 1
            yield failure, self._count(failure, taken.outcome if taken else Fate.DEFERRED)

    def _count(self, failure: FailedDelivery, outcome: str) -> str:
        self.outcomes[failure.hook, outcome] += 1
        return outcome

    def _deliver(self, failure: FailedDelivery) -> RedeliveryResult | None:
        if failure.delivery is None:
            raise AssertionError  # never sent
        try:
            return self._functions.deliver(failure.hook, failure.delivery, queue=not self._source, source=self._source)
        except NotTakenError as error:
            logger.warning("A missed delivery was deferred to a later run. %s", error, extra={"hook": failure.hook})
            return None
