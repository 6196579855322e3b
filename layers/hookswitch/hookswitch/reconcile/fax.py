"""One fax of the inbox or the outbox (docs/dash-protocol.md, section 5).

A listing has whole documents, each with the status of its job, with the numbers under the names `from` and `to`, and
with the time at which it was made (`cb_faxes`, view `faxes/list_by_folder`). A document that is read by its id lacks
these. Either has `tx_result` of the last attempt to send the fax, or `rx_result` of its reception.
"""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field

from hookswitch.errors import UnusableError
from hookswitch.payloads.base import IdentityText
from hookswitch.payloads.times import GregorianSeconds
from hookswitch.reconcile.history import HistoryEntry, gregorian, present

LONGEST = 31 * 86_400  # seconds; a larger number is not how long a fax took

type Folder = Literal["inbox", "outbox"]
type FaxHook = Literal["outbound_fax", "outbound_fax_error", "notifications", "inbound_fax_error"]

_SUCCESS: Mapping[str, bool] = {"completed": True, "failed": False}


class Fax(HistoryEntry):
    """A fax that was received, or whose last attempt to send it was made."""

    id: IdentityText
    created: GregorianSeconds
    folder: Folder
    status: str | None = None
    call_id: str | None = None
    timestamp: GregorianSeconds | None = None
    """When it was received; a fax that is sent has none."""
    faxbox_id: str | None = None
    owner_id: str | None = None
    fax_timezone: str | None = None
    from_number: str | None = None
    from_name: str | None = None
    to_number: str | None = None
    to_name: str | None = None
    notifications: dict[str, Any] | None = None
    tx_result: dict[str, Any] = Field(default_factory=dict)
    rx_result: dict[str, Any] = Field(default_factory=dict)

    @classmethod
    def from_row(cls, account_id: str, folder: Folder, row: object, document: object = None) -> Self:
        """Return the fax in a row of a listing, and in its document if that was read as well.

        Args:
            account_id: The account whose faxes were read, 32 hexadecimal digits.
            folder: The listing: that of `GET /faxes/inbox` or `/faxes/outbox`.
            row: The row.
            document: What `GET /faxes/{folder}/{id}` has; None if it was not read.

        Raises:
            UnusableError: It lacks `id` or `created`, or does not say whether the fax was sent; the text says which.
        """
        if not isinstance(row, Mapping):
            raise UnusableError("The entry is not an object.")
        whole = document if isinstance(document, Mapping) else {}
        numbers = {"from_number": row.get("from"), "to_number": row.get("to")}
        fax = cls._parse(account_id, {**numbers, **whole, **row, "folder": folder})
        if fax.succeeded is None:
            raise UnusableError("status: The fax does not say whether it was sent.")
        return fax

    @property
    def succeeded(self) -> bool | None:
        """Whether it was sent or received; None if that is not known.

        A fax in the inbox was received unless it says otherwise.
        """
        success = str(self._result.get("success", self._result.get("fax_success"))).lower()
        if success in {"true", "false"}:
            return success == "true"
        return _SUCCESS.get(self.status or "", True if self.folder == "inbox" else None)

    @property
    def hook(self) -> FaxHook:
        """The hook whose event it is; a fax that was received is told of by the catch-all alone."""
        if self.folder == "inbox":
            return "notifications" if self.succeeded else "inbound_fax_error"
        return "outbound_fax" if self.succeeded else "outbound_fax_error"

    @property
    def at(self) -> int:
        """When it ended, in Unix seconds: to within some seconds, since that is not kept of a fax that is sent."""
        if self.timestamp:
            return int(self.timestamp.timestamp())
        return int(self.created.timestamp()) + (self._elapsed if self.folder == "outbox" else 0)

    def to_fields(self) -> dict[str, Any]:
        """Return the fields that the fax's notification would have sent, as far as its history tells them.

        `msg_id`, which identifies an inbound fax, is made from the fax's id.
        """
        is_inbound = self.folder == "inbox"
        result = self._result
        error = None if self.succeeded else _text(result, "result_text", "fax_result_text", "error_message")
        code = _text(result, "result_code", "fax_result_code")
        return present(
            {
                "event_name": "inbound_fax" if self.hook == "notifications" else self.hook,
                "event_category": "notification",
                "account_id": self.account_id,
                "msg_id": f"{self.folder}-{self.id}",
                "fax_id": self.id,
                "fax_jobid": None if is_inbound else self.id,
                "faxbox_id": self.faxbox_id,
                "fax_timestamp": gregorian(self.at),
                "fax_info": {_prefixed(name): value for name, value in result.items()},
                "fax_notifications": self.notifications,
                "fax_timezone": self.fax_timezone,
                "fax_error": error,
                "fax_result_code": None if self.succeeded else code,
                "owner_id": self.owner_id,
                "call_id": self.call_id,
                "caller_id_number": self.from_number,
                "caller_id_name": self.from_name,
                "callee_id_number": self.to_number,
                "callee_id_name": self.to_name or self.to_number,
                "from_user": self.from_number if is_inbound else None,
                "to_user": self.to_number if is_inbound else None,
            }
        )

    @property
    def _result(self) -> Mapping[str, Any]:
        return self.rx_result if self.folder == "inbox" else self.tx_result

    @property
    def _elapsed(self) -> int:
        seconds = str(self._result.get("time_elapsed"))
        return min(int(seconds), LONGEST) if seconds.isascii() and seconds.isdecimal() else 0


def _prefixed(name: str) -> str:
    return name if name.startswith("fax_") else f"fax_{name}"


def _text(result: Mapping[str, Any], *names: str) -> str | None:
    found = (str(value) for name in names if isinstance(value := result.get(name), str | int) and value != "")
    return next(found, None)
