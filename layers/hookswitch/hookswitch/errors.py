"""Every error of hookswitch, in one tree.

The text of an error is for people: it says what to do next, and never holds a secret, a token or a phone number, so it
may go into a log, an answer or a CloudFormation event as it is.

* HookswitchError
  x ForbiddenError                the sender does not prove that it is one of our webhooks: answered 403
  x UnusableError                 an authentic delivery without an event of its hook: quarantined, answered 200
  + UnavailableServiceError       what keeps a delivery from being stored: answered 500
    x SecretUnavailableError      Secrets Manager did not return the callback secret
    x StorageUnavailableError     DynamoDB did not take an item
    x QueueUnavailableError       SQS did not take a delivery
  x NotTakenError                 what was redelivered or republished was not taken: it may succeed later
  x StackError                    CloudFormation does not tell about the stack
  x TooManyLegsError              a call has more legs than are read
  x UnstorableError               an item of a call is too large for DynamoDB
  x RequestError                  a function was called with something that it can't use
  + SignInError                   somebody could not be signed in to the console
    x SignInUnavailableError      the user pool can't be reached: the same may succeed later
  + DestinationError              a destination can't be what somebody asks for
    x ConflictingDestinationError there is a destination of that name
    x UnknownDestinationError     there is no destination of that name
    x InvalidDestinationError     a word that somebody chose a destination's events with is not allowed
    + AddressError                nothing may be sent to a destination's address, or it can't be used
      x UnresolvedError           its name does not resolve: it may do so later
    x SigningSecretError          this is not a secret that messages can be signed with
  + DashError                     Dash's API, or what we keep there
    x InvalidTemplateError        a value of the template can't be used
    x CredentialsError            Dash refuses the credentials, or they can't be read
    x AccountError                there is no such account, or the credentials do not open it
    x InvalidWebhookError         Dash does not accept a webhook as it is described
    x UnknownWebhookError         there is no webhook with this id
    x ConflictError               there is a document with this id already
    x LeftBehindError             webhooks of this stack could not be removed
    x RotationError               the rotation of the callback secret can't go on
    x NoAttemptsError             this Dash keeps no attempt log
    x NotOpenError                Dash's API does not open what was asked for
    x TooManyError                a range of a listing has too many entries
    + UnavailableError            Dash can't be reached or is out of order: the same call may succeed later
      x LostAnswerError           a call was sent, and nobody knows whether it was carried out
      x DeadlineError             the time for the work is used up
      x RateLimitedError          there were too many calls of late
* AwsError                        a call of AWS failed; rooms translate it into one of the errors above
  x ServiceError                  the service refused
  x NoAnswerError                 the service did not answer
"""

from collections.abc import Iterable, Mapping
from typing import Any


class HookswitchError(Exception):
    """Base of all errors that a reader of the log is meant to see."""


class ForbiddenError(HookswitchError):
    """The delivery does not prove that it comes from a webhook that this stack registered."""


class UnusableError(HookswitchError):
    """An authentic delivery that does not hold an event of this hook.

    Attributes:
        reasons: What is wrong with it, one sentence each, without any value of the payload.
    """

    def __init__(self, *reasons: str) -> None:
        """Keep the reasons; the first one is the error's text."""
        super().__init__(reasons[0])
        self.reasons = reasons


class UnavailableServiceError(HookswitchError):
    """A service of AWS that a delivery can't be stored without did not do its part."""


class SecretUnavailableError(UnavailableServiceError):
    """Secrets Manager did not return the callback secret, so no sender can be verified."""


class StorageUnavailableError(UnavailableServiceError):
    """DynamoDB did not take an item within the time that is left to answer."""


class QueueUnavailableError(UnavailableServiceError):
    """SQS did not take a delivery that DynamoDB did not take either."""


class NotTakenError(HookswitchError):
    """What was redelivered or republished was not taken; the same may succeed later."""


class StackError(HookswitchError):
    """CloudFormation does not tell about the stack."""


class TooManyLegsError(HookswitchError):
    """A call has more legs than are read; its record stays as it is.

    Attributes:
        legs: The legs that were found.
    """

    def __init__(self, most: int, legs: Iterable[str]) -> None:
        """Say how many are read at most."""
        super().__init__(f"A call has more than {most} legs.")
        self.legs = frozenset(legs)


class UnstorableError(HookswitchError):
    """DynamoDB will never store an item of a call: it is too large, or one of its keys too long."""


class RequestError(HookswitchError):
    """A function was called with something that it can't use; the text shows what it can."""


class SignInError(HookswitchError):
    """The user pool does not say who somebody is, or not in a way that can be trusted."""


class SignInUnavailableError(SignInError):
    """The user pool can't be reached, or is out of order: the same may succeed later."""


class DestinationError(HookswitchError):
    """Base of all errors about a destination that somebody asks for."""


class ConflictingDestinationError(DestinationError):
    """There is a destination of that name."""


class UnknownDestinationError(DestinationError):
    """There is no destination of that name."""


class InvalidDestinationError(DestinationError):
    """A word that somebody chose a destination's events with is not allowed; the text says which are."""


class AddressError(DestinationError):
    """A destination's address can't be used, or leads where nothing may be sent.

    The text never holds the address's path or query, which are secrets.
    """


class UnresolvedError(AddressError):
    """The name in a destination's address does not resolve; it may do so later."""


class SigningSecretError(DestinationError):
    """This is not a secret that messages to a destination can be signed with."""


class DashError(HookswitchError):
    """Base of all errors of Dash's API, and of what a stack keeps there."""


class InvalidTemplateError(DashError):
    """A value of the template can't be used."""


class CredentialsError(DashError):
    """Dash refuses the credentials, or they can't be read: no call but a login was made with them."""


class AccountError(DashError):
    """There is no such account, or the credentials do not open it."""


class InvalidWebhookError(DashError):
    """Dash does not accept a webhook as it is described."""


class UnknownWebhookError(DashError):
    """There is no webhook with this id, or not any more."""


class ConflictError(DashError):
    """There is a document with this id already."""


class LeftBehindError(DashError):
    """Webhooks of this stack could not be removed; the text names them."""


class RotationError(DashError):
    """The rotation of the callback secret can't continue; everything keeps working."""


class NoAttemptsError(DashError):
    """This Dash keeps no attempts that can be read: an older system."""


class NotOpenError(DashError):
    """Dash's API does not open what was asked for, for this account or at all."""


class TooManyError(DashError):
    """A range has more entries than are to be held at once."""


class UnavailableError(DashError):
    """Dash can't be reached, is out of order, or is rate limiting us: the same call may succeed later."""


class LostAnswerError(UnavailableError):
    """A call was sent and no usable answer came: nobody knows whether it was carried out."""


class DeadlineError(UnavailableError):
    """The time that was given for the work is used up."""


class RateLimitedError(UnavailableError):
    """Dash had too many calls of late: the same call succeeds a little later."""


def reason(code: str, request_id: str) -> str:
    """Return why a call of AWS failed, as the texts of errors say it."""
    return f"{code}, request id {request_id}" if request_id else code


class AwsError(Exception):
    """A call of AWS failed; never shown to people as it is.

    Attributes:
        code: The service's name for the reason, or the SDK's name for the way in which no answer came.
        request_id: The id of the last response, which AWS Support asks for; empty if there was none.
    """

    def __init__(self, code: str, request_id: str = "") -> None:
        """Keep the code, which is the error's text too."""
        super().__init__(code)
        self.code = code
        self.request_id = request_id

    @property
    def reason(self) -> str:
        """The code, with the id of the last response if there was one, for the text of another error."""
        return reason(self.code, self.request_id)


class ServiceError(AwsError):
    """A service refused a call.

    Attributes:
        body: The whole answer, as it is in JSON.
    """

    def __init__(self, code: str, body: Mapping[str, Any], request_id: str = "") -> None:
        """Keep code, answer and the answer's id."""
        super().__init__(code, request_id)
        self.body = body


class NoAnswerError(AwsError):
    """A service did not answer any of the tries; the code names the way, such as ReadTimeoutError."""
