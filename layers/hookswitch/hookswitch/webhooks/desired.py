"""Which webhooks a stack wants to have on Dash: the template's values in, the documents to register out."""

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator
from pydantic.alias_generators import to_pascal

from hookswitch.callback.token import token_for
from hookswitch.dash.hooks import CATALOGUE
from hookswitch.errors import InvalidTemplateError

# custom_data wins over an event's own fields: these make out what the event is, and when, and whose.
RESERVED = frozenset(
    {
        *("type", "action", "account_id", "event_name", "event_category", "hook_event", "msg_id"),
        *("call_id", "other_leg_call_id", "timestamp", "event_timestamp", "parking_slot"),
        *("voicemail_id", "voicemail_box", "voicemail_timestamp", "fax_id", "fax_jobid", "fax_timestamp"),
    }
)


def _from_json(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value or "{}")
    except ValueError:
        raise ValueError("must be JSON text") from None


def _split(value: object) -> object:
    return tuple(name.strip() for name in value.split(",") if name.strip()) if isinstance(value, str) else value


def _address(value: str) -> str:
    return value.strip().rstrip("/")


Address = Annotated[str, Field(pattern=r"^https?://[^\s?#@]+$"), BeforeValidator(_address)]


class Desired(BaseModel):
    """The properties of the stack's Custom::DashWebhooks, as CloudFormation hands them over: all of them text.

    Attributes:
        stack_id: The stack's ARN.
        account_id: The Dash account, 32 hexadecimal digits.
        api_url: The base of Dash's API, with its version.
        credentials_arn: The secret with the Dash credentials.
        callback_secret_arn: The secret that the callback tokens derive from.
        api_address: The API's own address, with its stage.
        callback_base_url: The address to register instead, empty for `api_address`.
        hooks: The hooks to register; the catch-all only if it is named.
        http_verb: How Dash is to call.
        payload_format: Of the body; an older Dash ignores it and sends form data.
        retries: Tries of one delivery, 0 to 4.
        include_subaccounts: Whether events of descendants come too.
        include_internal_legs: Whether legs within the phone system come too.
        custom_data: What Dash is to add to every event.
        name_prefix: What the webhooks' names begin with.
    """

    model_config = ConfigDict(
        alias_generator=to_pascal,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        validate_by_name=True,
        serialize_by_alias=True,
    )

    stack_id: Annotated[str, Field(pattern=r"^arn:[^:]+:cloudformation:[^:]*:[^:]*:stack/[^/]+/.+$")]
    account_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    api_url: Address
    credentials_arn: str
    callback_secret_arn: str
    api_address: Address
    callback_base_url: Address | Literal[""] = ""
    hooks: Annotated[tuple[str, ...], BeforeValidator(_split), Field(min_length=1)]
    http_verb: Literal["post", "get"] = "post"
    payload_format: Literal["json", "form-data"] = "json"
    retries: Annotated[int, Field(ge=0, le=4)] = 3
    include_subaccounts: bool = False
    include_internal_legs: bool = True
    custom_data: Annotated[dict[str, str], BeforeValidator(_from_json)] = {}
    name_prefix: str = "Hookswitch"

    @field_validator("hooks")
    @classmethod
    def _known(cls, hooks: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := sorted(set(hooks) - CATALOGUE.keys()):
            raise ValueError(f"names what is no hook: {', '.join(unknown)}")
        return tuple(dict.fromkeys(hooks))

    @field_validator("custom_data")
    @classmethod
    def _harmless(cls, custom_data: dict[str, str]) -> dict[str, str]:
        if taken := sorted(RESERVED & custom_data.keys()):
            raise ValueError(f"would overwrite what tells events apart: {', '.join(taken)}")
        return custom_data

    @classmethod
    def from_properties(cls, properties: Mapping[str, Any]) -> Self:
        """Return the typed properties.

        Raises:
            InvalidTemplateError: A value can't be used; the text names the parameters.
        """
        try:
            return cls.model_validate(properties)
        except ValidationError as error:
            told = [
                f"{detail['loc'][0]}: {detail['msg'].removeprefix('Value error, ')}"
                for detail in error.errors(include_url=False, include_context=False, include_input=False)
            ]
            raise InvalidTemplateError(f"These values of the template can't be used. {'; '.join(told)}.") from None

    def state(self) -> str:
        """Return the properties as JSON text, which `from_state` reads. It holds no secret."""
        return self.model_dump_json()

    @classmethod
    def from_state(cls, text: str) -> Self:
        """Return the properties that `state` wrote, which other functions of the stack get."""
        return cls.model_validate_json(text)

    @property
    def stack(self) -> str:
        """The stack's name."""
        return self.stack_id.split("/")[1]

    @property
    def mark(self) -> str:
        """What the names of this stack's webhooks end with.

        The digits stand for partition, region, AWS account and stack name. A stack that is deleted and made
        again bears them again, and finds what its predecessor left behind.
        """
        digest = hashlib.sha256(self.stack_id.rpartition("/")[0].encode()).hexdigest()
        return f"({self.stack} {digest[:8]})"

    @property
    def addresses(self) -> tuple[str, ...]:
        """What the uris of this stack's webhooks begin with, the one that is registered first."""
        return tuple(f"{base}/hooks/" for base in (self.callback_base_url, self.api_address) if base)

    def uri(self, hook: str, secret: str) -> str:
        """Return the address that a hook is called at, with its token."""
        return f"{self.addresses[0]}{hook}/{token_for(secret, hook)}"

    def documents(self, secret: str) -> dict[str, dict[str, Any]]:
        """Return the whole document of every webhook by its hook (docs/dash-protocol.md, sections 4 and 5)."""
        return {hook: self._document(hook, secret) for hook in self.hooks}

    def _document(self, hook: str, secret: str) -> dict[str, Any]:
        registration = CATALOGUE[hook].registration()
        custom_data = {**self.custom_data, **registration.get("custom_data", {})}
        return {
            "name": f"{self.name_prefix} {hook} {self.mark}".strip(),
            "hook": registration["hook"],
            "uri": self.uri(hook, secret),
            "http_verb": self.http_verb,
            "format": self.payload_format,
            "retries": self.retries,
            "enabled": True,
            "include_subaccounts": self.include_subaccounts,
            "include_internal_legs": self.include_internal_legs,
            **({"custom_data": custom_data} if custom_data else {}),
        }
