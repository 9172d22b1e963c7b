"""How often a stranger may call, and how much anybody may send.

Calls are counted in the memory of each process: with N processes an address gets up to N times as much.
"""

from __future__ import annotations

from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.address import client_address
from api.auth import identity
from api.errors import TooLarge, TooMany, refusal
from api.login_limits import wait_of
from api.settings import ApiSettings

# Four files of 10 MB with their multipart clothing; no JSON of ours is near a megabyte.
MAX_BODY = 44 * 1024 * 1024
MAX_JSON = 1024 * 1024
COUNTED = ("/api/", "/auth/", "/registro/", "/olvide", "/reclamaciones", "/cotizacion/")
# Polled without signing in by design, or with their own limit.
EXEMPT = frozenset(
    {
        "/api/platform/public/exchange-rates",
        "/api/client/exchange-rates",
        "/api/openapi.json",
        "/api/client/login",
        "/api/staff/login",
        "/auth/logout",
    }
)


# A partner shows a key at each call; its calls, and keys that are none, have their own count (api/allowances.py).
PARTNERS = "/api/platform/"


class AnonymousLimit:
    """Pure ASGI: counts the calls of strangers, by address. Signed-in people poll, and are not counted."""

    def __init__(self, app: ASGIApp, settings: ApiSettings) -> None:
        """Wrap `app` with the limits of `settings`."""
        self._app = app
        self._items = settings.anonymous_limits()
        self._proxies = settings.proxy_networks()
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the call through, or answer 429."""
        if not await self._counts(scope):
            await self._app(scope, receive, send)
            return
        address = client_address(scope, self._proxies)
        for item in self._items:
            if not await self._limiter.hit(item, "anonymous", address):
                wait = await wait_of(self._limiter, item, "anonymous", address)
                message = "Hiciste demasiadas consultas sin ingresar. Ingresa a tu cuenta o espera un momento."
                await refusal(scope["path"], TooMany(wait, message))(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _counts(self, scope: Scope) -> bool:
        if not self._items or scope["type"] != "http" or scope["method"] == "OPTIONS":
            return False
        path = scope["path"]
        if not path.startswith(COUNTED) or path in EXEMPT:
            return False
        if path.startswith(PARTNERS) and "x-api-key" in Headers(scope=scope):
            return False
        return await identity(HTTPConnection(scope)) is None


class SizeLimit:
    """Pure ASGI: refuses a body by the size that it declares, and cuts one that turns out longer."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer 413."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        form = headers.get("content-type", "").startswith("multipart/form-data")
        limit = MAX_BODY if form else MAX_JSON
        declared = headers.get("content-length", "0")
        if declared.isdecimal() and int(declared) > limit:
            refused = TooLarge(
                "TOO_LARGE", "Lo que enviaste es demasiado grande. Cada archivo puede pesar hasta 10 MB."
            )
            await refusal(scope["path"], refused)(scope, receive, send)
            return
        await self._app(scope, _cut(receive, limit), send)


def _cut(receive: Receive, limit: int) -> Receive:
    """What is received, up to `limit` bytes. HTTPException, since the framework's body readers let it through."""
    read = 0

    async def received() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > limit:
            raise HTTPException(413)
        return message

    return received
