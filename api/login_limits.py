"""How often a sign-in may fail, by account and by address.

Counted in the memory of each process. The lock of an account after five failures in a row is in the database and holds
across processes (db/sessions.py).
"""

from __future__ import annotations

import asyncio
import math
import time
from weakref import WeakValueDictionary

from limits import RateLimitItem
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter, SlidingWindowCounterRateLimiter
from starlette.requests import Request

from api.address import client_address
from api.errors import TooMany
from api.settings import ApiSettings


class LoginLimits:
    """Failed sign-ins, by account and by address. Those that succeed do not count: the web signs in twice each time."""

    def __init__(self, settings: ApiSettings) -> None:
        """Count as `settings` says."""
        self._items = settings.login_limits()
        self._proxies = settings.proxy_networks()
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def one_at_a_time(self, account: str) -> asyncio.Lock:
        """The account's turn: sign-ins of one account wait for each other, so that counting them is exact."""
        return self._turns.setdefault(account.strip().lower(), asyncio.Lock())

    async def check(self, request: Request, account: str) -> None:
        """Raises TooMany when the account or the address has failed too often."""
        for item in self._items:
            for key in self._keys(request, account):
                if not await self._limiter.test(item, *key):
                    raise TooMany(await wait_of(self._limiter, item, *key))

    async def failed(self, request: Request, account: str) -> None:
        """Count a failure."""
        for item in self._items:
            for key in self._keys(request, account):
                await self._limiter.hit(item, *key)

    def _keys(self, request: Request, account: str) -> tuple[tuple[str, str], ...]:
        address = client_address(request.scope, self._proxies)
        return ("login-account", account.strip().lower()), ("login-address", address)


async def wait_of(
    limiter: MovingWindowRateLimiter | SlidingWindowCounterRateLimiter, item: RateLimitItem, *key: str
) -> int:
    """Seconds until this limit lets through again."""
    stats = await limiter.get_window_stats(item, *key)
    return max(1, math.ceil(stats.reset_time - time.time()))
