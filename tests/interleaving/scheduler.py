"""Runs tasks one at a time, and decides at each call of a service who goes on and what becomes of the call."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class KilledError(BaseException):
    """The platform has ended a task: nothing it still does has an effect."""


class Fate(StrEnum):
    """What becomes of a call of a service."""

    OK = "ok"
    FAIL = "fails"
    LOSE = "is carried out, and the answer lost"
    KILL = "kills its caller before"
    KILL_AFTER = "is carried out, and kills its caller"


TROUBLE = (Fate.FAIL, Fate.FAIL, Fate.LOSE, Fate.KILL, Fate.KILL_AFTER)


@dataclass(eq=False)
class Task:
    """A thread that runs only while it has the baton.

    Attributes:
        name: For the trace.
        work: What it does; the result is kept.
        ready: Whether it can go on.
        killed: Whether the platform has ended it.
        done: Whether it is over.
    """

    name: str
    work: Callable[[], object]
    ready: Callable[[], bool] = lambda: True
    result: object = None
    error: BaseException | None = None
    killed: bool = False
    done: bool = False
    baton: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


class Scheduler:
    """One run: tasks, the choices of a seeded generator, and a trace of them.

    Attributes:
        rng: Makes all choices.
        stormy: Whether calls may fail.
        trace: What happened, in order.
        kills: How many tasks were killed.
        steps: How often somebody went on.
    """

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.stormy = True
        self.trace: list[str] = []
        self.kills = self.steps = 0
        self.away: dict[str, int] = {}
        self.unfinished: list[Task] = []
        self._trouble = self.rng.choice([0.03, 0.1, 0.25])
        self._main = threading.Semaphore(0)
        self._local = threading.local()

    def spawn(self, name: str, work: Callable[[], object]) -> Task:
        """Start a task, which does nothing before it is resumed."""
        task = Task(name, work)
        self.unfinished.append(task)
        threading.Thread(target=self._run, args=(task,), daemon=True).start()
        return task

    @property
    def ready(self) -> list[Task]:
        """The tasks that can go on."""
        return [task for task in self.unfinished if task.ready()]

    def resume(self, task: Task) -> None:
        """Let a task go on until its next call of a service, or its end."""
        self.steps += 1
        task.baton.release()
        self._main.acquire()
        if task.done:
            self.unfinished.remove(task)

    def call[T](self, service: str, operation: str, effect: Callable[[], T], failure: Callable[[Fate], Exception]) -> T:
        """Carry out a call of a service by the running task, whatever becomes of it.

        Args:
            service: Whose call it is; while it is away all calls of it fail.
            operation: For the trace.
            effect: What the service does.
            failure: The error of a call that failed.
        """
        task: Task | None = getattr(self._local, "task", None)
        if task is None:  # the test itself
            return effect()
        self.pause(task)
        fate = self._fate(service)
        self.trace.append(f"{self.steps:4} {task.name}: {service} {operation} {fate}")
        if fate in {Fate.OK, Fate.LOSE, Fate.KILL_AFTER}:
            try:
                result = effect()
            except Exception:
                if fate is Fate.OK:
                    raise
            else:
                if fate is Fate.OK:
                    return result
        if fate in {Fate.KILL, Fate.KILL_AFTER}:
            self._kill(task)
        raise failure(fate)

    def pause(self, task: Task, ready: Callable[[], bool] = lambda: True) -> None:
        """Let others go on, and return when the task gets the baton again."""
        if task.killed:
            raise KilledError
        task.ready = ready
        self._main.release()
        task.baton.acquire()

    def wait_for(self, other: Task) -> None:
        """Let the running task wait until another is over."""
        self.pause(self._local.task, lambda: other.done)

    def running(self) -> Task | None:
        """Return the running task, unless the test itself runs."""
        return getattr(self._local, "task", None)

    def _run(self, task: Task) -> None:
        task.baton.acquire()
        self._local.task = task
        try:
            task.result = task.work()
        except BaseException as error:  # noqa: BLE001 - whoever waits for the task judges it
            task.error = error
        task.done = True
        self._main.release()

    def _fate(self, service: str) -> Fate:
        if not self.stormy:
            return Fate.OK
        if self.steps < self.away.get(service, 0):
            return Fate.FAIL
        if self.rng.random() < self._trouble / 20:
            self.away[service] = self.steps + self.rng.randint(5, 80)
            self.trace.append(f"{self.steps:4} {service} is away")
        return self.rng.choice(TROUBLE) if self.rng.random() < self._trouble else Fate.OK

    def _kill(self, task: Task) -> None:
        self.kills += 1
        task.killed = True
        raise KilledError
