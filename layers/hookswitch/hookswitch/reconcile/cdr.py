"""One call detail record (CDR): what Dash keeps of one leg that ended (docs/dash-protocol.md, section 5).

Kazoo makes it from the very event that fires the webhook `channel_destroy`, so both have the same values under other
names. Its application `cdr` turns all names into lower case with underscores, and puts the call's interaction id beside
`custom_channel_vars`; `cb_cdrs` serves the whole document, or a row of a listing with some of its fields.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Self

from pydantic import Field, field_validator

from hookswitch.payloads.base import IdentityText
from hookswitch.payloads.times import GregorianSeconds
from hookswitch.reconcile.history import HistoryEntry, gregorian, present

LONGEST = 31 * 86_400  # seconds; a larger number is not the length of a call

# In custom_channel_vars of a CDR, and elsewhere in the webhook's payload. The webhook's custom_channel_vars never have
# them: Kazoo reserves them (system_config.call_command, reserved_ccv_keys), or they are lifted out of there.
_ELSEWHERE = frozenset({"account_id", "authorizing_id", "authorizing_type", "owner_id", "reseller_id", "call_forward"})
_UPPERCASE = frozenset({"id", "did"})  # parts of names, as in Fetch-ID

type Seconds = Annotated[int, Field(ge=0, le=LONGEST)]


class Cdr(HistoryEntry):
    """A leg that ended, as its CDR tells it.

    `timestamp` is the second at which it ended, of a row as well, whose own `timestamp` is that of its beginning.
    """

    call_id: IdentityText
    timestamp: GregorianSeconds
    id: str = ""
    """The document's id: year, month and `call_id`. The month is that in which the call began, not the leg."""
    interaction_id: str | None = None
    call_direction: str | None = None
    from_: str | None = Field(default=None, alias="from")
    to: str | None = None
    request: str | None = None
    other_leg_call_id: str | None = None
    caller_id_name: str | None = None
    caller_id_number: str | None = None
    callee_id_name: str | None = None
    callee_id_number: str | None = None
    authorizing_id: str | None = None
    owner_id: str | None = None
    bridge_id: str | None = None
    hangup_cause: str | None = None
    hangup_code: str | None = None
    duration_seconds: Seconds | None = None
    ringing_seconds: Seconds | None = None
    billing_seconds: Seconds | None = None
    channel_created_time: int | None = Field(default=None, ge=0)
    """When the leg began, in Unix microseconds."""
    channel_is_loopback: bool | None = None
    channel_name: str | None = None
    disposition: str | None = None
    media_server: str | None = None
    custom_channel_vars: dict[str, Any] = Field(default_factory=dict)
    custom_application_vars: dict[str, Any] = Field(default_factory=dict)

    @field_validator("custom_channel_vars")
    @classmethod
    def _normalized(cls, variables: dict[str, Any]) -> dict[str, Any]:
        return {name.lower().replace("-", "_"): value for name, value in variables.items()}

    @classmethod
    def from_document(cls, account_id: str, document: object) -> Self:
        """Return the CDR in a whole document, as `GET /cdrs/{id}` has it.

        Args:
            account_id: The account whose CDR it is, 32 hexadecimal digits.
            document: The document.

        Raises:
            UnusableError: It lacks `call_id` or `timestamp`; the text says which.
        """
        return cls._parse(account_id, document)

    @classmethod
    def from_row(cls, account_id: str, row: object) -> Self:
        """Return the CDR in a row of a listing, as `GET /cdrs` has it: all values may be strings.

        A row lacks `hangup_code`, `ringing_seconds`, `authorizing_type` and `custom_channel_vars`, and whether the leg
        is internal.

        Raises:
            UnusableError: It lacks `call_id` or `timestamp`; the text says which.
        """
        if isinstance(row, Mapping):
            row = {"call_direction": row.get("direction"), **row, **_created(row.get("unix_timestamp_micro"))}
        read = cls._parse(account_id, row)
        return read.model_copy(update={"timestamp": read.timestamp + timedelta(seconds=read.duration_seconds or 0)})

    @property
    def ended_at(self) -> int:
        """When the leg ended, in Unix seconds."""
        return int(self.timestamp.timestamp())

    @property
    def started_at(self) -> int:
        """When the leg began, in Unix seconds: as it says itself, else as its duration says."""
        if self.channel_created_time is not None:
            return self.channel_created_time // 1_000_000
        return self.ended_at - (self.duration_seconds or 0)

    @property
    def is_internal_leg(self) -> bool | None:
        """Whether the leg stands between two parts of a call, and is no phone's; None if the CDR does not tell."""
        if self.channel_is_loopback is None and self.channel_name is None:
            return None
        return bool(self.channel_is_loopback) or (self.channel_name or "").startswith("loopback/")

    def to_fields(self) -> dict[str, Any]:
        """Return the fields that the webhook `channel_destroy` would have sent, as far as the CDR tells them.

        What the CDR tells beyond them is added under its own names: `interaction_id`, `bridge_id`,
        `channel_created_time`, `disposition` and `media_server`.
        """
        variables = self.custom_channel_vars
        is_global = _flag(variables.get("global_resource"))
        fields = {
            "hook_event": "channel_destroy",
            "account_id": self.account_id,
            "call_id": self.call_id,
            "timestamp": gregorian(self.ended_at),
            "call_direction": self.call_direction,
            "from": self.from_,
            "to": self.to,
            "request": self.request,
            "other_leg_call_id": self.other_leg_call_id,
            "caller_id_name": self.caller_id_name,
            "caller_id_number": self.caller_id_number,
            "callee_id_name": self.callee_id_name,
            "callee_id_number": self.callee_id_number,
            "authorizing_id": self.authorizing_id or _text(variables.get("authorizing_id")),
            "authorizing_type": _text(variables.get("authorizing_type")),
            "owner_id": self.owner_id or _text(variables.get("owner_id")),
            "reseller_id": _text(variables.get("reseller_id")),
            "call_forwarded": _flag(variables.get("call_forward")),
            "emergency_resource_used": _flag(variables.get("emergency_resource")),
            "local_resource_used": None if is_global is None else not is_global,
            "local_resource_id": None if is_global else _text(variables.get("resource_id")),
            "is_internal_leg": self.is_internal_leg,
            "custom_channel_vars": self._webhook_variables() if self.custom_channel_vars else None,
            "custom_application_vars": self.custom_application_vars,
            "hangup_cause": self.hangup_cause,
            "hangup_code": self.hangup_code,
            "duration_seconds": self.duration_seconds,
            "ringing_seconds": self.ringing_seconds,
            "billing_seconds": self.billing_seconds,
            "interaction_id": self._interaction_id,
            "bridge_id": self.bridge_id or _text(variables.get("bridge_id")),
            "channel_created_time": self.channel_created_time,
            "disposition": self.disposition,
            "media_server": self.media_server,
        }
        return present(fields)

    @property
    def _interaction_id(self) -> str | None:
        return self.interaction_id or _text(self.custom_channel_vars.get("call_interaction_id"))

    def _webhook_variables(self) -> dict[str, Any]:
        """Return `custom_channel_vars` under the names that webhooks have for them, such as `Call-Interaction-ID`."""
        variables = self.custom_channel_vars | present({"call_interaction_id": self._interaction_id})
        return {_webhook_name(name): value for name, value in variables.items() if name not in _ELSEWHERE}


def _webhook_name(name: str) -> str:
    return "-".join(part.upper() if part in _UPPERCASE else part.capitalize() for part in name.split("_"))


def _created(micro: object) -> dict[str, int]:
    """Return when a leg began, from a row's Unix seconds with a fraction, such as `1795700401.25`."""
    try:
        return {"channel_created_time": round(float(str(micro)) * 1_000_000)}
    except (OverflowError, ValueError):
        return {}


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def _flag(value: object) -> bool | None:
    return {"true": True, "false": False}.get(str(value).lower())
