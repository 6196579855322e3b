"""What answers mean, among them the documented ones of Slack and Teams."""

import re

import pytest

from hookswitch.destinations.answers import DOCUMENTED, Answer, Documented, Meaning, advice
from hookswitch.destinations.excerpts import excerpt

URL = "https://example.com/a"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *((status, "taken") for status in (200, 201, 202, 204, 299)),
        *((status, "retry") for status in (0, 100, 101, 103, 408, 409, 425, 429, 500, 502, 503, 504, 599, 999)),
        *(
            (status, "refused")
            for status in (300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 413, 422, 451)
        ),
        (410, "gone"),
    ],
)
def test_meaning(status: int, expected: Meaning) -> None:
    """Success is 2xx; what speaks of the moment is tried again before anything else is sent; 410 ends it all."""
    assert Answer(status=status).meaning == expected


def test_unsendable_message() -> None:
    """A message that can't be sent at all does not hold up the others."""
    assert Answer(reason="The message is larger than 1024 KiB", is_unsendable=True).meaning == "refused"


@pytest.mark.parametrize("known", DOCUMENTED, ids=[f"{known.type} {known.status} {known.code}" for known in DOCUMENTED])
def test_documented(known: Documented) -> None:
    """Documented answers mean what they say, also after their text was made an excerpt; who can help is told how."""
    text = f'{{"error":{{"code":"{known.code}","message":"x"}}}}' if known.type == "teams" else known.code
    answer = Answer(status=known.status, excerpt=excerpt(text.encode(), URL, b"{}", {}))
    assert known.code in answer.excerpt
    assert answer.meaning == known.meaning
    assert advice(known.type, answer) == known.advice
    assert bool(known.advice) == (known.meaning in {"refused", "gone"})


def test_all_that_slack_and_teams_document() -> None:
    """The documented answers are in the table."""
    codes = {(known.type, known.status, known.code) for known in DOCUMENTED}
    assert codes >= {
        ("slack", 400, "invalid_payload"),
        ("slack", 403, "action_prohibited"),
        ("slack", 403, "invalid_token"),
        ("slack", 404, "channel_not_found"),
        ("slack", 404, "no_service"),
        ("slack", 410, "channel_is_archived"),
        ("slack", 429, ""),
        ("teams", 202, ""),
        ("teams", 400, "WorkflowTriggerIsNotEnabled"),
        ("teams", 401, ""),
        ("teams", 404, ""),
        ("teams", 429, ""),
    }


@pytest.mark.parametrize(
    ("type_", "answer", "expected"),
    [
        ("https", Answer(status=302), "not followed"),
        ("https", Answer(status=404), "^$"),
        ("slack", Answer(status=404, excerpt="something else"), "^$"),
        ("https", Answer(status=404, excerpt="no_service"), "^$"),
    ],
)
def test_advice(type_: str, answer: Answer, expected: str) -> None:
    """There is advice where it is known what helps, and none elsewhere."""
    assert re.search(expected, advice(type_, answer))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(status=404, excerpt="no_service"), "404 Not Found: no_service"),
        (Answer(status=200), "200 OK"),
        (Answer(status=599), "599"),
        (Answer(reason="No answer within 15 seconds"), "No answer within 15 seconds"),
    ],
)
def test_in_words(answer: Answer, expected: str) -> None:
    """People read the status with its name and the excerpt, or why there is none."""
    assert str(answer) == expected
