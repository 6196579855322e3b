"""The API's callflows, to be read only: which actions a call goes through (Crossbar, `/accounts/{id}/callflows`)."""

from collections.abc import Sequence

from simulator.dash import Dash
from simulator.envelope import Answer, Call, bad_identifier, forbidden, invalid_method

SUMMARY = ("id", "name", "numbers", "patterns")  # a listing has no flow


class Callflows:
    """Everything below `/accounts/{account_id}/callflows`."""

    def __init__(self, dash: Dash) -> None:
        self._dash = dash

    def answer(self, call: Call, account_id: str, path: Sequence[str]) -> Answer:
        """Answer a call that is authorized.

        Raises:
            ApiError: The account's callflows are not open, or there is none of this id.
        """
        documents = self._dash.callflows.get(account_id, [])
        if documents is None:
            raise forbidden()
        if call.method != "GET":
            raise invalid_method()
        match path:
            case []:
                return Answer([{name: it[name] for name in SUMMARY if name in it} for it in documents])
            case [callflow_id]:
                for document in documents:
                    if document["id"] == callflow_id:
                        return Answer(document)
        raise bad_identifier(path[-1])
