"""Sessions: what lies behind the cookie of somebody who has signed in.

A session is an item of a table of its own, so that signing out ends it for good, wherever its cookie may be. The cookie
has a random id; the table has only that id's hash, so nobody can make a cookie of an item.
docs/engineering/decisions/0098-sign-in-and-sessions-of-the-console.md says why.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from hookswitch.aws import clients
from hookswitch.console.users import User
from hookswitch.events.attributes import attribute, item, plain

IDLE = 3_600  # seconds after which a session that nobody uses is over
REFRESHED = 900  # seconds after which the pool is asked anew who the user is, if the session is used
LONGEST = 12 * 3_600  # seconds after which somebody has to sign in again; the refresh token lasts as long
ID_BYTES = 32


@dataclass(frozen=True, slots=True)
class Session:
    """A session.

    Attributes:
        key: The hash of its id: its key in the table.
        user: Whose it is.
        refresh_token: With which the pool is asked anew who that is.
        began_at: Unix seconds.
        refreshed_at: When the pool last said who the user is, in Unix seconds.
        expires_at: When it is over unless it is refreshed before, in Unix seconds.
    """

    key: str
    user: User
    refresh_token: str
    began_at: int
    refreshed_at: int
    expires_at: int

    @classmethod
    def from_item(cls, attributes: Mapping[str, Any]) -> Self:
        """Return the session in an item, as plain values."""
        return cls(
            key=attributes["session"],
            user=User.from_attributes(attributes["user"]),
            refresh_token=attributes["refresh_token"],
            began_at=int(attributes["began_at"]),
            refreshed_at=int(attributes["refreshed_at"]),
            expires_at=int(attributes["expires_at"]),
        )

    def to_item(self) -> dict[str, object]:
        """Return the item's attributes."""
        return {
            "session": self.key,
            "user": self.user.to_attributes(),
            "refresh_token": self.refresh_token,
            "began_at": self.began_at,
            "refreshed_at": self.refreshed_at,
            "expires_at": self.expires_at,
        }

    @property
    def ends_at(self) -> int:
        """When it is over, however much it is used, in Unix seconds."""
        return self.began_at + LONGEST

    def is_valid(self, now: float) -> bool:
        """Tell whether it is not over."""
        return now < self.expires_at

    def is_due(self, now: float, after: float = REFRESHED) -> bool:
        """Tell whether the pool is to be asked again who the user is: after so many seconds."""
        return now >= self.refreshed_at + after

    def refreshed(self, user: User, now: float) -> "Session":
        """Return the session after the pool said who the user is now."""
        until = min(int(now) + IDLE, self.ends_at)
        return replace(self, user=user, refreshed_at=int(now), expires_at=until)


class SessionTable:
    """The table of sessions.

    Its methods raise ClientError or BotoCoreError if DynamoDB does not accept a call.
    """

    def __init__(self, name: str) -> None:
        """Use the table of a name."""
        self._name = name

    def begin(self, user: User, refresh_token: str, now: float) -> str:
        """Begin a session, and return its id, which only its cookie has."""
        session_id = secrets.token_urlsafe(ID_BYTES)
        began = int(now)
        self.put(Session(_key(session_id), user, refresh_token, began, began, began + IDLE))
        return session_id

    def find(self, session_id: str, now: float) -> Session | None:
        """Return a session by its id, unless it is over: DynamoDB may keep its item for days after that."""
        answer = clients.dynamodb().get_item(
            TableName=self._name, Key={"session": {"S": _key(session_id)}}, ConsistentRead=True
        )
        if "Item" not in answer:
            return None
        session = Session.from_item({name: plain(value) for name, value in answer["Item"].items()})
        return session if session.is_valid(now) else None

    def put(self, session: Session) -> None:
        """Write a new session."""
        clients.dynamodb().put_item(TableName=self._name, Item=item(session.to_item()))

    def refresh(self, session: Session) -> bool:
        """Write what has changed of a session; return False if it was ended meanwhile."""
        client = clients.dynamodb()
        try:
            client.update_item(
                TableName=self._name,
                Key={"session": {"S": session.key}},
                UpdateExpression="SET #user = :user, refreshed_at = :refreshed, expires_at = :expires",
                ConditionExpression="attribute_exists(#session)",
                ExpressionAttributeNames={"#user": "user", "#session": "session"},
                ExpressionAttributeValues={
                    ":user": attribute(session.user.to_attributes()),
                    ":refreshed": attribute(session.refreshed_at),
                    ":expires": attribute(session.expires_at),
                },
            )
        except client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def end(self, session: Session) -> None:
        """End a session."""
        clients.dynamodb().delete_item(TableName=self._name, Key={"session": {"S": session.key}})


def _key(session_id: str) -> str:
    return hashlib.sha256(session_id.encode("utf-8", "replace")).hexdigest()
