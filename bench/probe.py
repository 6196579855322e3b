"""Runs one handler in a process of its own and says what it cost.

Started with `python -I -S -B` and nothing on its path but what the function would have on Lambda. It imports no
more than Lambda's own bootstrap does, so that a handler pays for what it imports.
"""

import json
import os
import sys
import time


class Context:
    """What handlers ask of Lambda's context."""

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
        """Return what is left of the function's time: always all of it, however long the calls take."""
        return self._milliseconds


def memory() -> int:
    """Return the most memory that this process had so far, in bytes; `ru_maxrss` would count our parent's, too."""
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - pathlib is an import
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024


def check(answer: "dict[str, object]", expected: "dict[str, object]") -> None:
    """End with an error unless an answer has what is expected: who does not do the work is not measured.

    A text need only contain what is expected of it.
    """
    for name, value in expected.items():
        found = answer.get(name)
        if found != value and not (isinstance(value, str) and isinstance(found, str) and value in found):
            raise SystemExit(f"The handler answered {answer}, and not {name}: {value!r}.")


def main() -> None:
    """Import, answer once, then `calls` times, and write what was measured to a pipe.

    A function with SnapStart does what Lambda has it do before its snapshot, and counts what comes after.
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
    handler = getattr(module, "handler")  # noqa: B009 - the type checker knows nothing of it
    context = Context(task["seconds"])
    answer = handler(event, context)
    cold = {
        "cpu": time.process_time() - before,  # since the process began, or the snapshot was taken
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
