"""The static checks can fail. Each scan of the template checks that checkov finds something (devtools/scan.py)."""

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, override

import pytest

from devtools import audit
from devtools.exceptions import (
    DependencyException,
    Exceptions,
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
KNOWN_OF_TWO = KNOWN.model_copy(update={"package": "two", "vulnerability": "PYSEC-2", "expires": date.max})
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


class Advisories(BaseHTTPRequestHandler):
    """A vulnerability service that speaks OSV's language, and knows what it is told."""

    known: dict[str, list[str]]

    def do_POST(self) -> None:
        """Answer for one package."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        ids = self.known.get(asked["package"]["name"], [])
        affected = [{"package": asked["package"], "versions": [asked["version"]], "ranges": []}]
        vulns = [{"id": ids[0], "aliases": ids[1:], "summary": "It is.", "affected": affected}] if ids else []
        content = json.dumps({"vulns": vulns} if vulns else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""


@pytest.fixture
def advisories(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, list[str]]]:
    """What the service knows that pip-audit asks; the control to begin with. The packages are two of no renown."""
    package, _, vulnerability = audit.CONTROL
    known = {package: ["PYSEC-0", vulnerability], "two": ["PYSEC-2"]}
    handler = type("Handler", (Advisories,), {"known": known})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        monkeypatch.setenv("PIP_AUDIT_VULNERABILITY_SERVICE", "osv")
        monkeypatch.setenv("PIP_AUDIT_OSV_URL", f"http://127.0.0.1:{server.server_port}/v1/query")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setattr(audit, "FOLDER", tmp_path)
        monkeypatch.setattr(audit, "exceptions", lambda: Exceptions(dependency=(KNOWN_OF_TWO,)))
        monkeypatch.setattr(audit, "pinned", lambda: {("one", "1.0"), ("two", "1.0")})
        yield known
        server.shutdown()


def test_no_vulnerability(advisories: dict[str, list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    """Where the service knows of none that is not accepted, the audit says for how many packages that holds."""
    assert advisories
    audit.audit()
    assert "no vulnerability in 2 packages, but for 1 that are explained" in capsys.readouterr().out


def test_vulnerability_fails_the_audit(advisories: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every version that is pinned anywhere is asked for, and named."""
    monkeypatch.setattr(audit, "check_service", lambda: None)
    monkeypatch.setattr(audit, "pinned", lambda: {("one", "1.0"), ("one", "2.0"), ("two", "1.0")})
    advisories["one"] = ["PYSEC-1", "CVE-1"]
    with pytest.raises(audit.AuditError, match=r"one 1\.0 has CVE-1, PYSEC-1\.(.|\n)*one 2\.0 has"):
        audit.audit()


def test_service_without_advisories_is_not_believed(
    advisories: dict[str, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    """One that does not know what everybody knows is no proof of anything: the audit is skipped, aloud."""
    advisories.clear()
    audit.audit()
    assert "SKIPPED" in capsys.readouterr().out


def test_service_away(
    advisories: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """So it is where nobody answers."""
    assert advisories
    monkeypatch.setenv("PIP_AUDIT_OSV_URL", "http://127.0.0.1:9/v1/query")
    audit.audit()
    assert "SKIPPED" in capsys.readouterr().out


def test_audit_that_fails_is_not_taken_for_a_service_that_is_away(
    advisories: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What pip-audit does not understand is an error."""
    assert advisories
    monkeypatch.setattr(audit, "check_service", lambda: None)
    monkeypatch.setattr(audit, "pinned", lambda: {("one", "no version")})
    with pytest.raises(audit.AuditError, match="pip-audit"):
        audit.audit()


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
    """An exception that is not needed any more is a fault."""
    (fault,) = faults_of_dependencies([], [KNOWN], TODAY)
    assert "one has no CVE-1" in fault


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
