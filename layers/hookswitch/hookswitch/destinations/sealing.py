"""A destination's address and signing secrets: one ciphertext, that only its own id opens (AWS KMS, Encrypt)."""

import json
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hookswitch.aws import clients

if TYPE_CHECKING:
    from collections.abc import Mapping

KEPT = 2_000  # opened ciphertexts that an environment of the function remembers


@dataclass(frozen=True, slots=True)
class SigningSecret:
    """A secret that signs what is sent.

    Attributes:
        secret: As the receiver has it, with its prefix `whsec_`.
        until: When it no longer signs, in Unix seconds; 0 for never.
    """

    secret: str = field(repr=False)
    until: int = 0


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is secret of a destination.

    Attributes:
        url: Its address.
        signing: The secrets that sign, the newest first; none where nothing is signed.
    """

    url: str = field(repr=False)
    signing: tuple[SigningSecret, ...] = ()


_opened: OrderedDict[bytes, Sealed] = OrderedDict()


def seal(secrets: Sealed, destination_id: str, key: str) -> bytes:
    """Return the ciphertext of a destination's secrets.

    Raises:
        ClientError, BotoCoreError: KMS does not accept the call.
    """
    text = json.dumps({"url": secrets.url, "signing": [[each.secret, each.until] for each in secrets.signing]})
    answer = clients.kms().encrypt(KeyId=key, Plaintext=text.encode(), EncryptionContext=_context(destination_id))
    return answer["CiphertextBlob"]


def unseal(ciphertext: bytes, destination_id: str) -> Sealed:
    """Return a destination's secrets, from memory if they were opened before.

    Raises:
        ClientError, BotoCoreError: KMS does not accept the call.
    """
    if ciphertext not in _opened:
        answer = clients.kms().decrypt(CiphertextBlob=ciphertext, EncryptionContext=_context(destination_id))
        found = json.loads(answer["Plaintext"])
        secrets = Sealed(found["url"], tuple(SigningSecret(secret, until) for secret, until in found["signing"]))
        _opened[ciphertext] = secrets
        while len(_opened) > KEPT:
            _opened.popitem(last=False)
    return _opened[ciphertext]


def _context(destination_id: str) -> "Mapping[str, str]":
    return {"destination": destination_id}
