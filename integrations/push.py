"""Pushes: Expo's service for the mobile app, and the browsers' own services (RFC 8030, VAPID) for the web."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from pywebpush import WebPushException, webpush_async

from domain.errors import Invalid
from domain.push_subscriptions import keys, known_service
from integrations.loopback import is_loopback
from integrations.settings import PushSettings

EXPO_TOKEN = re.compile(r"Expo(nent)?PushToken\[[A-Za-z0-9_\-]+\]")
# No answer, or one that is not its manual's.
EXPO_FAILED = (aiohttp.ClientError, OSError, TimeoutError, ValueError, LookupError, TypeError, AttributeError)
KEPT_SECONDS = 3600  # a push about a transfer means nothing an hour later
GONE = {404, 410}
TOO_MANY, SERVER_ERROR = 429, 500


class PushDown(Exception):
    """The service did not answer, or asked to wait."""


class PushRefused(Exception):
    """The service will never deliver this. `gone`: the device has unsubscribed."""

    def __init__(self, message: str, *, gone: bool = False) -> None:
        """`message` is kept; it holds no address of a device."""
        super().__init__(message)
        self.gone = gone


@dataclass(frozen=True, kw_only=True)
class Device:
    """Where one phone (`expo`, by token) or browser (`web`, by endpoint and keys) receives pushes."""

    kind: str
    endpoint: str
    keys: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Push:
    """What the lock screen shows, and what the app reads. Lock screens are public: no names, no documents."""

    title: str
    body: str
    data: dict[str, str] = field(default_factory=dict)


class Pusher:
    """Both kinds of push. One per process; close it with `aclose`."""

    def __init__(self, settings: PushSettings) -> None:
        """Nothing is sent until the first call."""
        self._settings = settings
        self._opened: aiohttp.ClientSession | None = None

    async def aclose(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            await self._opened.close()

    def _http(self) -> aiohttp.ClientSession:
        """Kept-alive connections. aiohttp, which pywebpush brings, costs a quarter of httpx a call: there are many."""
        if self._opened is None:
            timeout = aiohttp.ClientTimeout(total=self._settings.push_timeout)
            trusted = not is_loopback(self._settings.expo_push_url)
            self._opened = aiohttp.ClientSession(trust_env=trusted, timeout=timeout)
        return self._opened

    async def send(self, device: Device, push: Push) -> None:
        """Deliver to one device. Raises PushDown or PushRefused."""
        if device.kind == "expo":
            await self._expo(device, push)
        else:
            await self._web(device, push)

    async def _expo(self, device: Device, push: Push) -> None:
        if not EXPO_TOKEN.fullmatch(device.endpoint):
            raise PushRefused("El token de Expo no tiene la forma debida.", gone=True)
        message = {
            "to": device.endpoint,
            "title": push.title,
            "body": push.body,
            "data": push.data,
            "ttl": KEPT_SECONDS,
        }
        try:
            async with self._http().post(self._settings.expo_push_url, json=[message]) as answer:
                if not answer.ok:
                    raise _by_status(answer.status)
                ticket = (await answer.json(content_type=None))["data"][0]
                taken, reason = ticket["status"] == "ok", (ticket.get("details") or {}).get("error")
        except EXPO_FAILED as error:
            raise PushDown(f"Expo no respondió como dice su manual ({type(error).__name__}).") from error
        if not taken:
            if reason == "MessageRateExceeded":
                raise PushDown("Expo pide esperar.")
            raise PushRefused(f"Expo: {reason or 'error'}", gone=reason == "DeviceNotRegistered")

    async def _web(self, device: Device, push: Push) -> None:
        self._check_endpoint(device.endpoint)
        try:
            known = keys(device.keys.get("p256dh", ""), device.keys.get("auth", ""))
        except Invalid as error:
            raise PushRefused(error.message, gone=True) from error
        text = json.dumps({"title": push.title, "body": push.body, "data": push.data}, ensure_ascii=False)
        try:
            await webpush_async(
                {"endpoint": device.endpoint, "keys": known},
                data=text,
                vapid_private_key=self._settings.vapid_private_key.get_secret_value(),
                vapid_claims={"sub": self._settings.vapid_subject},
                ttl=KEPT_SECONDS,
                timeout=self._settings.push_timeout,
            )
        except WebPushException as error:
            if error.response is None:
                raise PushRefused("La suscripción del navegador está incompleta.", gone=True) from error
            raise _by_status(error.response.status) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise PushDown(f"El servicio del navegador no respondió ({type(error).__name__}).") from error

    def _check_endpoint(self, endpoint: str) -> None:
        if known_service(endpoint):
            return
        if not self._settings.production and is_loopback(endpoint):
            return
        raise PushRefused("La dirección de la suscripción no es de un navegador conocido.", gone=True)


def _by_status(status: int) -> Exception:
    if status >= SERVER_ERROR or status == TOO_MANY:
        return PushDown(f"El servicio de avisos respondió {status}.")
    return PushRefused(f"El servicio de avisos respondió {status}.", gone=status in GONE)
