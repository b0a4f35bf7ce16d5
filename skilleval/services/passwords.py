"""Passwords and one-time codes: made, hashed and checked. No table is touched here.

argon2id with the parameters of security.md (46 MiB, one pass, one lane). Every function that hashes takes the hasher, so
that a test may use a cheap one.
"""

import secrets
from datetime import datetime
from functools import lru_cache

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from skilleval.domain.accounts import plain_password

HASHER = PasswordHasher(time_cost=1, memory_cost=46 * 1024, parallelism=1)
#: no 0 O 1 l I: it is read off a screen or a slip of paper
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
#: seconds a one-time code stands for (RFC 6238)
_STEP = 30
#: a phone's clock may be one step behind or ahead
_DRIFT = (0, -1, 1)


def one_time_password() -> str:
    """A new password of 80 random bits, to be told once and changed at the first sign-in."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def matches(stored: str, password: str, hasher: PasswordHasher) -> bool:
    """Whether this is the password of that hash. Always does the work of one hash."""
    try:
        return hasher.verify(stored, plain_password(password))
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=8)
def nobodys_hash(hasher: PasswordHasher) -> str:
    """The hash of a password that nobody knows: what is checked for a login name that does not exist."""
    return hasher.hash(secrets.token_hex(32))


def code_step(secret: str, code: str, now: datetime) -> int | None:
    """The 30-second step for which this is the code, at most one off; None for a wrong code."""
    digits, totp = "".join(code.split()).encode(), pyotp.TOTP(secret)
    steps = [int(now.timestamp()) // _STEP + off for off in _DRIFT]
    return next((step for step in steps if secrets.compare_digest(totp.generate_otp(step).encode(), digits)), None)
