"""The base of all payload types: what the shared code needs to know about a hook's events.

A hook's own type is a pydantic model in the hook's folder. Its required fields are those that the event's natural
identity cannot do without; nearly everything else may be absent (docs/dash-protocol.md, section 4).
"""

import os
import sys
from collections.abc import Mapping
from datetime import datetime
from types import ModuleType
from typing import Annotated, Any, ClassVar, Self, final

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from hookswitch.errors import UnusableError
from hookswitch.payloads.text import one_line

type Identity = tuple[str | datetime | None, ...]
"""What makes two deliveries the same event, part by part. None stands for a part that the payload lacks."""

IdentityText = Annotated[str, StringConstraints(min_length=1)]
"""A string that tells one event from another, so it is never empty. A number becomes its digits."""


def is_preview(fields: Mapping[str, Any]) -> bool:
    """Return whether fields are the preview of an e-mail template, which Dash sends to the webhook of its event too.

    In a preview every field has its own name as its value: nothing happened (docs/dash-protocol.md, section 6).
    """
    preview = fields.get("preview")
    return preview is True or (isinstance(preview, str) and preview.strip().casefold() == "true")


class Payload(BaseModel):
    """What every hook sends: an account and a name for the event.

    A hook sets the class variables, and overrides the methods where its events differ. All fields outside the natural
    identity are optional; unknown ones are kept beside the model, in `Event.fields`.
    """

    model_config = ConfigDict(
        coerce_numbers_to_str=True,  # older systems send numbers where newer ones send strings
        defer_build=True,  # only the hook's own model is built, so a base adds nothing to a cold start
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # an error is logged, a phone number is not
    )

    hook: ClassVar[str]
    """The hook's name, as in its route and its folder."""
    name_field: ClassVar[str] = "event_name"
    """The field that has the event's name."""
    alert: ClassVar[bool] = False
    """Whether people are alerted to the event itself. Missed calls and voicemail alert by the record of their call."""
    timeline_order: ClassVar[int] = 50
    """The event's place in the timeline of a call among events of the same second, from 0 to 99."""
    retry_window: ClassVar[int | None] = None
    """For events without an identity of their own: seconds within which an equal delivery is the same event."""

    account_id: str | None = None

    @classmethod
    def build(cls) -> None:
        """Build the validator now, during the cold start, instead of with the first delivery."""
        if os.environ.get("PYDANTIC_DISABLE_PLUGINS") == "__all__":
            _skip_plugin_loader()
        cls.model_rebuild()

    @property
    def event_name(self) -> str | None:
        """The event's name in the payload itself."""
        raise NotImplementedError

    @classmethod
    def accepts_name(cls, event_name: str) -> bool:
        """Return whether events of this hook can have this name; by default it is the hook's own."""
        return event_name == cls.hook

    def identity(self) -> Identity:
        """Return the parts that are equal for two deliveries only if these are the same event.

        Raises:
            ValueError: The fields that identify the event are missing; the text names them.
        """
        raise NotImplementedError

    def alternatives(self) -> tuple[Identity, ...]:
        """Return the identities that a webhook may give an event that Dash's records tell of; by default no others."""
        return ()

    def is_also(self, stored: Mapping[str, Any]) -> bool:
        """Return whether the payload of a stored event with one of these identities is of the same event."""
        del stored
        return True

    def occurred_at(self) -> datetime | None:
        """Return when the event happened, in UTC; None if the payload does not say."""
        return None

    def describe(self) -> str:
        """Return the event as one sentence for people, with text from outside as it is."""
        raise NotImplementedError

    @final
    def summary(self) -> str:
        """Return the sentence as one short line of printable text."""
        return one_line(self.describe())

    def subject(self) -> str | None:
        """Return what the event is about, as `call/<id>`, `device/<id>`, `mailbox/<id>` or `fax/<id>`."""
        call = self.timeline_call()
        return f"call/{call}" if call else None

    def timeline_call(self) -> str | None:
        """Return the id of the call whose timeline the event belongs to."""
        return getattr(self, "call_id", None)

    def direction(self) -> str | None:
        """Return `inbound` or `outbound` as seen from Dash; None if the payload does not say."""
        return None

    def alerts(self) -> bool:
        """Return whether people are alerted to this event; by default to those of hooks with `alert`."""
        return self.alert

    @classmethod
    def type_for(cls, fields: Mapping[str, Any]) -> "type[Payload]":
        """Return the type of the payload in some fields: this one, unless the hook receives events of other hooks."""
        del fields
        return cls

    @classmethod
    def redact(cls, fields: dict[str, Any]) -> dict[str, Any]:
        """Return the fields with secrets replaced by a mark; by default there are none."""
        return fields

    @classmethod
    def redact_text(cls, text: str) -> str:
        """Return a body that can't be decoded with secrets replaced by a mark."""
        return text

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> tuple[Self, tuple[str, ...]]:
        """Return the typed payload, and the names of optional fields with values of other types.

        Such a value does not make an event unusable: it is kept untyped, as received.

        Raises:
            UnusableError: A required field is missing or invalid, or the payload belongs to another hook.
        """
        try:
            return cls._named(cls.model_validate(fields)), ()
        except ValidationError as error:
            payload, invalid_fields = cls._parse_without_invalid(fields, error)
            return cls._named(payload), invalid_fields

    @classmethod
    def _named(cls, payload: Self) -> Self:
        if payload.event_name and not cls.accepts_name(payload.event_name):
            raise UnusableError(f"{cls.name_field} does not belong to hook {cls.hook}.")
        return payload

    @classmethod
    def _parse_without_invalid(cls, fields: Mapping[str, Any], error: ValidationError) -> tuple[Self, tuple[str, ...]]:
        required = {field.alias or name for name, field in cls.model_fields.items() if field.is_required()}
        wrong = {
            str(detail["loc"][0]): detail["msg"]
            for detail in error.errors(include_url=False, include_context=False, include_input=False)
        }
        if reasons := [f"{name}: {message}." for name, message in wrong.items() if name in required]:
            raise UnusableError(*reasons) from None
        return cls.model_validate({name: value for name, value in fields.items() if name not in wrong}), tuple(wrong)

    def typed(self) -> dict[str, Any]:
        """Return the declared fields that were received, under Dash's names; times as ISO 8601 in UTC."""
        values = self.model_dump(by_alias=True, exclude_unset=True)
        return {
            name: value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
            for name, value in values.items()
        }


def _skip_plugin_loader() -> None:
    """Have pydantic find no plugins without its loader, which imports importlib.metadata even if plugins are disabled.

    That import and those behind it (zipfile, shutil) are one twentieth of a cold start.
    """
    name = "pydantic.plugin._loader"
    if name not in sys.modules:
        loader = ModuleType(name)
        loader.__dict__["get_plugins"] = tuple
        sys.modules[name] = loader
