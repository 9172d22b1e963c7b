"""Push services on this machine: Expo's push API and a browser's web-push endpoint; both record and deliver nothing.

    python temporal-dev/push.py --port 8008 --data var/push

Expo: `POST /--/api/v2/push/send` and `/getReceipts`. Web push: any subscription with the endpoint
`http://127.0.0.1:<port>/webpush/<id>`. `POST /browser` is a browser that subscribes: it answers a subscription, and
what is sent to it is kept opened, as `text`. Failures: `500`, `timeout_after`, and `gone` (the device is no longer
registered), for `operacion` `expo` or `webpush`. See `standin.py`.
"""

from __future__ import annotations

import asyncio
import base64
import re
import secrets
from typing import Any
from uuid import uuid4

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

import bcrp
from standin import Fault, Faults, Json, Store, application, arguments, serve

FAILURES = ("500", "timeout_after", "gone")
EXPO_BATCH = 100
EXPO_TOKEN = re.compile(r"Expo(nent)?PushToken\[[^\[\]]+\]")


class Push:
    """Both services over one store."""

    def __init__(self, store: Store, faults: Faults) -> None:
        """Record in `store`."""
        self.store = store
        self.faults = faults

    async def expo(self, request: Request) -> Response:
        """Answer one ticket per message, in their order; a batch of more than 100 is refused whole."""
        fault = self.faults.take("expo")
        if fault and fault.failure in ("500", "down"):
            return _expo_error(
                "INTERNAL_SERVER_ERROR", "Internal server error", 503 if fault.failure == "down" else 500
            )
        body = await request.json()
        messages = body if isinstance(body, list) else [body]
        if len(messages) > EXPO_BATCH:
            return _expo_error("PUSH_TOO_MANY_NOTIFICATIONS", "You are trying to send more than 100 messages", 400)
        gone = fault is not None and fault.failure == "gone"
        tickets = [self._ticket(message, gone=gone) for message in messages]
        await _late(fault)
        return JSONResponse({"data": tickets if isinstance(body, list) else tickets[0]})

    async def webpush(self, request: Request, subscription: str) -> Response:
        """Record an encrypted message: 201 as RFC 8030 section 5; 400 without TTL, 401 without VAPID, 410 when gone."""
        fault = self.faults.take("webpush")
        if fault and fault.failure != "timeout_after":
            return Response(status_code={"gone": 410, "500": 500}.get(fault.failure, 503))
        headers = request.headers
        if "ttl" not in headers:
            return Response("TTL", status_code=400)
        if not headers.get("authorization", "").lower().startswith(("vapid ", "webpush ")):
            return Response("VAPID", status_code=401)
        number = self.store.add("message", await self._message(request, subscription))
        await _late(fault)
        return Response(status_code=201, headers={"Location": f"/webpush/message/{number}"})

    def browser(self) -> Json:
        """A new browser's subscription, as `PushSubscription.toJSON()` gives it; its private half stays here."""
        private, name = ec.generate_private_key(ec.SECP256R1()), f"navegador-{uuid4().hex[:12]}"
        auth = secrets.token_bytes(16)
        number = private.private_numbers().private_value.to_bytes(32, "big")
        self.store.add("browser", {"private": _text(number), "auth": _text(auth)}, key=name)
        point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"name": name, "keys": {"p256dh": _text(point), "auth": _text(auth)}}

    async def _message(self, request: Request, subscription: str) -> Json:
        """What came, encrypted; opened too where the browser is one of ours (RFC 8291)."""
        message = await _encrypted(request, subscription)
        ours = self.store.get("browser", key=subscription)
        if ours is None:
            return message
        private = ec.derive_private_key(int.from_bytes(_octets(ours["private"]), "big"), ec.SECP256R1())
        body = _octets(message["body"])
        opened = http_ece.decrypt(body, private_key=private, auth_secret=_octets(ours["auth"]), version="aes128gcm")
        return {**message, "text": opened.decode()}

    def receipts(self, ids: list[str]) -> Json:
        """Expo's receipts: every ticket that was given is delivered."""
        given = {message.get("ticket") for message in self.store.all("message")}
        return {"data": {ticket: {"status": "ok"} for ticket in ids if ticket in given}}

    def _ticket(self, message: Any, *, gone: bool) -> Json:
        token = str(message.get("to", "")) if isinstance(message, dict) else ""
        if gone or not EXPO_TOKEN.fullmatch(token):
            text = f'"{token}" is not a registered push notification recipient'
            return {"status": "error", "message": text, "details": {"error": "DeviceNotRegistered"}}
        ticket = str(uuid4())
        self.store.add("message", {"service": "expo", "to": token, "ticket": ticket, "message": message})
        return {"status": "ok", "id": ticket}


async def _encrypted(request: Request, subscription: str) -> Json:
    body, headers = await request.body(), request.headers
    about = {name: headers.get(name) for name in ("ttl", "urgency", "topic", "content-encoding")}
    content = {"size": len(body), "body": base64.b64encode(body).decode()}
    return {"service": "webpush", "to": subscription, "headers": about, **content}


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _octets(text: str) -> bytes:
    return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))


async def _late(fault: Fault | None) -> None:
    if fault and fault.failure == "timeout_after":
        await asyncio.sleep(fault.seconds)


def _expo_error(code: str, message: str, status: int) -> JSONResponse:
    return JSONResponse({"errors": [{"code": code, "message": message}]}, status_code=status)


def build(store: Store) -> FastAPI:
    """The whole application."""
    faults = Faults(*FAILURES)
    push = Push(store, faults)
    app = application(store, lambda: store.all("message"), faults=faults)

    @app.post("/--/api/v2/push/send")
    async def send(request: Request) -> Response:
        return await push.expo(request)

    @app.post("/--/api/v2/push/getReceipts")
    async def receipts(request: Request) -> Json:
        return push.receipts((await request.json()).get("ids", []))

    @app.post("/browser")
    async def browser(request: Request) -> Json:
        made = push.browser()
        return {"endpoint": f"{request.base_url}webpush/{made['name']}", "keys": made["keys"]}

    @app.post("/webpush/{subscription}")
    async def webpush(request: Request, subscription: str) -> Response:
        return await push.webpush(request, subscription)

    bcrp.install(app)
    return app


def main() -> None:
    """Run until stopped."""
    options = arguments("Notificaciones push en esta máquina").parse_args()
    serve(build(Store(options.data, "push")), port=options.port)


if __name__ == "__main__":
    main()
