"""What the page on destinations says is so."""

import json
import re
from typing import Any

from devtools.local import ROOT
from hookswitch.destinations import answers, excerpts, https, notices, schedule
from hookswitch.destinations.formats.fields import MAX_PLACEHOLDERS, MAX_TEXT, MAX_VALUES, SHORT, check_fields, fill
from hookswitch.destinations.formats.flat import flat
from hookswitch.destinations.quiet_hours import parse_quiet_hours
from hookswitch.destinations.record import TYPES, WHENS
from hookswitch.destinations.turn import AT_ONCE, REFUSALS, SLOW_SECONDS
from tests.unit.destinations.formats.events import all_events, event_of

PAGE = (ROOT / "docs" / "destinations.md").read_text(encoding="utf-8")
TEXT = " ".join(PAGE.split())


def section(heading: str) -> str:
    """Return a section of the page, without those within it."""
    return PAGE.partition(f"{heading}\n")[2].partition("\n#")[0]


def block(heading: str, language: str) -> str:
    """Return the first block of code of a section."""
    found = re.search(rf"```{language}\n(.*?)```", section(heading), re.DOTALL)
    assert found
    return found[1]


def words(name: str) -> set[str]:
    """Return the words in the table's row of an argument."""
    row = re.search(rf"^\| `{name}=` \| (.*) \|$", PAGE, re.MULTILINE)
    assert row
    return {word for code in re.findall(r"`([^`]+)`", row[1]) for word in code.split(",")}


def test_every_word_of_the_command() -> None:
    """Each argument of `make destination` is on the page."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    found = re.search(r"^DESTINATION_WORDS := ((?:.*\\\n)*.*)", makefile, re.MULTILINE)
    assert found
    for word in [*found[1].replace("\\", "").split(), "URL", "FIELDS", "SINCE", "ACCOUNT", "ID", "COUNT", "FORMAT"]:
        assert re.search(rf"\b{word}=", PAGE), word


def test_types_and_words() -> None:
    """The types, what calls can be asked for, and the forms of quiet hours are those that there are."""
    assert set(TYPES) <= words("TYPE")
    assert set(WHENS) <= words("WHEN")
    parse_quiet_hours(words("QUIET"))


def test_schedule() -> None:
    """It is tried again when the page says, and ends when the page says."""
    assert "At once; then after 5 seconds, 1 minute, 5 minutes, 30 minutes, 2, 5, 10 and 10 hours" in TEXT
    assert (0, 5, 60, 5 * 60, 30 * 60, *(hours * 3_600 for hours in (2, 5, 10, 10))) == schedule.WAITS
    assert "It is tried nine times in all" in TEXT
    assert schedule.REFUSED_ATTEMPTS == 9
    assert "Five refusals one after the other" in TEXT
    assert REFUSALS == 5
    assert "two and a half days and for three and three quarters; after five days" in TEXT
    assert (notices.SWITCH_OFF.days, *notices.WARNINGS) == (5, 50, 75)


def test_answers() -> None:
    """Statuses mean what the page says, and limits are those that it says."""
    assert "An answer of 500 or more, 408, 409, 425 or 429, or none within 15 seconds" in TEXT
    assert {408, 409, 425, 429} == answers.RETRIED
    assert answers.Answer(status=500).meaning == answers.Answer(reason="No answer").meaning == "retry"
    assert answers.Answer(status=302).meaning == answers.Answer(status=404).meaning == "refused"
    assert answers.Answer(status=410).meaning == "gone"
    assert {answers.Answer(status=status).meaning for status in range(200, 300)} == {"taken"}
    assert https.SECONDS == 15
    assert "honored, up to a day" in TEXT
    assert https.MAX_RETRY_AFTER == 86_400
    assert "Of answers, 500 characters are kept" in TEXT
    assert excerpts.MAX_EXCERPT == 500
    assert "up to five messages are on their way" in TEXT
    assert AT_ONCE == 5
    assert "take longer than two seconds to answer" in TEXT
    assert SLOW_SECONDS == 2


def test_flat_keys() -> None:
    """The example for Zapier has keys that calls have, and the table names all of them."""
    example: dict[str, Any] = json.loads(block("### zapier", "json"))
    assert example.keys() <= flat(event_of("voicemail"), "UTC").keys()
    named = {each.replace("…", "") for each in re.findall(r"`([a-z_…]+)`", section("### zapier"))}
    prefixes = tuple(f"{role}_" for role in ("from", "to", "answered_by", "reached", "data"))
    for event in all_events():
        for key in flat(event, "UTC"):
            assert key.startswith(prefixes) or key.removesuffix("_local") in named or key in named, key


def test_template() -> None:
    """The example of chosen fields does what the page says."""
    example = block("### Choose the fields", "text").partition("$ make")[0].partition("\n")[2]
    check_fields(example)
    filled = fill(example, event_of("voicemail"))
    assert filled == {
        "text": "Missed call from WIRELESS CALLER +15552340017",
        "number": "+15552340017",
        "waited": 22,
        "first_leg": "caller",
        "source": "hookswitch",
    }
    assert f"at most {MAX_TEXT:,} characters and {MAX_PLACEHOLDERS} fields" in TEXT
    assert f"larger than {MAX_VALUES // 1000} KB, texts are cut to {SHORT} characters" in TEXT


def test_pattern_of_a_rule() -> None:
    """The rule on EventBridge names statuses that calls have."""
    pattern = json.loads(block("### eventbridge", "json"))
    event = event_of("voicemail")
    assert pattern["detail-type"] == [event["type"]]
    assert event["data"]["status"] in pattern["detail"]["data"]["status"]
