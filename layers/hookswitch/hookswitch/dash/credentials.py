"""The credentials of a Dash account, read from Secrets Manager: an API key, or a user's name and password."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from hookswitch.aws import clients
from hookswitch.aws.clients import error_reason
from hookswitch.errors import CredentialsError, UnavailableError

Stage = Literal["AWSCURRENT", "AWSPREVIOUS"]
Text = Annotated[str, Field(min_length=1, repr=False)]


class ApiKey(BaseModel):
    """An account's API key, 64 characters."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, str_strip_whitespace=True)

    api_key: Text

    resource: ClassVar = "api_auth"

    def login(self) -> Mapping[str, str]:
        """Return the data of `PUT /api_auth`."""
        return {"api_key": self.api_key}


class User(BaseModel):
    """A user of an account."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, str_strip_whitespace=True)

    account_name: Text
    username: Text
    password: Text

    resource: ClassVar = "user_auth"

    def login(self) -> Mapping[str, str]:
        """Return the data of `PUT /user_auth`. MD5 is Dash's choice."""
        digest = hashlib.md5(f"{self.username}:{self.password}".encode(), usedforsecurity=False).hexdigest()
        return {"credentials": digest, "account_name": self.account_name}


type Credentials = ApiKey | User

_CREDENTIALS: TypeAdapter[Credentials] = TypeAdapter(ApiKey | User)


def parse(text: str) -> Credentials:
    """Return the credentials in a secret's text.

    Raises:
        CredentialsError: The text has neither form; the error repeats nothing of it.
    """
    try:
        return _CREDENTIALS.validate_json(text)
    except ValidationError:
        raise CredentialsError(
            'The secret with the Dash credentials must be JSON text, either {"api_key": "..."} or {"account_name": '
            '"...", "username": "...", "password": "..."}. Correct it in Secrets Manager.'
        ) from None


def read(secret_arn: str, stage: Stage = "AWSCURRENT") -> Credentials:
    """Return the credentials in a version of a secret.

    Raises:
        CredentialsError: There is no such version, we may not read it, or it has neither form.
        UnavailableError: Secrets Manager does not answer.
    """
    try:
        answer = clients.secrets_manager().get_secret_value(SecretId=secret_arn, VersionStage=stage)
    except ClientError as error:
        reason = error_reason(error)
        raise CredentialsError(
            f"The secret with the Dash credentials can't be read: Secrets Manager says {reason}. Check "
            "DashCredentialsArn, and that the secret still exists."
        ) from error
    except BotoCoreError as error:
        raise UnavailableError(
            "The secret with the Dash credentials can't be read: no answer from Secrets Manager "
            f"({error_reason(error)})."
        ) from error
    return parse(answer.get("SecretString", ""))
