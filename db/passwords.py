"""How a password is kept: argon2id, hashed off the event loop, a few at a time.

One hash takes about a quarter of a second and 64 MiB, so it never runs on the loop, and at most HASHERS run at once:
a burst of sign-ins waits instead of taking the machine's memory.
"""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

HASHERS = 2
TEMPORARY_LENGTH = 12
# Without letters and digits that people mistake for one another when they copy a mail by hand.
READABLE = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789"

_hasher = PasswordHasher()
_threads = ThreadPoolExecutor(HASHERS, thread_name_prefix="argon2")


@cache
def _of_nobody() -> str:
    """Behind which an unknown account costs the same time as a known one: the answer's time names no account.

    Hashed at the first question and not at import, since every process loads this module and few ask.
    """
    return _hasher.hash(secrets.token_urlsafe(16))


async def hashed(password: str) -> str:
    """The argon2id hash to keep. Whether the password is good enough is for the caller to say."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


async def matches(password: str, kept: str | None) -> bool:
    """Whether `password` is the one behind `kept`. None or an empty hash never matches, in the same time (F162)."""
    found = await asyncio.get_running_loop().run_in_executor(_threads, _verified, password, kept)
    return found and bool(kept)


def temporary() -> str:
    """A password to be changed at the first sign-in; always within the policy."""
    while True:
        drawn = "".join(secrets.choice(READABLE) for _ in range(TEMPORARY_LENGTH))
        if any(c.isdigit() for c in drawn) and any(c.isalpha() for c in drawn):
            return drawn


def _verified(password: str, kept: str | None) -> bool:
    try:
        return _hasher.verify(kept or _of_nobody(), password)
    except (VerifyMismatchError, InvalidHashError):
        return False
