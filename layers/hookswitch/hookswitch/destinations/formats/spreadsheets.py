"""Text that is safe in a spreadsheet's cell."""

import re

# What a spreadsheet runs, also after a semicolon where that separates cells; the last four are fullwidth. A number in
# E.164 is not run but calculated, and stays as it is for the programs that read it.
_FORMULA = re.compile("(^|;)(?=\\s*[=+@\uff1d\uff0b\uff0d\uff20-])")
_E164 = re.compile(r"\+\d{2,15}", re.ASCII)


def inert(text: str) -> str:
    """Return text with an apostrophe where a spreadsheet would otherwise run it."""
    return text if _E164.fullmatch(text) else _FORMULA.sub(r"\1'", text)
