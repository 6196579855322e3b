"""What goes wrong on a laptop, told to the person in front of it."""


class LaptopError(Exception):
    """A sentence that says what is wrong and what to do next: shown without a traceback."""

    exit_code = 1
    """What the command ends with."""
