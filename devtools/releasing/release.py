"""Builds a release and writes its two files to `.local/release/`."""

import hashlib
import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from devtools.deploying import artifacts
from devtools.errors import LaptopError
from devtools.local import LOCAL, ROOT
from devtools.processes import shown
from devtools.releasing.code import assemble, pack
from devtools.releasing.template import make
from devtools.screen import say, step
from devtools.template import parsed

DIRECTORY = LOCAL / "release"
VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")  # part of a file's name, of a URL and of an output


@dataclass(frozen=True)
class Release:
    """The files of a release.

    Attributes:
        archive: The code of all functions and their layer.
        template: What CloudFormation needs.
    """

    archive: Path
    template: Path


def release(architecture: str, version: str) -> None:
    """Build a release.

    Args:
        architecture: As the template names it.
        version: Its name; empty for what Git calls this commit.

    Raises:
        LaptopError: The version can't be used, or it can't be built.
    """
    name = check_version(version or _described())
    with step(f"Building {name} for {architecture}") as detail:
        built = artifacts.build(architecture, detail).parent
    with step("Packing it"):
        made = write(built, architecture, name, DIRECTORY)
    for file in (made.archive, made.template):
        say(f"{shown(file)}  {file.stat().st_size:,} bytes")
    say("docs/releases.md shows how to deploy them.")


def write(built: Path, architecture: str, version: str, directory: Path) -> Release:
    """Write the files of a release from what `sam build` made, and return where they are."""
    name = f"hookswitch-{version}-{architecture}"
    made = Release(directory / f"{name}.zip", directory / f"{name}.template.json")
    source = parsed()
    directory.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as staging:
        assemble(built, source, Path(staging))
        pack(Path(staging), made.archive)
    digest = hashlib.sha256(made.archive.read_bytes()).hexdigest()
    template = make(source, archive=made.archive.name, digest=digest, version=version, architecture=architecture)
    made.template.write_text(json.dumps(template, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return made


def check_version(version: str) -> str:
    """Return a version that can be part of a file's name.

    Raises:
        LaptopError: It can't.
    """
    if not VERSION.fullmatch(version):
        raise LaptopError(
            f"VERSION={version} can't be used. Choose up to 64 letters, digits, dots, hyphens and underscores: "
            "make release VERSION=1.2.0"
        )
    return version


def _described() -> str:
    try:
        done = subprocess.run(
            ["git", "describe", "--tags", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise LaptopError("Git does not know this version. Name it: make release VERSION=1.2.0") from error
    return done.stdout.strip()
