"""The static checks can fail. Each scan of the template checks that checkov finds something (devtools/scan.py)."""

import re
import subprocess
from datetime import date

import pytest

from devtools import audit
from devtools.exceptions import (
    DependencyException,
    TemplateException,
    exceptions,
    faults_of_dependencies,
    faults_of_template,
)
from devtools.local import LOCAL, ROOT

RUFF = LOCAL / "dev" / "bin" / "ruff"
QUEUES = TemplateException(check="CKV_1", resources=("AWS::SQS::Queue.*",), reason="They are ours.")
ONE_QUEUE = ("CKV_1", "AWS::SQS::Queue.One", "Ensure that it is good")
TOPIC = ("CKV_1", "AWS::SNS::Topic.One", "Ensure that it is good")
TODAY = date(2026, 11, 23)
KNOWN = DependencyException(vulnerability="CVE-1", package="one", expires=date(2026, 12, 1), reason="Not used.")
VULNERABLE = ("one", "1.0", frozenset({"PYSEC-1", "CVE-1"}))


# checkov


def test_finding_is_a_fault_unless_it_is_explained() -> None:
    """An exception speaks of its own check and resources only."""
    assert list(faults_of_template([ONE_QUEUE], [QUEUES])) == []
    (fault,) = faults_of_template([ONE_QUEUE, TOPIC], [QUEUES])
    assert fault.startswith("CKV_1 at AWS::SNS::Topic.One: ")


def test_exception_that_fits_nothing_is_a_fault() -> None:
    """Also one of whose patterns a single one fits nothing."""
    both = QUEUES.model_copy(update={"resources": ("AWS::SQS::Queue.*", "AWS::SNS::Topic.*")})
    (fault,) = faults_of_template([ONE_QUEUE], [both])
    assert "AWS::SNS::Topic.*" in fault
    assert len(list(faults_of_template([], [QUEUES]))) == 1


# pip-audit


def test_accepted_vulnerability() -> None:
    """By any of its ids it is accepted until the day that is written down, and no longer."""
    assert list(faults_of_dependencies([VULNERABLE], [KNOWN], TODAY)) == []
    (fault,) = faults_of_dependencies([VULNERABLE], [KNOWN], KNOWN.expires)
    assert "expired" in fault
    (fault,) = faults_of_dependencies(
        [("two", "1.0", VULNERABLE[2])], [KNOWN.model_copy(update={"package": "two"})], TODAY.replace(year=2027)
    )
    assert "expired" in fault


def test_accepted_vulnerability_that_is_gone() -> None:
    """An obsolete exception is a fault."""
    (fault,) = faults_of_dependencies([], [KNOWN], TODAY)
    assert "one no longer has CVE-1" in fault


def test_exceptions_of_this_project() -> None:
    """Those for packages are of packages that are pinned; each says why, and none is asked for twice."""
    pinned = {name for name, _ in audit.pinned()}
    assert {it.package for it in exceptions().dependency} <= pinned
    checks = [it.check for it in exceptions().template]
    assert len(set(checks)) == len(checks) > 0


def test_every_pinned_package_is_audited() -> None:
    """Those of the layer, of the tools, of the benchmark, and of the audit itself."""
    names = {name for name, _ in audit.pinned()}
    assert {"pydantic", "aws-sam-cli", "ministack", "pytest", "uv", "boto3", "fastapi", "pip-audit"} <= names
    assert len(names) > 150


def test_every_pinned_package_has_its_hash() -> None:
    """What is installed is what was pinned, byte for byte: the Makefile installs with hashes alone."""
    for path in audit.files():
        pins = re.split(r"^(?=[A-Za-z0-9])", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert not [pin for pin in pins if audit.PIN.match(pin) and "--hash=sha256:" not in pin], path
    assert "--require-hashes" in (ROOT / "Makefile").read_text(encoding="utf-8")


# ruff


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ('"""M."""\n\nimport subprocess\n\nsubprocess.run("ls", shell=True, check=True)\n', "S602"),
        ('"""M."""\n\nimport hashlib\n\nDIGEST = hashlib.md5(b"x")\n', "S324"),
        ('"""M."""\n\npassword = "a real one"\n', "S105"),
    ],
)
def test_security_rules_of_ruff_are_on(code: str, rule: str) -> None:
    """In a function's folder its linter refuses a shell, a broken digest and a written-down password."""
    command = [
        str(RUFF),
        "check",
        "--no-cache",
        "--output-format",
        "concise",
        "--stdin-filename",
        "functions/x/handler.py",
    ]
    done = subprocess.run(  # noqa: S603 - our own linter
        [*command, "-"], input=code, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f" {rule} " in done.stdout
