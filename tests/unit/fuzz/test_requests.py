"""What the fuzzing draws."""

import json
from collections import Counter

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hookswitch.dash.hooks import HOOKS
from tests.fuzz.bodies import _KINDS, encoded_form, encoded_json
from tests.fuzz.requests import MAX_QUERY, ROUTED, Expected, requests
from tests.fuzz.values import raw_numbers, values

RARE = "huge"
TOKENS = {hook: f"{hook}-token" for hook in HOOKS}
MANY = settings(  # the same ones each time: rare kinds are drawn, or are not
    max_examples=600,
    derandomize=True,
    phases=(Phase.generate,),
    database=None,
    suppress_health_check=list(HealthCheck),
)


def test_all_kinds() -> None:
    """Each kind of body that is not too rare is drawn, for every hook, and so is each answer that is expected."""
    drawn: Counter[str] = Counter()

    @MANY
    @given(requests(TOKENS))
    def draw(request: object) -> None:
        drawn.update(str(value) for value in vars(request).values() if isinstance(value, str))

    draw()
    assert set(_KINDS) - {RARE} <= drawn.keys()
    assert set(HOOKS) <= drawn.keys()
    assert set(map(str, Expected)) <= drawn.keys()


def test_routed_only() -> None:
    """For the handlers there are only requests that API Gateway would hand to them."""

    @settings(MANY, max_examples=200)
    @given(requests(TOKENS, routed_only=True))
    def draw(request: object) -> None:
        fields = vars(request)
        path, _, query = fields["target"].partition("?")
        assert fields["verb"] in ROUTED
        assert path.startswith(f"/hooks/{fields['hook']}/")
        assert path.count("/") == 3
        assert len(query) <= MAX_QUERY
        assert fields["expected"] in {Expected.KEPT, Expected.REFUSED, Expected.EITHER}
        if fields["expected"] is Expected.KEPT:
            assert path.endswith(f"/{TOKENS[fields['hook']]}")

    draw()


@given(raw_numbers)
def test_raw_numbers(number: str) -> None:
    """Numbers that Python does not write stand bare in the text."""
    text = encoded_json({"a": number}, escaped=True).decode()
    assert text == f'{{"a": {number.removeprefix("<raw:").removesuffix(">")}}}'


@given(st.dictionaries(st.text(), values))
def test_any_fields_have_bodies(fields: dict[str, object]) -> None:
    """No value is one that can't be written, as JSON in either way or as a form."""
    assert encoded_form(fields) is not None
    assert encoded_json(fields, escaped=False).startswith(b"{")
    if "<raw:" not in json.dumps(fields):
        json.loads(encoded_json(fields, escaped=True))
