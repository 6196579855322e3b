"""Describes this machine, for pages with measurements."""

import platform
import re
from pathlib import Path

import psutil

PROCESSORS = Path("/proc/cpuinfo")  # Linux names the model there, on x86_64


def described(processors: Path = PROCESSORS) -> str:
    """Return cores, memory, operating system and Python version, in one line."""
    listed = processors.read_text(encoding="utf-8") if processors.exists() else ""
    model = re.search(r"^model name\s*:\s*(.+)$", listed, re.MULTILINE)
    cores = f"{psutil.cpu_count()} cores ({model[1].strip() if model else platform.machine()})"
    memory = f"{psutil.virtual_memory().total / 2**30:.0f} GB"
    return f"{cores}, {memory}, {platform.system()}, CPython {platform.python_version()}"
