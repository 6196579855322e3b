"""The base of all payload types: what a hook tells the shared code about its events.

A hook's own type is a pydantic model in its own folder. Its required fields are those that the natural identity
of the event needs; nearly everything else may be absent (docs/dash-protocol.md, section 4).
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, PlainValidator, StringConstraints, ValidationError

from hookswitch.errors import UnusableError
from hookswitch.observability.metrics import Measurement

# Dash counts seconds from the year 0 (Erlang's calendar); this many of them come before 1970.
GREGORIAN_EPOCH = 62_167_219_200


def _from_gregorian(value: object) -> datetime:
    try:
        seconds = int(str(value))
        return datetime.fromtimestamp(seconds - GREGORIAN_EPOCH, UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError("is no number of gregorian seconds") from None


GregorianSeconds = Annotated[datetime, PlainValidator(_from_gregorian, json_schema_input_type=int | str)]
"""An integer, or a string of digits, of seconds since the year 0; becomes a datetime in UTC."""

IdentityText = Annotated[str, StringConstraints(min_length=1)]
"""A string that tells one event from another, so it can't be empty. Numbers are taken as their digits."""


class Payload(BaseModel):
    """What every hook sends: an account, and a name for the event.

    A hook sets the class variables and overrides the methods where its events differ. All fields but those of
    the natural identity are optional, and unknown ones are kept beside the model (`Event.fields`).
    """

    model_config = ConfigDict(
        coerce_numbers_to_str=True,  # older systems send numbers where newer ones send strings
        defer_build=True,  # a base costs a hook's cold start nothing: only the hook's own model is built
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # an error is logged, a phone number is not
    )

    hook: ClassVar[str]
    """The hook's name, as in its route and its folder."""
    alert: ClassVar[bool] = False
    """Whether a person wants to be told."""
    timeline_order: ClassVar[int] = 50
    """Where an event stands in the timeline of a call among others of the same second."""
    retry_window: ClassVar[int | None] = None
    """For events without an identity of their own: seconds in which the same delivery is the same event."""

    account_id: str | None = None

    @property
    def event_name(self) -> str | None:
        """The name that the payload gives itself."""
        raise NotImplementedError

    @classmethod
    def accepts_name(cls, event_name: str) -> bool:
        """Tell whether events of this hook name themselves so: by default, exactly as the hook."""
        return event_name == cls.hook

    def identity(self) -> tuple[str | datetime, ...]:
        """Return what makes two deliveries the same event.

        Raises:
            ValueError: None of the fields that could tell is there; the text names them.
        """
        raise NotImplementedError

    def occurred_at(self) -> datetime | None:
        """Return when it happened, in UTC; None where the payload does not say."""
        return None

    def summary(self) -> str:
        """Return one line for people."""
        raise NotImplementedError

    def subject(self) -> str | None:
        """Return what the event is about, as `call/<id>`, `device/<id>`, `mailbox/<id>` or `fax/<id>`."""
        call = self.timeline_call()
        return f"call/{call}" if call else None

    def timeline_call(self) -> str | None:
        """Return the id of the call in whose timeline the event belongs."""
        return getattr(self, "call_id", None)

    def direction(self) -> str | None:
        """Return inbound or outbound, relative to Dash, where the payload says so."""
        return None

    def measurements(self) -> Iterable[Measurement]:
        """Return what the event adds to the metrics when it is stored; by default nothing."""
        return ()

    def superseded_by(self, hooks: frozenset[str]) -> str | None:
        """Return the hook of this stack, of `hooks`, that receives the event as well and better."""
        del hooks
        return None

    @classmethod
    def redact(cls, fields: dict[str, Any]) -> dict[str, Any]:
        """Return the fields with a mark in place of values that must not be kept: most hooks have none."""
        return fields

    @classmethod
    def redact_text(cls, text: str) -> str:
        """Do the same for a body that can't be decoded."""
        return text

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> tuple[Self, tuple[str, ...]]:
        """Return the typed payload, and the names of optional fields whose values did not fit.

        Such a value does not make an event unusable: it is kept as it came, untyped.

        Raises:
            UnusableError: A field of the natural identity is missing or does not fit, or the payload names
                another hook.
        """
        try:
            return cls._named(cls.model_validate(fields)), ()
        except ValidationError as error:
            payload, invalid_fields = cls._parse_without_invalid(fields, error)
            return cls._named(payload), invalid_fields

    @classmethod
    def _named(cls, payload: Self) -> Self:
        if payload.event_name and not cls.accepts_name(payload.event_name):
            raise UnusableError(f"It names itself otherwise than the events of {cls.hook} do.")
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
        """Return the declared fields that came, under their names on the wire; moments as ISO 8601 in UTC."""
        values = self.model_dump(by_alias=True, exclude_unset=True)
        return {
            name: value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
            for name, value in values.items()
        }
