"""Nothing that the API answers is kept by a browser or a proxy: it is somebody's, and of this moment."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SPOKEN = ("/api/", "/auth/")


class NoStore:
    """Pure ASGI: answers without a Cache-Control of their own get `no-store`.

    On a shared machine, going back after signing out must not show the last client's operations (F201).
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, and mark the answer as it leaves."""
        if scope["type"] != "http" or not scope["path"].startswith(SPOKEN):
            await self._app(scope, receive, send)
            return

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Cache-Control", "no-store")
                headers.setdefault("X-Content-Type-Options", "nosniff")
            await send(message)

        await self._app(scope, receive, marked)
