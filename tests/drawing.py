"""What Hypothesis draws from."""

from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants


def ignore_constants_of_modules() -> None:
    """Draw no constants that happen to be in the source of whatever modules are loaded.

    What a test draws would otherwise depend on which tests ran before it in the same process, and a number or name that
    is confidential in one test would be the id of a call in another. Hypothesis has no setting for it.
    """
    providers._get_local_constants = Constants  # noqa: SLF001 - see above
