"""Runs one handler in its own process and reports its costs.

It starts with `python -I -S -B`, and its path contains only what the function would have on Lambda. It imports no more
than Lambda's own bootstrap, so that all other imports count as the handler's.
"""

import json
import os
import sys
import time


class Context:
    """The attributes of Lambda's context that handlers use."""

    function_name = "function"
    function_version = "$LATEST"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:function"
    aws_request_id = "00000000-0000-0000-0000-000000000000"
    log_group_name = "function"
    log_stream_name = "stream"

    def __init__(self, seconds: int) -> None:
        self._milliseconds = seconds * 1000

    def get_remaining_time_in_millis(self) -> int:
        """Return the remaining time of the function: always the full timeout, however long the calls take."""
        return self._milliseconds


def memory() -> int:
    """Return the peak memory of this process, in bytes; `ru_maxrss` would include the parent's."""
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - pathlib would be another import
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024


def check(answer: "dict[str, object]", expected: "dict[str, object]") -> None:
    """Exit with an error unless a response is as expected: a handler that does not do the work is not measured.

    A text only has to contain the expected text.
    """
    for name, value in expected.items():
        found = answer.get(name)
        if found != value and not (isinstance(value, str) and isinstance(found, str) and value in found):
            raise SystemExit(f"The handler answered {answer} instead of {name}: {value!r}.")


def main() -> None:
    """Import the handler, call it once, then `calls` times, and write the measurements to a pipe.

    A function with SnapStart first does what Lambda would run before the snapshot; only what comes after counts.
    """
    task = json.load(sys.stdin)
    before, began = 0.0, task["started"]
    sys.path[:0] = task["path"]
    event = task["event"]
    module = __import__("handler")
    if task["snapshot"]:
        runtime = __import__("snapshot_restore_py")
        for function, positional, named in reversed(runtime.get_before_snapshot()):
            function(*positional, **named)
        before, began = time.process_time(), time.monotonic()
        for function, positional, named in runtime.get_after_restore():
            function(*positional, **named)
    imported = before or time.process_time()
    handler = getattr(module, "handler")  # noqa: B009 - unknown to the type checker
    context = Context(task["seconds"])
    answer = handler(event, context)
    cold = {
        "cpu": time.process_time() - before,  # since the start of the process, or the snapshot
        "import_cpu": imported,
        "wall": time.monotonic() - began,
        "memory": memory(),
    }
    check(answer, task["expect"])
    cpu, wall = [], []
    for _ in range(task["calls"]):
        cpu_before, wall_before = time.process_time(), time.perf_counter()
        answer = handler(event, context)
        cpu.append(time.process_time() - cpu_before)
        wall.append(time.perf_counter() - wall_before)
        check(answer, task["expect"])
    found = {"cold": cold, "cpu": cpu, "wall": wall, "memory": memory(), "modules": len(sys.modules)}
    with os.fdopen(task["pipe"], "w") as pipe:
        json.dump(found, pipe)


if __name__ == "__main__":
    main()
