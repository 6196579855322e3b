"""`make lint` runs pip-audit on every pinned package.

It asks the vulnerability service of the Python Package Index, or the one that
PIP_AUDIT_VULNERABILITY_SERVICE and PIP_AUDIT_OSV_URL name. Some indexes serve packages but no advisories, so that
every package looks safe; therefore a release that is known to be vulnerable is checked first.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devtools.errors import LaptopError
from devtools.exceptions import exceptions, faults_of_dependencies
from devtools.local import LOCAL, ROOT
from devtools.processes import CommandError, run, shown
from devtools.screen import say

PIP_AUDIT = LOCAL / "checks" / "bin" / "pip-audit"
FOLDER = LOCAL / "audit"
CONTROL = ("jinja2", "2.10", "CVE-2019-10906")  # package, version, and a vulnerability that it has
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
AWAY = re.compile(
    r"ConnectionError|Timeout|ServiceError|[Cc]ould not connect"
)  # what pip-audit prints if the service is unavailable

type Pin = tuple[str, str]


class AuditError(LaptopError):
    """A package has a vulnerability, an exception is obsolete, or pip-audit can't run."""


class NoServiceError(Exception):
    """No vulnerability service is available; the text says why."""


def audit() -> None:
    """Look for vulnerabilities of all pinned packages; if no service is available, say so.

    Raises:
        AuditError: Something is wrong; the message has a line for each fault.
    """
    pins = pinned()
    try:
        check_service()
        found = list(vulnerabilities(asked(pins)))
    except NoServiceError as error:
        say(f"SKIPPED: the audit of {len(pins)} packages for known vulnerabilities: {error}")
        return
    if faults := list(faults_of_dependencies(found, exceptions().dependency, datetime.now(UTC).date())):
        raise AuditError("pip-audit reports:\n" + "\n".join(faults))
    say(f"pip-audit reports no vulnerability in {len(pins)} packages, except {len(found)} accepted ones.")


def files() -> list[Path]:
    """Return all requirements files."""
    folders = ("layers", "bench", "examples")
    return [
        *(ROOT / "requirements").glob("*.txt"),
        *(path for folder in folders for path in (ROOT / folder).rglob("requirements*.txt")),
    ]


def pinned() -> set[Pin]:
    """Return the name and version of every package that one of them pins."""
    return {(name.lower(), version) for path in files() for name, version in PIN.findall(path.read_text())}


def check_service() -> None:
    """Check that the service knows a well-known vulnerability.

    Raises:
        NoServiceError: It does not, or does not answer.
    """
    package, version, vulnerability = CONTROL
    found = list(vulnerabilities(asked([(package, version)])))
    if not any(vulnerability in ids for _, _, ids in found):
        raise NoServiceError(f"the service does not know {vulnerability} in {package} {version}, as it should.")


def asked(pins: Iterable[Pin]) -> list[dict[str, Any]]:
    """Return what pip-audit reports about each package.

    Raises:
        AuditError: pip-audit is not installed, or fails.
        NoServiceError: The service does not answer.
    """
    if not PIP_AUDIT.exists():
        raise AuditError("pip-audit is not installed. Run `make setup` first.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    return [dependency for path in _written(pins) for dependency in _report(path)]


def vulnerabilities(dependencies: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Yield package, version and all ids of each vulnerability in what is reported.

    Raises:
        NoServiceError: The service does not know a package.
    """
    for dependency in dependencies:
        if "skip_reason" in dependency:
            raise NoServiceError(f"the service does not know {dependency['name']} ({dependency['skip_reason']}).")
        for it in dependency["vulns"]:
            yield dependency["name"], dependency["version"], frozenset([it["id"], *it["aliases"]])


def _written(pins: Iterable[Pin]) -> list[Path]:
    """Write packages to files, none with two versions of one package, which pip-audit refuses."""
    parts: list[dict[str, str]] = []
    for name, version in sorted(pins):
        file = next((it for it in parts if name not in it), None)
        if file is None:
            parts.append(file := {})
        file[name] = version
    paths = [FOLDER / f"requirements-{number}.txt" for number in range(len(parts))]
    for path, file in zip(paths, parts, strict=True):
        path.write_text("".join(f"{name}=={version}\n" for name, version in file.items()))
    return paths


def _report(requirements: Path) -> list[dict[str, Any]]:
    log, report = FOLDER / "pip-audit.log", FOLDER / "report.json"
    report.unlink(missing_ok=True)
    options = ["--no-deps", "--disable-pip", "--format", "json", "--aliases", "on", "--desc", "off", "--timeout", "5"]
    places = ["--requirement", str(requirements), "--output", str(report), "--cache-dir", str(FOLDER / "cache")]
    try:
        run([str(PIP_AUDIT), *options, *places, "--progress-spinner", "off"], environment=os.environ, log=log)
    except CommandError as error:
        if AWAY.search(error.output):
            raise NoServiceError(f"the service does not answer; see {shown(log)}.") from error
        if not report.exists():  # with a report, it failed because it found something
            raise AuditError(str(error)) from error
    dependencies: list[dict[str, Any]] = json.loads(report.read_text())["dependencies"]
    return dependencies
