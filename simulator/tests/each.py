"""One test for many values, where a row for each would take longer than what it checks."""

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any


def for_each(name: str, values: Iterable[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Have a test check each of some values, one after the other.

    A row of `pytest.mark.parametrize` takes some ten milliseconds of processor time in the processes that share the
    tests, whatever it checks, so thousands of rows take half a minute. Here, the first value that fails ends the test,
    and a note names it. All values have the same fixtures: where a test changes one, each value needs its own row.

    Args:
        name: The test's argument.
        values: What it is given.
    """
    chosen = list(values)

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(test)

        @wraps(test)
        def check(**given: Any) -> None:
            assert chosen
            for value in chosen:
                try:
                    test(**{name: value}, **given)
                except Exception as error:
                    error.add_note(f"{name} = {value!r}")
                    raise

        others = [parameter for parameter in signature.parameters.values() if parameter.name != name]
        vars(check)["__signature__"] = signature.replace(parameters=others)
        return check

    return decorate
