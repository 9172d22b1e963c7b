"""How a refusal or a fault reads: problem+json (RFC 9457) for staff, `{success, message, code}` on the public contract.

Always JSON, also for 404, 405, 413, 429 and 500: the existing clients parse before they look at the status. A fault
never shows its insides; it carries an id that the log has too.
"""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.errors import Refused, Unavailable
from integrations.files import StorageDown

log = logging.getLogger(__name__)

PROBLEM = "application/problem+json"
# Where the clients that exist live. Everything else of /api answers problem+json.
PUBLIC_PREFIXES = (
    "/api/client/",
    "/api/web/",
    "/api/platform/",
    "/api/referrals/",
    "/api/operations/",
    "/auth/",
    "/legal/",
    "/mercado/",
    "/position/",
)
TRY_AGAIN_SECONDS = 5


class SignInNeeded(Refused):
    """Nobody is signed in, or the session has ended."""

    status = 401

    def __init__(self, message: str = "Ingresa a tu cuenta para continuar.", *, code: str = "SIGN_IN_NEEDED") -> None:
        """The sentence says what to do."""
        super().__init__(code, message)


class TooMany(Refused):
    """More calls than the limit allows. `retry_after` is in seconds."""

    status = 429

    def __init__(self, retry_after: int, message: str = "Hiciste demasiados intentos. Espera un momento.") -> None:
        """Keep when to come back."""
        super().__init__("TOO_MANY_REQUESTS", message)
        self.retry_after = retry_after


class TooLarge(Refused):
    """The body is bigger than the house reads."""

    status = 413


def public(path: str) -> bool:
    """Whether the existing clients' envelope is spoken here."""
    return path.startswith(PUBLIC_PREFIXES)


def answer(
    path: str,
    status: int,
    code: str,
    detail: str,
    *,
    field: str | None = None,
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> JSONResponse:
    """The error body that this path speaks."""
    named = {"field": field} if field else {}
    if public(path):
        body = {"success": False, "message": detail, "code": code, **named, **(more or {})}
        return JSONResponse(body, status, headers)
    title = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail}
    return JSONResponse({**body, **named, **(more or {})}, status, headers, media_type=PROBLEM)


def refusal(path: str, error: Refused) -> JSONResponse:
    """A rule said no."""
    wait = getattr(error, "retry_after", TRY_AGAIN_SECONDS if error.status == HTTPStatus.SERVICE_UNAVAILABLE else None)
    headers = {"Retry-After": str(wait)} if wait is not None else {}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return answer(path, error.status, error.code, error.message, field=error.field, headers=headers)


def install(app: FastAPI) -> None:
    """Register every handler, and the net that catches what the middlewares let through."""
    for kind in _HANDLERS:
        app.add_exception_handler(kind, _handled)
    app.add_middleware(Faults)


class Faults:
    """The last net, pure ASGI. It stands inside CORS, so that a browser can read a 500 too."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, and answer JSON for whatever was raised before the answer had begun."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            if begun:
                raise
            await response_for(Request(scope), error)(scope, receive, send)


async def _handled(request: Request, error: Exception) -> Response:
    return response_for(request, error)


def response_for(request: Request, error: Exception) -> Response:
    """The answer to anything that can be raised."""
    for kind, handler in _HANDLERS.items():
        if isinstance(error, kind):
            return handler(request, error)
    return _fault(request, error)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return refusal(request.url.path, error)


def _storage_down(request: Request, _error: Exception) -> Response:
    message = "No pudimos guardar tu archivo. Intenta de nuevo en unos segundos."
    return refusal(request.url.path, Unavailable("STORAGE_DOWN", message))


def _database_down(request: Request, error: Exception) -> Response:
    log.warning("base de datos no disponible: %s", type(error).__name__)
    message = "Estamos con una interrupción breve. Intenta de nuevo en unos segundos."
    return refusal(request.url.path, Unavailable("DATABASE_DOWN", message))


def _refused_by_database(request: Request, error: Exception) -> Response:
    """PostgreSQL refuses what no field should hold (a NUL in a text, a number beyond its column): that is bad input."""
    assert isinstance(error, DBAPIError)
    state = getattr(error.orig, "sqlstate", None) or ""
    if state.startswith("22") or "NUL" in str(error.orig):
        return answer(request.url.path, 422, "INVALID", "Hay un dato que no podemos leer. Revísalo y vuelve a enviar.")
    return _fault(request, error)


_HTTP: dict[int, tuple[str, str]] = {
    400: ("BAD_REQUEST", "No pudimos leer lo que enviaste."),
    404: ("NOT_FOUND", "No existe lo que buscas."),
    405: ("METHOD_NOT_ALLOWED", "Esta dirección no acepta ese método."),
    413: ("TOO_LARGE", "Lo que enviaste es demasiado grande."),
    415: ("MEDIA_TYPE", "Envía los datos como JSON."),
}


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, detail = _HTTP.get(error.status_code, ("ERROR", "No pudimos atender tu pedido."))
    return answer(request.url.path, error.status_code, code, detail, headers=error.headers)


def places(error: BaseException) -> str:
    """Where in the house it happened, the innermost first."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "site-packages" not in f.filename]
    return " < ".join(f"{f.filename}:{f.lineno} {f.name}" for f in reversed(frames))


def _fault(request: Request, error: Exception) -> Response:
    """The log gets where it happened and never the message: it may hold a person's data."""
    error_id = secrets.token_hex(6)
    log.error("fallo %s %s %s en %s", error_id, request.method, type(error).__name__, places(error))
    detail = f"Algo falló de nuestro lado. Si vuelve a pasar, danos este código: {error_id}."
    return answer(request.url.path, 500, "INTERNAL", detail, more={"error_id": error_id})


# Pydantic's own words, in ours.
_SAID: dict[str, str] = {
    "missing": "falta este dato",
    "json_invalid": "el cuerpo no es un JSON válido",
    "extra_forbidden": "este dato no se espera aquí",
    "string_too_short": "es demasiado corto",
    "string_too_long": "es demasiado largo",
    "enum": "no es una de las opciones",
    "literal_error": "no es una de las opciones",
    "greater_than": "es demasiado pequeño",
    "greater_than_equal": "es demasiado pequeño",
    "less_than": "es demasiado grande",
    "less_than_equal": "es demasiado grande",
    "too_long": "tiene demasiados elementos",
    "too_short": "tiene muy pocos elementos",
}
_KINDS: dict[str, str] = {
    "string": "debe ser un texto",
    "int": "debe ser un número entero",
    "float": "debe ser un número",
    "decimal": "debe ser un número",
    "bool": "debe ser sí o no",
    "date": "debe ser una fecha",
    "datetime": "debe ser una fecha y hora",
    "timezone": "debe llevar zona horaria",
    "list": "debe ser una lista",
    "dict": "debe ser un objeto",
    "model": "debe ser un objeto",
}
_PLACES = {"body", "query", "path", "header", "cookie"}


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = [str(part) for part in first["loc"] if part not in _PLACES and not str(part).isdigit()]
    field = where[-1] if where and first["type"] != "json_invalid" else None
    kind = first["type"]
    said = _SAID.get(kind) or _KINDS.get(kind.partition("_")[0]) or "no es válido"
    detail = f"Revisa {field}: {said}." if field else f"Revisa lo que enviaste: {said}."
    return answer(request.url.path, 422, "INVALID", detail, field=field)


_HANDLERS: dict[type[Exception], Callable[[Request, Exception], Response]] = {
    Refused: _refused,
    RequestValidationError: _invalid,
    HTTPException: _http,
    StorageDown: _storage_down,
    OperationalError: _database_down,
    InterfaceError: _database_down,
    PoolTimeout: _database_down,
    DBAPIError: _refused_by_database,
}
