"""One key for each phone number, however it is written, so that all calls of a number are found."""

import re

MAX_KEY = 128  # characters; whatever they are, they fit into a key of DynamoDB (2,048 bytes)
NATIONAL = 10  # digits of a North American number without its country code
MIN_WHOLE = 7  # digits of a number that can have an international prefix before it, or an extension after it

_DIGIT = re.compile(r"\d")  # of any script
_ADDRESS = re.compile(r"(?:^|<)\s*(?:sips?|tel):\s*([^@;?>]+)", re.IGNORECASE)
_EXTENSION = re.compile(r"(?:extension|ext|x|#)[\s.:=]*\d{1,6}\W*$", re.IGNORECASE)
_NOT_A_NUMBER = re.compile(r"[^\W\d_]|[_*#]")  # a letter, or what feature codes and SIP users have
_PLUS = re.compile("[^\\d+\uff0b]*[+\uff0b]")  # the latter is fullwidth
_TRUNK_ZERO = re.compile(r"\(\s*0\s*\)")  # as in +44 (0)20 7946 0958: not dialed from abroad
_INTERNATIONAL = re.compile(rf"(?:011|00)(?=\d{{{MIN_WHOLE}}})")


def number_key(text: str) -> str:
    """Return the key of a phone number: equal for every way of writing one number.

    The key of a number with country code is its digits: `+1 (555) 123-4567`, `5551234567` and
    `sip:15551234567@example.com` all give `15551234567`. Ten digits are North American, unless a plus or an
    international prefix (011, 00) says that they begin with a country code. An extension after a number is left out;
    extensions alone keep their digits. Anything else, such as a SIP user name or a feature code, is its own key
    without regard to case.

    Args:
        text: A number as Dash or a person writes it.

    Returns:
        At most `MAX_KEY` characters; empty if the text is.
    """
    text = text.strip()[:MAX_KEY]
    address = _ADDRESS.search(text)
    text = address[1] if address else text.partition("@")[0] or text
    extension = _EXTENSION.search(text)
    if extension and len(_DIGIT.findall(text[: extension.start()])) >= MIN_WHOLE:
        text = text[: extension.start()]
    if _NOT_A_NUMBER.search(text) or not _DIGIT.search(text):
        return " ".join(text.casefold().split())[:MAX_KEY]
    return _digits(text)


def _digits(text: str) -> str:
    has_country = _PLUS.match(text) is not None
    if has_country:
        text = _TRUNK_ZERO.sub("", text)
    digits = "".join(str(int(digit)) for digit in _DIGIT.findall(text))
    abroad = _INTERNATIONAL.match(digits)
    if abroad:
        digits = digits[abroad.end() :]
    return f"1{digits}" if len(digits) == NATIONAL and not (has_country or abroad) else digits
