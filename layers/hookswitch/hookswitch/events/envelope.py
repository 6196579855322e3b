"""The envelope of every published event: the one definition that both cloud_event() and docs/schemas/ follow.

A field that is not declared here does not pass the type checker in cloud_event(), nor the contract tests; a declared
one is in the schema that `make schemas` writes. Nothing here imports pydantic, without which publish starts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, NotRequired, TypedDict

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

TYPE_PREFIX = "com.virtualpbx.dash."
RESTORED, NOTICED = "webhook_restored", "webhook_noticed"  # the hooks of hookswitch's own announcements


_ID = "^(test-[a-z_]+-)?[0-9a-f]{32}$|^call-[0-9a-f]{32}-[0-9]+$"


@dataclass(frozen=True)
class Field:
    """What the JSON Schema of a published field says beyond its type.

    Attributes:
        description: For people.
        format: As JSON Schema names it, such as `date-time`.
        pattern: A regular expression that the text matches.
    """

    description: str = ""
    format: str = ""
    pattern: str = ""

    def __get_pydantic_json_schema__(self, schema: "CoreSchema", handler: "GetJsonSchemaHandler") -> "JsonSchemaValue":
        """Add the attributes that are set to the schema of the field's type; pydantic calls this."""
        return handler(schema) | {name: value for name, value in vars(self).items() if value}


Time = Annotated[str, Field(format="date-time")]
"""An RFC 3339 time in UTC, with milliseconds."""


class Envelope(TypedDict):
    """A published event: CloudEvents 1.0 in JSON.

    `data` has the schema that `type` ends with. An event that is larger than SNS takes comes without `data`, and
    `dataref` names the item of the table that has it.
    """

    specversion: Literal["1.0"]
    id: Annotated[str, Field("The same if the event is published again.", pattern=_ID)]
    source: Annotated[str, Field("dash/<id of the account>", pattern="^dash/.")]
    type: Annotated[
        str, Field("Ends with the name of the schema of `data`.", pattern="^com\\.virtualpbx\\.dash\\.[a-z_]+$")
    ]
    time: Annotated[Time, Field("When it happened; when it was received, if Dash does not say.")]
    datacontenttype: Literal["application/json"]
    summary: Annotated[str, Field("One line for people.")]
    receivedtime: Time
    subject: NotRequired[Annotated[str, Field("call/<id>, device/<id>, mailbox/<id> or fax/<id>.")]]
    recovered: NotRequired[
        Annotated[
            Literal[True, "cdr"],
            Field("True if it was recovered from Dash's attempt log, `cdr` if from Dash's own record."),
        ]
    ]
    replay: NotRequired[
        Annotated[bool, Field("True if it is sent to a destination again because somebody asked for that.")]
    ]
    data: NotRequired[Mapping[str, Any]]
    dataref: NotRequired[Annotated[str, Field("dynamodb:<table>/<id>")]]


class DeliveryTest(TypedDict):
    """A test delivery, which came the way of the hook's events. It is published on the test topic only."""

    hook: Annotated[str, Field("The hook that received it.")]
    hookswitch_test: Annotated[str, Field("What whoever sent it recognizes it by.", pattern="^[0-9a-f]{32}$")]
