"""`make lint` runs checkov on the template as SAM expands it, offline."""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from devtools.errors import LaptopError
from devtools.exceptions import exceptions, faults_of_template
from devtools.local import DASH_ACCOUNT_ID, DASH_API_KEY, LOCAL
from devtools.processes import CommandError, run, shown
from devtools.screen import say
from devtools.template import expanded

CHECKOV = LOCAL / "checks" / "bin" / "checkov"
FOLDER = LOCAL / "scan"
# A resource with a known fault is scanned too: a scan that does not report it proves nothing.
ANYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
CONTROL = {"Control": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": ANYTHING}}}
FOUND_IN_CONTROL = ("CKV_AWS_110", "AWS::IAM::ManagedPolicy.Control")


class ScanError(LaptopError):
    """The template has a fault, an exception is obsolete, or checkov can't run."""


def scan() -> None:
    """Check the template.

    Raises:
        ScanError: Something is wrong; the message has a line for each fault.
    """
    template = expanded(DashAccountId=DASH_ACCOUNT_ID, DashApiKey=DASH_API_KEY)
    report = checked({"template": template, "control": {"Resources": CONTROL}})
    found = set(findings(report))
    of_control = {it for it in found if it[1] == FOUND_IN_CONTROL[1]}
    if report["summary"]["parsing_errors"] or FOUND_IN_CONTROL not in {it[:2] for it in of_control}:
        raise ScanError(f"checkov does not report the known fault; see {shown(FOLDER)}.")
    excepted = exceptions().template
    if faults := list(faults_of_template(found - of_control, excepted)):
        raise ScanError("checkov reports faults of the template:\n" + "\n".join(faults))
    passed = report["summary"]["passed"]
    say(f"checkov: {passed} checks of the template passed, {len(excepted)} kinds of finding are accepted exceptions.")


def checked(templates: Mapping[str, Any]) -> dict[str, Any]:
    """Return checkov's report on templates by name.

    Raises:
        ScanError: checkov is not installed, or prints no report.
    """
    if not CHECKOV.exists():
        raise ScanError("checkov is not installed. Run `make setup` first.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    files = [FOLDER / f"{name}.json" for name in templates]
    for file, template in zip(files, templates.values(), strict=True):
        file.write_text(json.dumps(template, indent=1))
    command = [str(CHECKOV), "--framework", "cloudformation", "--file", *map(str, files)]
    options = ["--output", "json", "--compact", "--quiet", "--skip-download", "--soft-fail"]
    environment = {
        "PATH": os.pathsep.join([str(CHECKOV.parent), os.defpath]),
        "HOME": str(FOLDER),
        "LOG_LEVEL": "ERROR",
    }
    try:
        printed = run([*command, *options], environment=environment, log=FOLDER / "checkov.log")
        report: dict[str, Any] = json.loads(printed)
    except (CommandError, ValueError) as error:
        raise ScanError(f"checkov printed no report; its output is in {shown(FOLDER / 'checkov.log')}.") from error
    return report


def findings(report: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield the id of each check that failed, at which resource, and what is wrong."""
    for it in report["results"]["failed_checks"]:
        yield it["check_id"], it["resource"], it["check_name"]
