"""Runs all cells and writes docs/engineering/faults.md: `make faults`."""

import sys
import tempfile
from pathlib import Path

from devtools import stack
from tests.integration.faults.matrix import MATRIX
from tests.integration.faults.page import PAGE, render
from tests.integration.faults.partitions import run


def main() -> int:
    """Return 0 if every cell behaved as the matrix says."""
    stack.build()
    with tempfile.TemporaryDirectory() as directory:
        results = run(Path(directory))
    wrong = 0
    for cell, expected in MATRIX.items():
        if (seen := results.seen.get(cell)) != expected:
            wrong += 1
            said = results.errors.get(cell) or f"{seen}"
            sys.stdout.write(f"{' '.join(cell)}: expected {expected}, but: {said}\n")
    sys.stdout.writelines(f"{name}: {error}\n" for name, error in results.partitions.items())
    sys.stdout.write(f"{len(MATRIX) - wrong} of {len(MATRIX)} cells behaved as expected.\n")
    if not wrong:
        PAGE.write_text(render(results.seconds))
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
