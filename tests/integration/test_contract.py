"""Published messages conform to docs/schemas/."""

from typing import TYPE_CHECKING

from hookswitch.dash.hooks import HOOKS
from simulator.encoding import encode_form, encode_json
from simulator.payloads import payload
from tests.contract import check

if TYPE_CHECKING:
    from devtools.inbox import Inbox
    from tests.integration.delivering import Deliver


def test_published_messages_fit_their_schemas(deliver: "Deliver", inbox: "Inbox") -> None:
    """The message of every hook, delivered as JSON and as a form, matches the schemas of the envelope and the data."""
    sent = {}
    for hook in HOOKS:
        for form in (False, True):
            body = (encode_form if form else encode_json)(payload(hook, brand_new={"deep": ["1", {}]}))
            sent[deliver(hook, body, form=form).event_id] = hook
    assert len(sent) == 2 * len(HOOKS)
    inbox.wait_for_all(sent)
    for message in inbox.messages:
        if message.id in sent:
            assert message.event["type"].endswith(f".{sent[message.id]}")
            check(message.event, allowed=("brand_new",))
