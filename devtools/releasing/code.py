"""The zip of a release: the layer with the functions in it, the same bytes whenever the same source is built."""

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from devtools import bytecode
from devtools.errors import LaptopError

LAYER = "Layer"
PACKAGES = "python"  # Lambda looks for modules in this folder of a layer
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip can have
READABLE = 0o644 << 16


def functions(template: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield each function's logical id, the folder of its code, and its handler."""
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            properties = {**template["Globals"]["Function"], **resource["Properties"]}
            yield name, properties["CodeUri"].strip("/"), properties["Handler"]


def assemble(built: Path, template: Mapping[str, Any], staging: Path) -> None:
    """Put the layer and the functions of a build into one folder, with bytecode.

    Args:
        built: What `sam build` wrote.
        template: The source template, which tells the functions' folders.
        staging: The folder, which is empty.

    Raises:
        LaptopError: A module can't be compiled.
    """
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(built / LAYER / PACKAGES, staging / PACKAGES, ignore=ignore)
    for name, folder, _ in functions(template):
        shutil.copytree(built / name, staging / PACKAGES / folder, ignore=ignore, dirs_exist_ok=True)
    # In a process of its own: bytecode depends a little on what else its process has loaded.
    command = [sys.executable, "-I", bytecode.__file__, str(staging)]
    (staging / "template.yaml").touch()  # how it knows a build
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LaptopError(f"The bytecode could not be added:\n{done.stdout}{done.stderr}")


def pack(staging: Path, archive: Path) -> None:
    """Zip what `assemble` made, in the order of names and without dates."""
    folder = staging / PACKAGES
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as package:
        for name, file in sorted((path.relative_to(staging).as_posix(), path) for path in folder.rglob("*")):
            if file.is_file():
                entry = zipfile.ZipInfo(name, EPOCH)
                entry.create_system, entry.external_attr = 3, READABLE  # as on Linux, wherever it is made
                package.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED, compresslevel=9)
