"""How a page is answered: strict templates, the headers that go with every page, the token that an act must carry."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api import assets
from api.settings import ApiSettings

THEMES = {"claro": "qori", "oscuro": "qori-dark"}
THEME_COOKIE = "qoricash_tema"
# Nothing from elsewhere, nothing inline: what a client types can't run here even if a template forgot to escape it.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "manifest-src 'self'; worker-src 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Permissions-Policy": "geolocation=(), microphone=(), camera=(self)",
}


def environment(folder: Path, *, filters: Mapping[str, Callable[..., Any]], macros: Mapping[str, str]) -> Environment:
    """The templates of a face, strict: a name that is missing is a fault and not an empty place."""
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["asset"] = assets.address
    made.filters |= filters
    # The libraries of macros are everywhere, also in a block that is rendered alone, which runs no import.
    for name, file in macros.items():
        made.globals[name] = made.get_template(file).module
    return made


def answer(html: str, *, status: int = 200, headers: Mapping[str, str] | None = None) -> HTMLResponse:
    """HTML with the headers of every page."""
    return HTMLResponse(html, status, {**HEADERS, **(headers or {})})


def theme_of(request: Request) -> str:
    """Light or dark, as this browser chose."""
    return THEMES.get(request.cookies.get(THEME_COOKIE, ""), THEMES["claro"])


def csrf_token(settings: ApiSettings, face: str, session_id: int) -> str:
    """What a page of this session sends with every act, and no other site can know."""
    secret = settings.secret_key.get_secret_value().encode()
    return hmac.new(secret, f"{face}:{session_id}".encode(), hashlib.sha256).hexdigest()


def wants_parts(request: Request) -> bool:
    """Whether a page that is open asks for its live parts again."""
    return request.headers.get("x-partes") == "1"


def wants_fragment(request: Request) -> bool:
    """Whether a page asks for a part of itself."""
    return request.headers.get("hx-request") == "true"
