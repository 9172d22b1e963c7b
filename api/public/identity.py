"""Whose request it is. The session says so; what the existing clients repeat in the body or path must agree with it."""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Any

from fastapi import Header
from pydantic import BaseModel, StringConstraints

from api.auth import SignedClient
from domain.errors import Missing

Json = dict[str, Any]
Text = Annotated[str, StringConstraints(max_length=300, strip_whitespace=True)]
Document = Annotated[str, StringConstraints(max_length=20, strip_whitespace=True)]
ClientKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Una clave por intención: si la repites, recibes la primera respuesta.",
    ),
]


class Whose(BaseModel):
    """What most calls carry: the document of the client that the page believes is signed in."""

    dni: Document | None = None


def plain(document: str) -> str:
    """A document as it is stored, from how a person types it."""
    return re.sub(r"[\s.\-]", "", document).upper()


def check_own(client: SignedClient, document: str | None) -> None:
    """Raises Missing when the request names another document than the session's own: here it does not exist.

    An empty or absent one is fine: the session already says who it is.
    """
    if document and plain(document) != client.document_number:
        raise Missing("CLIENT_NOT_FOUND", "No encontramos esa cuenta. Vuelve a ingresar con la tuya.", field="dni")


def derived_key(*parts: object) -> str:
    """A key for clients that send none: the same wish gives the same key, and the key says nothing of the wish."""
    return "d-" + hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()
