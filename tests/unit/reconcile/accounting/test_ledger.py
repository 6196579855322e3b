"""What the accounting remembers between runs."""

from hypothesis import given, settings
from hypothesis import strategies as st

from hookswitch.reconcile.accounting.ledger import AccountingState, Behind, Compared, Round
from hookswitch.reconcile.accounting.run import DELAY, MAX_HOLD, hold_up
from hookswitch.reconcile.state import Gap, State

NOW = 1_795_000_000
seconds = st.integers(min_value=0, max_value=NOW)
ids = st.text(min_size=1, max_size=20)


@settings(max_examples=25)
@given(
    st.builds(
        AccountingState,
        begins=seconds,
        read_until=seconds,
        began=st.dictionaries(ids, seconds),
        round=st.none() | st.builds(Round, since=seconds, until=seconds, account_id=ids, second=seconds),
        behind=st.dictionaries(ids, st.builds(Behind, start=seconds, end=seconds)),
        read_again=st.dictionaries(st.sampled_from([3_600, 86_400]), seconds),
        refused=st.dictionaries(ids, seconds),
        missing=st.dictionaries(ids, seconds),
        ignored=st.dictionaries(ids, seconds),
        compared=st.none() | st.builds(Compared, since=seconds, until=seconds, on_dash=seconds, here=seconds),
    )
)
def test_round_trip(state: AccountingState) -> None:
    """What one run writes, the next one reads."""
    assert AccountingState.from_json(state.to_json()) == state


def test_first_version() -> None:
    """The state of the first version can be read, and so can one with fields of a later version."""
    text = '{"begins":1,"read_until":2,"round":{"since":1,"until":5},"behind":{"a":{"start":1,"end":2}},"later":3}'
    state = AccountingState.from_json(text)
    assert state.round == Round(since=1, until=5)
    assert state.watermark == 0


def test_hold_up() -> None:
    """What the attempt log still owes about legs holds the accounting up, for a day; other hooks' gaps do not."""
    state = State(read_until=NOW)
    assert hold_up(state, NOW, has_log=True) == NOW - DELAY
    state.gaps = [Gap(NOW - 5_000, NOW - 4_000, "missed_call")]
    assert hold_up(state, NOW, has_log=True) == NOW - DELAY
    for hook in ("", "channel_destroy"):
        state.gaps = [Gap(NOW - 5_000, NOW - 4_000, hook), Gap(NOW - 2 * MAX_HOLD, NOW - MAX_HOLD - 5, hook)]
        assert hold_up(state, NOW, has_log=True) == NOW - 5_001
        assert hold_up(state, NOW, has_log=False) == NOW - DELAY
    assert hold_up(State(read_until=NOW - 2_000), NOW, has_log=True) == NOW - 2_000
    assert hold_up(State(read_until=NOW - 3 * MAX_HOLD), NOW, has_log=True) == NOW - MAX_HOLD


def test_given_up() -> None:
    """Giving up forgets what is missing or could not be read up to a time."""
    state = AccountingState(begins=0, read_until=100, missing={"a": 10, "b": 60})
    state.leave("one", 20, 30)
    state.leave("one", 40, 70)
    state.leave("two", 5, 9)
    state.give_up(50)
    assert state.missing == {"b": 60}
    assert state.behind == {"one": Behind(start=51, end=70)}


def test_what_was_compared() -> None:
    """The most thorough comparison of a day is remembered; the next day's takes its place, and then any other."""
    state = AccountingState(begins=0, read_until=NOW)

    def compare(until: int, seconds: int) -> int:
        state.note_compared(Compared(since=until - seconds + 1, until=until, on_dash=seconds, here=seconds))
        assert state.compared
        return state.compared.on_dash

    assert compare(NOW, 900) == 900
    assert compare(NOW + 300, 7_200) == 7_200
    assert compare(NOW + 600, 93_600) == 93_600
    assert compare(NOW + 900, 900) == 93_600
    assert compare(NOW + 900 + 86_000, 93_500) == 93_500
    assert compare(NOW + 900 + 86_000 + 90_001, 900) == 900


def test_set_back() -> None:
    """Everything from a time on is compared again, also from before the stack was there."""
    state = AccountingState(begins=50, read_until=100, round=Round(since=90, until=110), began={"legs": 60})
    state.set_back(20)
    assert state.began == {"legs": 20}
    assert (state.begins, state.read_until, state.round) == (20, 19, None)
