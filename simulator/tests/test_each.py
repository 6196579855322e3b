"""Tests of many values in one row."""

from pathlib import Path

import pytest

from simulator.tests.each import for_each


def test_note_names_the_value() -> None:
    """The first value that fails ends the test, and is named."""
    checked = []

    @for_each("number", [1, 2, 3])
    def fails(number: int) -> None:
        checked.append(number)
        assert number < 2

    with pytest.raises(AssertionError) as caught:
        fails()
    assert checked == [1, 2]
    assert caught.value.__notes__ == ["number = 2"]


def test_no_value() -> None:
    """A test without any value proves nothing, so it fails."""

    @for_each("number", [])
    def looks(number: int) -> None:
        del number

    with pytest.raises(AssertionError):
        looks()


@pytest.mark.parametrize("other", ["a"])
@for_each("number", [1, 2])
def test_other_arguments(tmp_path: Path, number: int, other: str) -> None:
    """Fixtures and parameters are there as in any test, the same for all values."""
    assert other == "a"
    assert len(list(tmp_path.iterdir())) == number - 1
    (tmp_path / str(number)).touch()
