"""The desired webhooks of a stack: from the template's values to the documents to register."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator
from pydantic.alias_generators import to_pascal

from hookswitch.callback.token import token_for
from hookswitch.dash.hooks import CATALOGUE, DISABLED, SELECTABLE_HOOKS
from hookswitch.errors import InvalidTemplateError

# custom_data overrides an event's own fields. These fields tell what the event is, when it happened, and whose it is.
RESERVED = frozenset(
    {
        *("type", "action", "account_id", "event_name", "event_category", "hook_event", "msg_id"),
        *("call_id", "other_leg_call_id", "timestamp", "event_timestamp", "parking_slot"),
        *("voicemail_id", "voicemail_box", "voicemail_timestamp", "fax_id", "fax_jobid", "fax_timestamp"),
        *("to", "system_log_id", "message_count", "max_message_count", "username", "realm", "contact", "preview"),
        "hook_id",
        "hookswitch_test",  # would make every event a test delivery
    }
)


# Dash does not encode names in a form body, so a name with `=`, `&` or brackets would arrive as other fields.
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


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


# Without TLS, an API key or a token could be read in transit, so plain HTTP is for local tests only.
_LOOPBACK = r"http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?"
Address = Annotated[
    str, Field(pattern=rf"^(https://[^\s/?#@\\]+|{_LOOPBACK})(/[^\s?#@]*)?$"), BeforeValidator(_address)
]


class Desired(BaseModel):
    """The properties of the stack's Custom::DashWebhooks. CloudFormation sends them all as text.

    Attributes:
        stack_id: The stack's ARN.
        account_id: The Dash account, 32 hexadecimal digits.
        api_url: The base address of Dash's API, with its version.
        credentials_arn: The secret with the Dash credentials.
        callback_secret_arn: The secret that the callback tokens derive from.
        api_address: The address of the stack's own API, with its stage.
        callback_base_url: The address to register instead; empty for `api_address`.
        hooks: The hooks that the stack is asked for.
        reconcile_at_once: Whether Dash tells the stack that it has disabled one of its webhooks.
        http_verb: The verb that Dash calls with.
        payload_format: The format of the body; older Dash releases ignore it and send form data.
        retries: Attempts per delivery, 0 to 4.
        include_subaccounts: Whether Dash also sends events of descendant accounts.
        include_internal_legs: Whether Dash also sends events of legs within the phone system.
        custom_data: Fields that Dash adds to every event.
        name_prefix: The beginning of the webhooks' names.
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
    reconcile_at_once: bool = True
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
        if unknown := sorted(set(hooks) - set(SELECTABLE_HOOKS)):
            raise ValueError(f"names unknown hooks: {', '.join(unknown)}")
        return tuple(dict.fromkeys(hooks))

    @field_validator("custom_data")
    @classmethod
    def _harmless(cls, custom_data: dict[str, str]) -> dict[str, str]:
        if odd := [name for name in custom_data if not _PLAIN.fullmatch(name)]:
            raise ValueError(f"has {len(odd)} invalid names: use letters, digits, underscores and hyphens")
        if taken := sorted(RESERVED & custom_data.keys()):
            raise ValueError(f"would overwrite fields that identify events: {', '.join(taken)}")
        return custom_data

    @classmethod
    def from_properties(cls, properties: Mapping[str, Any]) -> Self:
        """Return the typed properties.

        Raises:
            InvalidTemplateError: A value is invalid; the text names the parameters.
        """
        try:
            return cls.model_validate(properties)
        except ValidationError as error:
            problems = [
                f"{detail['loc'][0]}: {detail['msg'].removeprefix('Value error, ')}"
                for detail in error.errors(include_url=False, include_context=False, include_input=False)
            ]
            raise InvalidTemplateError(f"These values of the template can't be used. {'; '.join(problems)}.") from None

    def state(self) -> str:
        """Return the properties as JSON text for the stack's other functions (`from_state`). It contains no secret."""
        return self.model_dump_json()

    @classmethod
    def from_state(cls, text: str) -> Self:
        """Return the properties from the text that `state` returned."""
        return cls.model_validate_json(text)

    @property
    def stack(self) -> str:
        """The stack's name."""
        return self.stack_id.split("/")[1]

    @property
    def mark(self) -> str:
        """The suffix of the names of this stack's webhooks.

        Its digits are a hash of partition, region, AWS account and stack name. A stack that is deleted and created
        again has the same suffix, so it finds what its predecessor left.
        """
        digest = hashlib.sha256(self.stack_id.rpartition("/")[0].encode()).hexdigest()
        return f"({self.stack} {digest[:8]})"

    @property
    def registered(self) -> tuple[str, ...]:
        """The hooks to register: those that the stack is asked for, and the one that hookswitch itself needs."""
        return (*self.hooks, DISABLED) if self.reconcile_at_once else self.hooks

    @property
    def addresses(self) -> tuple[str, ...]:
        """The prefixes of the addresses of this stack's webhooks; the stack registers the first one."""
        return tuple(f"{base}/hooks/" for base in (self.callback_base_url, self.api_address) if base)

    def uri(self, hook: str, secret: str) -> str:
        """Return the address at which Dash calls a hook, token included."""
        return f"{self.addresses[0]}{hook}/{token_for(secret, hook)}"

    def documents(self, secret: str) -> dict[str, dict[str, Any]]:
        """Return the document of every webhook by its hook (docs/dash-protocol.md, sections 4 and 5)."""
        return {hook: self._document(hook, secret) for hook in self.registered}

    def _document(self, hook: str, secret: str) -> dict[str, Any]:
        registration, is_own = CATALOGUE[hook].registration(), CATALOGUE[hook].is_own
        custom_data = {**self.custom_data, **registration.get("custom_data", {})}
        return {
            "name": f"{self.name_prefix} {hook} {self.mark}".strip(),
            "hook": registration["hook"],
            "uri": self.uri(hook, secret),
            "http_verb": self.http_verb,
            "format": self.payload_format,
            "retries": self.retries,
            "enabled": True,
            "include_subaccounts": self.include_subaccounts and not is_own,  # the webhooks are all the account's own
            "include_internal_legs": self.include_internal_legs,
            **({"custom_data": custom_data} if custom_data else {}),
        }
