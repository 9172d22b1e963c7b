"""How often something that costs money or shows a name may be asked for. Counted in the memory of each process."""

from __future__ import annotations

from limits import RateLimitItem
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.requests import HTTPConnection

from api.address import client_address
from api.errors import TooMany
from api.login_limits import wait_of
from api.settings import ApiSettings


class Allowances:
    """The counts of look-ups by address, of partners' calls, and of keys that are none."""

    def __init__(self, settings: ApiSettings) -> None:
        """Count as `settings` says."""
        self._lookups = settings.lookup_limits()
        self._partners = settings.partner_limits()
        self._wrong_keys = settings.login_limits()
        self._proxies = settings.proxy_networks()
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    async def lookup(self, connection: HTTPConnection) -> None:
        """One look-up of a document by this address. Raises TooMany."""
        message = "Hiciste muchas búsquedas seguidas. Escribe tus datos a mano, o espera un momento."
        await self._take(self._lookups, "lookup", self._address(connection), message)

    async def partner(self, partner_id: int) -> None:
        """One call of a partner. Raises TooMany."""
        await self._take(
            self._partners, "partner", str(partner_id), "Pasaste tu límite de llamadas. Espera un momento."
        )

    async def wrong_key(self, connection: HTTPConnection) -> None:
        """One call with a key that is none, by this address. Raises TooMany."""
        message = "Enviaste muchas claves que no valen. Revisa tu clave y espera un momento."
        await self._take(self._wrong_keys, "partner-key", self._address(connection), message)

    def _address(self, connection: HTTPConnection) -> str:
        return client_address(connection.scope, self._proxies)

    async def _take(self, items: list[RateLimitItem], what: str, whose: str, message: str) -> None:
        for item in items:
            if not await self._limiter.hit(item, what, whose):
                raise TooMany(await wait_of(self._limiter, item, what, whose), message)
