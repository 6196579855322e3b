"""What a page says of the machine that something was measured on."""

from pathlib import Path

from devtools.machine import described


def test_machine_is_described(tmp_path: Path) -> None:
    """Cores, their model, memory, system and Python are named; where the model is not told, the processor's kind is."""
    listed = tmp_path / "cpuinfo"
    listed.write_text(
        "processor\t: 0\nmodel name\t: A Processor 3000\n\nprocessor\t: 1\nmodel name\t: A Processor 3000\n"
    )
    assert "cores (A Processor 3000), " in described(listed)
    told = described(tmp_path / "nothing")
    assert "Processor" not in told
    assert all(part in told for part in (" cores (", " GB, ", "CPython 3."))
