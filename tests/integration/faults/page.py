"""The page that the matrix prints: docs/engineering/faults.md."""

from collections.abc import Iterator, Mapping

from devtools.local import ROOT
from tests.integration.faults.matrix import MATRIX, PROOFS, SERVICES, USES, Cell, Kind, Use

PAGE = ROOT / "docs" / "engineering" / "faults.md"
MEASURED = "## How long Dash waited"
AFTER = "## To repeat it"

HEAD = """# Faults

<!-- Written by `make faults`: the words are in tests/integration/faults/page.py, the table in matrix.py beside it. -->

What happens when a service that a function needs fails: what whoever started the function is told, where the event is
in the meantime, and how it comes back. Every cell is a test that runs on the deployed stack, with a fault proxy between
each function and its services. An event that comes back is there once, and was published once, unless the table says
otherwise.

- **error**: the service answers 500 (or 503).
- **throttle**: it says that there are too many calls.
- **hang**: it takes the call and never answers; the client gives up by itself.
- **slow**: it answers late, within the client's time.
- **lost answer**: it does what it was asked to, and the connection breaks before the answer comes.

## Who needs what

"""
KINDS = """## What happens

A hook is any of the fourteen; parking writes in a transaction, the others with one conditional write. What a hook does
when SQS fails is seen with DynamoDB away (hanging, where SQS hangs), since it is not asked otherwise; the same goes for
the publish function's queue, with SNS away.

"""
WAITS = f"""{MEASURED}

Seconds, in one run on a machine with much other work to do; those of Secrets Manager include a cold start. API Gateway
gives up at 29, and a hook function's own time is 25.

"""
REPEAT = f"""{AFTER}

`make faults` runs all cells and writes this page. `make test` runs those of an event on its way (hooks, publish, and
what redrive does for them), and fails where one does not come as the table says; `pytest --all-faults` runs the others
too.
"""
TAIL = """## What is not recoverable, and what comes twice

- **What Dash does not keep.** An answer of 500 leaves the event in Dash's attempt log, from which `Reconcile` brings it
  in. A delivery by get has no body there, an older Dash has no log, and what happens while a webhook is off is not
  tried at all ([healing](../healing.md#what-cant-be-recovered)).
- **A lost answer of SNS.** SNS takes no idempotency key, so a call that is repeated is a second message. It has the
  same `id`, by which a consumer knows it. The same comes of a lost answer of the queue that notes what SNS did not
  take, of Lambda's while Redrive has an event published, and of the queue itself, which may hand over a message twice.
- **SNS and the queue away for more than six hours.** The stream then gives the batch up, and its pointer needs that
  very queue. The events are in the table ([why six hours](decisions/0058-stream-retry-limit.md)). If a
  part of a batch can't be noted, Lambda repeats it from the first of those on, so that what came after may come twice.
- **CloudFormation's answer, not taken for as long as the function runs.** CloudFormation gives the resource up after
  `ServiceTimeout` and goes back; the Delete that follows finds what was made by the webhooks' names.
- **An update that fails, while Dash and CloudFormation's API fail too on the way back.** The stack rests in
  UPDATE_ROLLBACK_FAILED: have CloudFormation continue the rollback when they are there again.
- **A Dash that takes more than about twelve seconds for each answer.** Fourteen webhooks are then more than a run of
  `Provision` or `Reconcile` has time for. Nothing is left half made, and nothing is brought in.

## Proven elsewhere

- A warm function whose Secrets Manager is away goes on with what it knows: `tests/unit/callback/test_verification.py`.
- However slow SNS and SQS are, the publish function ends by itself, and each event of a batch of a hundred is
  published, noted or given back, exactly one of these: `tests/unit/functions/test_publish.py`. Redrive ends by itself
  too: `tests/unit/functions/test_redrive.py`.
- Two functions carry no event and are not in the matrix. `Unknown` answers 500 while the secret can't be read, as a
  hook does: `tests/integration/test_ingress.py`. `Silence` counts nothing while CloudWatch is away: not to know is
  not silence: `tests/unit/functions/test_silence.py`.
- A rotation is interrupted between any two of its steps: `tests/unit/webhooks/test_rotation.py`.
- Lambda ends a run of `Reconcile` half-way: `tests/integration/test_reconcile.py`.
- What the stream's mapping does with a batch that is given back: `tests/template/test_storage.py`.
"""


def render(seconds: Mapping[Cell, float]) -> str:
    """Return the page; `seconds` are what was measured."""
    proofs = "".join(f"- *{name}*: {what}\n" for name, what in PROOFS.items())
    return "\n".join(
        [HEAD + _grid(), KINDS + _table(), "How each is proven:\n\n" + proofs, WAITS + _waits(seconds), REPEAT, TAIL]
    )


def without_measurements(page: str) -> str:
    """Return a page without what differs from run to run."""
    return page.partition(MEASURED)[0] + AFTER + page.partition(AFTER)[2]


def _grid() -> str:
    lines = ["| | " + " | ".join(SERVICES.values()) + " |", "|---" * (len(SERVICES) + 1) + "|"]
    for function, services in USES.items():
        # Parking differs from other hooks in one thing only.
        others = dict.fromkeys(USES["a hook"], "as a hook") if function == "parking" else {}
        uses = [services[it].what if it in services else others.get(it, "not used") for it in SERVICES]
        lines.append(f"| **{function}** | " + " | ".join(uses) + " |")
    return "\n".join(lines) + "\n"


def _table() -> str:
    lines = ["| Function | Service | When | The sender is told | The event is in | It comes back by | Proof |"]
    lines.append("|---|---|---|---|---|---|---|")
    for function, services in USES.items():
        for service, use in services.items():
            for kinds, seen in _together(use):
                when = ", ".join(kinds)
                lines.append(f"| {function} | {SERVICES[service]} | {when} | " + " | ".join(seen) + f" | {use.proof} |")
    return "\n".join(lines) + "\n"


def _together(use: Use) -> Iterator[tuple[list[Kind], tuple[str, ...]]]:
    """Yield the ways to fail that come to the same, together."""
    for seen in dict.fromkeys(use.seen.values()):
        yield [kind for kind, its in use.seen.items() if its == seen], seen


def _waits(seconds: Mapping[Cell, float]) -> str:
    timed = [cell for cell in MATRIX if cell in seconds]
    rows = dict.fromkeys((cell.function, cell.service) for cell in timed)
    lines = ["| | " + " | ".join(Kind) + " |", "|---" * (len(Kind) + 1) + "|"]
    for function, service in rows:
        waits = [seconds.get(Cell(function, service, kind)) for kind in Kind]
        shown = " | ".join("" if wait is None else f"{wait:.1f}" for wait in waits)
        lines.append(f"| {function}, {SERVICES[service]} | {shown} |")
    return "\n".join(lines) + "\n"
