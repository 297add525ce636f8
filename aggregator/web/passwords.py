"""Passwords, session keys and tokens: made, hashed, compared.

Passwords are hashed with argon2id at the library's defaults (RFC 9106, second choice). Keys and tokens have 256 random bits, so a
plain SHA-256 is enough to keep them by. An unknown user costs as much time as a wrong password.
"""

import hashlib
import hmac
import secrets
import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
LONGEST = 1_000
_HASHER = PasswordHasher()
_AT_ONCE = threading.BoundedSemaphore(2)
"""A hash takes 64 MiB: a flood of logins waits in line instead of filling the memory."""


@cache
def _nobody() -> str:
    """Give a hash that no password fits; made when somebody first knocks, for it costs what hashing should cost."""
    return _HASHER.hash(secrets.token_urlsafe(16))


def hash_password(password: str) -> str:
    """Hash a password for keeping."""
    return _HASHER.hash(password)


def fits(password: str, password_hash: str | None) -> bool:
    """Tell whether a password is the one that was hashed; None is nobody's."""
    nobody = _nobody()  # asked for in either case, so that the first unknown user costs no more time than a known one
    try:
        with _AT_ONCE:
            right = _HASHER.verify(password_hash or nobody, password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return right and password_hash is not None


def new_key() -> str:
    """Make a session key or token."""
    return secrets.token_urlsafe(32)


def hashed(key: str) -> str:
    """Give what is kept of a key or token."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def form_token(key: str) -> str:
    """Give the token that forms carry for the holder of a key, so that no other site can send them."""
    return hmac.new(key.encode(), b"form", hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Compare secrets in constant time."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
