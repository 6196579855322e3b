"""The token in a callback's address, which proves that a delivery comes from a webhook that the stack registered.

Dash signs nothing and sends no header of ours (docs/dash-protocol.md, section 1), and it corrupts a URL that has a
query, so the proof is part of the path. Each hook has a token of its own: a URL that leaks opens no other hook.
"""

import base64
import hmac


def token_for(secret: str, hook: str) -> str:
    """Return the token of one hook: 43 characters that are safe in a path (HMAC-SHA-256, base64url).

    Args:
        secret: A version of the callback secret.
        hook: The hook's name.
    """
    digest = hmac.digest(secret.encode(), f"hookswitch/v1/{hook}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
