"""One key for each phone number, however it is written, so that all calls of a number are found."""

import re

MAX_KEY = 128  # characters; whatever they are, they fit into a key of DynamoDB (2,048 bytes)
NATIONAL = 10  # digits of a North American number without its country code
AREA = 3  # digits of a North American area code
MIN_WHOLE = 7  # digits of a number that can have an international prefix before it, or an extension after it

_DIGIT = re.compile(r"\d")  # of any script
_ADDRESS = re.compile(r"(?:^|<)\s*(?:sips?|tel):\s*([^@;?>]+)", re.IGNORECASE)
_EXTENSION = re.compile(r"(?:extension|ext|x|#)[\s.:=]*\d{1,6}\W*$", re.IGNORECASE)
_NOT_A_NUMBER = re.compile(r"[^\W\d_]|[_*#]")  # a letter, or what feature codes and SIP users have
_PLUS = re.compile("[^\\d+\uff0b]*[+\uff0b]")  # the latter is fullwidth
_TRUNK_ZERO = re.compile(r"\(\s*0\s*\)")  # as in +44 (0)20 7946 0958: not dialed from abroad
_DIALED_ABROAD = re.compile(r"(?:011|00)(?=\d)")
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
    text = _bare(text)
    return _digits(text) if _is_number(text) else _name(text)


def begins_with(number: str, beginning: str) -> bool:
    """Tell whether a phone number begins like this, however either is written.

    With a plus, the beginning is that of a number with country code: `+44` is Great Britain, and no extension. Without
    one it may be that of an extension, of a number with country code, or, from three digits on, of a North American
    number without its country code: `555` has 5551, +555 1 and +1 555-123-4567.

    Args:
        number: A number as Dash or a person writes it.
        beginning: At least one digit, or the beginning of a SIP user name.
    """
    key, start = number_key(number), _bare(beginning)
    if not _is_number(start):
        return key.startswith(_name(start))
    digits, has_country = _dialed(start)
    is_whole = len(key) >= MIN_WHOLE
    if has_country:
        return is_whole and key.startswith(digits)
    if key.startswith(digits):
        return True
    abroad = _DIALED_ABROAD.match(digits)
    if abroad and is_whole and key.startswith(digits[abroad.end() :]):
        return True
    is_national = len(key) == NATIONAL + 1 and key[0] == "1" and len(digits) >= AREA
    return is_national and key.startswith(digits, 1)


def _bare(text: str) -> str:
    """Return the number or name in a text, without address and extension."""
    text = text.strip()[:MAX_KEY]
    address = _ADDRESS.search(text)
    text = address[1] if address else text.partition("@")[0] or text
    extension = _EXTENSION.search(text)
    if extension and len(_DIGIT.findall(text[: extension.start()])) >= MIN_WHOLE:
        text = text[: extension.start()]
    return text


def _is_number(text: str) -> bool:
    return not _NOT_A_NUMBER.search(text) and _DIGIT.search(text) is not None


def _name(text: str) -> str:
    return " ".join(text.casefold().split())[:MAX_KEY]


def _dialed(text: str) -> tuple[str, bool]:
    """Return the digits of a number, and whether a plus says that they begin with a country code."""
    has_country = _PLUS.match(text) is not None
    if has_country:
        text = _TRUNK_ZERO.sub("", text)
    return "".join(str(int(digit)) for digit in _DIGIT.findall(text)), has_country


def _digits(text: str) -> str:
    digits, has_country = _dialed(text)
    abroad = _INTERNATIONAL.match(digits)
    if abroad:
        digits = digits[abroad.end() :]
    return f"1{digits}" if len(digits) == NATIONAL and not (has_country or abroad) else digits
