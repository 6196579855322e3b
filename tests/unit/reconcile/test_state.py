"""How gaps are merged, and how the state is stored."""

import json

from hypothesis import given
from hypothesis import strategies as st

from hookswitch.reconcile.state import MERGE_DISTANCE, Gap, State, merge_gaps

GAPS = st.lists(
    st.builds(
        lambda start, length, hook: Gap(start, start + length, hook),
        st.integers(0, 10_000_000),
        st.integers(0, 5_000),
        st.sampled_from(["", "parking", "missed_call"]),
    ),
    max_size=120,
)


@given(GAPS)
def test_gaps_stay_few(gaps: list[Gap]) -> None:
    """Gaps are merged into a limited number, not close to each other, that covers all of them."""
    few = merge_gaps(gaps)
    assert len(few) <= 50
    for gap in gaps:
        assert any(it.hook == gap.hook and it.start <= gap.start and gap.end <= it.end for it in few)
    for one in few:
        near = [it for it in few if it.hook == one.hook and one.start < it.start <= one.end + MERGE_DISTANCE]
        assert not near


@given(GAPS, st.integers(0, 10_000_000))
def test_state_is_remembered(gaps: list[Gap], until: int) -> None:
    """A stored state is read back unchanged; the watermark is before every gap."""
    state = State(read_until=until, gaps=merge_gaps(gaps), reported={"off/a": 1})
    state.news.restored.append(("parking", "was missing"))
    again = State.from_json(state.to_json())
    assert again == state
    assert all(again.watermark < gap.start for gap in again.gaps)


def test_state_of_an_earlier_version() -> None:
    """A state written by an earlier version can be read, including its unannounced news."""
    recovered = {"events": 2, "first": 7, "reasons": ["answered 500"]}
    news = {"id": "n", "restored": [["parking", "was missing"]], "brought": {"parking": recovered}, "noticed": []}
    old = {"read_until": 9, "gaps": [{"start": 1, "end": 2, "hook": ""}], "looked_at": 8, "reported": {}, "news": news}
    state = State.from_json(json.dumps(old))
    assert state.gaps == [Gap(1, 2)]
    assert state.news.recovered["parking"].events == 2
    assert json.loads(state.to_json()) | old == json.loads(state.to_json())
