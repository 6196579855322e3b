"""The API shows attempts as the real one does."""

from simulator.payloads import DEFAULT_ACCOUNT_ID, payload
from simulator.tests.client import NOW, VALID, WEBHOOKS, Client, Clock
from simulator.tests.receiver import Receiver, answer


def failing(call: Client, clock: Clock, seconds: list[int]) -> None:
    """Let one delivery fail at each of these seconds."""
    with Receiver(then=answer(500)) as receiver:
        call.api.dash.register(DEFAULT_ACCOUNT_ID, VALID | {"id": "mine", "uri": receiver.url})
        for second in seconds:
            clock.now = NOW + second
            webhook = call.api.dash.webhooks()[0]
            call.api.dash.sender.deliver(webhook, payload("parking", parking_slot=str(second)))


def test_attempts_are_listed_newest_first(call: Client, clock: Clock) -> None:
    """A failure's exact body can be read back, for one webhook or for all; it has no id."""
    failing(call, clock, [1, 2])
    for path in (f"{WEBHOOKS}/attempts", f"{WEBHOOKS}/mine/attempts"):
        newest, oldest = call("GET", path)[1]["data"]
        assert newest["timestamp"] == oldest["timestamp"] + 1
        assert ["parking_slot", "=", "2"] in newest["req_body"]
        assert "id" not in newest
    assert call("GET", f"{WEBHOOKS}/other/attempts")[1]["data"] == []


def test_a_page_of_attempts_can_repeat_a_second(call: Client, clock: Clock) -> None:
    """The next page starts at a second, so what shares it is listed again."""
    failing(call, clock, [1, 2, 2, 3])
    first = call("GET", f"{WEBHOOKS}/attempts?page_size=2")[1]
    path = f"{WEBHOOKS}/attempts?page_size=2&start_key={first['next_start_key']}"
    second = call("GET", path)[1]
    assert first["data"][1] == second["data"][0]
    assert first["data"][1]["timestamp"] == second["data"][1]["timestamp"]


def test_a_range_of_attempts_is_limited(call: Client, clock: Clock) -> None:
    """Both ends are inclusive, and more than 31 days and an hour is refused."""
    failing(call, clock, [1, 2, 3])
    start = int(NOW) + 62_167_219_200
    path = f"{WEBHOOKS}/attempts?created_from={start + 2}&created_to={start + 3}"
    assert len(call("GET", path)[1]["data"]) == 2
    assert call("GET", f"{WEBHOOKS}/attempts?created_from={start - 2_682_000}&created_to={start}")[0] == 200
    wide = f"{WEBHOOKS}/attempts?created_from={start - 2_682_001}&created_to={start}"
    assert call("GET", wide)[0] == 400
    assert call("GET", f"{WEBHOOKS}/attempts?created_from={start}&created_to={start - 1}")[0] == 400


def test_a_system_can_have_a_page_limit(call: Client, clock: Clock) -> None:
    """It holds whatever is asked for; in a second with more entries the key of the next page stands still."""
    failing(call, clock, [1] * 5)
    call.api.dash.page_limit = 2
    first = call("GET", f"{WEBHOOKS}/attempts?page_size=100")[1]
    assert (len(first["data"]), first["page_size"]) == (2, 2)
    second = call("GET", f"{WEBHOOKS}/attempts?page_size=100&start_key={first['next_start_key']}")[1]
    assert (second["data"], second["next_start_key"]) == (first["data"], first["next_start_key"])


def test_a_malformed_entry_is_listed_as_it_is(call: Client, clock: Clock) -> None:
    """What is no attempt can be in the log of the account, at a time of its own."""
    failing(call, clock, [1, 3])
    call.api.dash.sender.log.add_malformed(DEFAULT_ACCOUNT_ID, int(NOW) + 2 + 62_167_219_200, ["no attempt"])
    assert call("GET", f"{WEBHOOKS}/attempts")[1]["data"][1] == ["no attempt"]
    assert len(call("GET", f"{WEBHOOKS}/mine/attempts")[1]["data"]) == 2
