"""What a page says of a refusal or a fault: the sentences are those of the API (api/errors.py)."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request

from api.errors import response_for
from domain.errors import Invalid

CSRF_HEADER = "x-csrf-token"
TITLES = {
    HTTPStatus.FORBIDDEN: "No tienes permiso para esto",
    HTTPStatus.NOT_FOUND: "No encontramos lo que buscas",
    HTTPStatus.CONFLICT: "Ya no corresponde",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Revisa lo que escribiste",
    HTTPStatus.SERVICE_UNAVAILABLE: "No responde por ahora",
}


def problem_of(request: Request, error: Exception) -> dict[str, Any]:
    """What the API says of this: `status`, `code`, `detail` and, where it has one, `field`."""
    found: dict[str, Any] = json.loads(bytes(response_for(request, _as_refusal(error)).body))
    return found


def _as_refusal(error: Exception) -> Exception:
    if not isinstance(error, ValidationError):
        return error
    first = error.errors()[0]
    return Invalid("INVALID", _said(first["type"]), field=str(first["loc"][0]) if first["loc"] else None)


def _said(kind: str) -> str:
    known = {
        "string_too_short": "Escribe algo más: hace falta para guardarlo.",
        "missing": "Falta este dato.",
        "string_too_long": "Es demasiado largo.",
    }
    return known.get(kind, "Este dato no se entiende. Revísalo.")
