"""From which sites a browser may act. CORS says who may read an answer; the origin check says who may cause one.

The existing clients send no CSRF token, so an act that rides on the session cookie must come from our own pages or from
a listed front end (client contract, section 1). Every browser names the origin of a POST.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import refusal
from api.settings import ApiSettings
from domain.errors import Forbidden

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
SOCKETS = "/socket.io/"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
HEADERS = ("Authorization", "Content-Type", "Idempotency-Key")
EXPOSED = ("Retry-After", "Content-Disposition")


class Cors:
    """Credentialed CORS for the listed front ends. Socket.IO writes its own headers, from the same list."""

    def __init__(self, app: ASGIApp, settings: ApiSettings) -> None:
        """Wrap `app`."""
        self._app = app
        self._cors = CORSMiddleware(
            app,
            allow_origins=settings.cors_origins,
            allow_methods=METHODS,
            allow_headers=HEADERS,
            allow_credentials=True,
            expose_headers=EXPOSED,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers where they are ours to add."""
        sockets = scope["type"] == "http" and scope["path"].startswith(SOCKETS)
        await (self._app if sockets else self._cors)(scope, receive, send)


class OriginCheck:
    """Pure ASGI: an unsafe method without a bearer must not come from a foreign site."""

    def __init__(self, app: ASGIApp, settings: ApiSettings) -> None:
        """Wrap `app`."""
        self._app = app
        self._allowed = allowed_origins(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer 403."""
        if scope["type"] == "http" and scope["method"] not in SAFE and self._foreign(Headers(scope=scope)):
            refused = Forbidden("FOREIGN_ORIGIN", "Este pedido viene de otro sitio. Hazlo desde la página de QoriCash.")
            await refusal(scope["path"], refused)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _foreign(self, headers: Headers) -> bool:
        if headers.get("authorization", "").lower().startswith("bearer "):
            return False
        origin = headers.get("origin")
        if origin is None:
            # No browser: a browser names the origin of every unsafe request, and old ones name the kind of site.
            return headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}
        return not (same_origin(origin, headers.get("host", "")) or origin in self._allowed)


def allowed_origins(settings: ApiSettings) -> frozenset[str]:
    """Our own public address and the listed front ends."""
    own = urlsplit(settings.public_url)
    return frozenset({f"{own.scheme}://{own.netloc}", *settings.cors_origins})


def same_origin(origin: str, host: str) -> bool:
    """Whether the page is ours. The scheme is not compared: behind a TLS proxy we see plain HTTP."""
    return bool(host) and origin.partition("://")[2] == host
