"""Text for people. What comes from outside is made safe to show on one line: in a summary, a mail or a terminal."""

MINUTE, HOUR = 60, 3_600  # seconds
MAX_LINE = 200  # characters of a summary
MAX_PART = 60  # characters of a name, number or address within one, so that none of them hides the rest
ELLIPSIS = "…"

# Unicode, DerivedCoreProperties.txt, Default_Ignorable_Code_Point: characters that are not displayed, of which Python
# calls some printable, such as fillers and variation selectors.
_INVISIBLE = (
    *(range(code, code + 1) for code in (0x034F, 0x3164, 0xFFA0)),
    *(range(0x115F, 0x1161), range(0x17B4, 0x17B6), range(0x180B, 0x1810), range(0xFE00, 0xFE10)),
    range(0xE0000, 0xE1000),
)


def one_line(text: str, limit: int = MAX_LINE) -> str:
    """Return text as one line of at most `limit` printable characters.

    Line breaks, control characters (ESC among them) and spaces of any kind become single spaces. Left out are
    characters that are not displayed or change how others are: bidirectional overrides and isolates, zero-width
    characters, lone surrogates, noncharacters such as U+FFFE, and code points without a character. Text that is cut
    ends with an ellipsis.

    The result is empty if nothing of the text can be shown. It takes time in proportion to the text's length.
    """
    if not (text.isascii() and text.isprintable()):
        text = "".join(map(_shown, text))
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + ELLIPSIS


def part(text: str | None) -> str:
    """Return text as a part of a longer line; empty for None."""
    return one_line(text, MAX_PART) if text else ""


def somebody(name: str | None, number: str | None) -> str:
    """Return somebody as `Jane Doe (+15551234567)`, as far as they are known; empty if nothing is."""
    called, dialed = part(name), part(number)
    return f"{called} ({dialed})" if called and dialed else called or dialed


def duration(seconds: int) -> str:
    """Return a time span in words, such as `22 s`, `4 min 10 s` or `1 h 2 min`."""
    seconds = max(0, seconds)
    if seconds < MINUTE:
        return f"{seconds} s"
    if seconds < HOUR:
        minutes, rest = divmod(seconds, MINUTE)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(seconds // MINUTE, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def _shown(character: str) -> str:
    if character.isspace() or character < " " or "\x7f" <= character <= "\x9f":
        return " "
    code = ord(character)
    return "" if not character.isprintable() or any(code in span for span in _INVISIBLE) else character
