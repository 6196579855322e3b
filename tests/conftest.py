"""Settings that all tests share."""

import fcntl
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from devtools import stack
from devtools.local import LOCAL, ROOT
from simulator import identity
from tests.drawing import ignore_constants_of_modules
from tests.integration.sessions import IMAGE

# A run of the tests is the same every time: that it passes or fails says something of the code, and not of chance.
# `make explore` looks for new examples. What it finds becomes a test's @example.
# Timings are the benchmark's business, and the first draw of text builds Unicode's tables.
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", settings.get_profile("repeatable"), derandomize=False, max_examples=1000)
settings.load_profile("repeatable")
ignore_constants_of_modules()

# The programs that tests start find the layer's package as pytest does, also without make.
os.environ["PYTHONPATH"] = str(ROOT / "layers" / "hookswitch")

# As the template sets them: the logger reads its own when the layer is imported.
os.environ["POWERTOOLS_SERVICE_NAME"] = "hookswitch"
os.environ["POWERTOOLS_METRICS_NAMESPACE"] = "Hookswitch"
os.environ["METRICS"] = "all"  # the default declares fewer


def pytest_configure(config: pytest.Config) -> None:
    """Have all logs of the run scanned for confidential values."""
    from tests.leaks import Watch  # noqa: PLC0415 - the layer, which needs the variables above

    config.pluginmanager.register(Watch(), "leaks")


# What these tests run of the layer, others run as well, or it runs in other processes.
UNCOVERED = (
    "browser",
    "integration",
    "sam_local",
    "built",
    "template",
    "documents",
    "interleaving",
    "unit/devtools/test_calls_backfill.py",
    "unit/devtools/test_calls_scenarios.py",
    "unit/fuzz",
    "unit/load",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, and measure no coverage where that would add nothing.

    Otherwise one process would still be at it when the others have nothing left to do.
    """
    items.sort(key=lambda item: item.path.name != "test_stateful.py")
    places = [ROOT / "tests" / name for name in UNCOVERED]
    files = {item.path for item in items}  # thousands of items have few files
    uncovered = {file for file in files if file.name == "test_stateful.py" or any(map(file.is_relative_to, places))}
    for item in items:
        if item.path in uncovered:
            item.add_marker(pytest.mark.no_cover)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the switch that says where the integration tests have their AWS."""
    group = parser.getgroup("hookswitch")
    group.addoption(
        "--aws",
        choices=["emulator", "localstack"],
        default="emulator",
        help="integration tests: on the emulator that they start themselves, or in a container (needs Docker)",
    )
    group.addoption("--localstack-image", default=IMAGE, help=f"what runs in that container; by default {IMAGE}")
    group.addoption("--all-faults", action="store_true", help="the fault matrix: run all cells, as `make faults` does")
    group.addoption(
        "--trails",
        type=Path,
        help="where the emulators of another run noted what roles did; needed where several processes share the tests",
    )


@pytest.fixture(autouse=True)
def _repeatable_events(request: pytest.FixtureRequest) -> None:
    """Have the events of a test be the same in every run, and others than those of other tests."""
    identity.FRESH.seed(request.node.nodeid)


@pytest.fixture(scope="session")
def built(testrun_uid: str) -> Path:
    """The folder that `sam build` fills: once for all processes of a run, since some read it while others begin."""
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "built-for-tests").open("a+") as note:
        fcntl.flock(note, fcntl.LOCK_EX)
        note.seek(0)
        if note.read() != testrun_uid:
            stack.build()
            note.truncate(0)
            note.write(testrun_uid)
    return stack.BUILD
