"""Why something is not done that an operator asks for. The texts are for people."""

from hookswitch.errors import HookswitchError


class RefusedError(HookswitchError):
    """It can't be done as things are."""


class WholeStackError(HookswitchError):
    """It takes an operator who sees all accounts that the stack serves."""


class NothingDoneError(HookswitchError):
    """Nothing was done, for a reason that passes."""
