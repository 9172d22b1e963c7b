"""How a page is made: the templates, what every page knows, and the headers that go with it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2_fragments import render_block
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api import assets
from api.auth import SignedUser
from api.panel import words
from api.panel.rail import rail
from api.panel.tables import DENSITY_COOKIE
from api.services import Services
from api.settings import ApiSettings
from db import treasury
from domain.permissions import Permission

TEMPLATES = Path(__file__).parent / "templates"
THEMES = {"claro": "qori", "oscuro": "qori-dark"}
THEME_COOKIE = "qoricash_tema"
MACROS = {
    "m": "macros.html",
    "cards": "cards.html",
    "parts": "operation_parts.html",
    "fields": "dialog_fields.html",
    "tables": "table.html",
    "cp": "compliance_parts.html",
}
# Nothing from elsewhere, nothing inline: what a client types can't run here even if a template forgot to escape it.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Permissions-Policy": "geolocation=(), microphone=(), camera=(self)",
}


@dataclass(frozen=True, kw_only=True)
class Quote:
    """The pair in force, and by how many pips each side moved from the one before."""

    buy: Decimal
    sell: Decimal
    buy_moved: int
    sell_moved: int


@cache
def templates() -> Environment:
    """The templates, strict: a name that is missing is a fault and not an empty place."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"asset": assets.address, "Permission": Permission, "words": words}
    made.filters |= words.FILTERS
    # The libraries of macros are everywhere, also in a block that is rendered alone, which runs no import.
    for name, file in MACROS.items():
        made.globals[name] = made.get_template(file).module
    return made


async def page(
    request: Request,
    services: Services,
    user: SignedUser,
    template: str,
    *,
    status: int = 200,
    **context: Any,
) -> HTMLResponse:
    """A whole page for a person of the house."""
    everywhere = await _everywhere(request, services, user)
    return answer(templates().get_template(template).render(everywhere | context), status=status)


def bare_page(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """A whole page for somebody who has not come in."""
    known = {"theme": theme_of(request), "local": not _settings(request).production}
    return answer(templates().get_template(template).render(known | context), status=status)


def fragment(
    request: Request,
    user: SignedUser,
    template: str,
    block: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """One block of a page, to take the place of what the page shows there."""
    known = {"user": user, "now": datetime.now(UTC), "theme": theme_of(request)}
    return answer(render_block(templates(), template, block, known | context), status=status, headers=headers)


def wants_parts(request: Request) -> bool:
    """Whether a page that is open asks for its live parts again."""
    return request.headers.get("x-partes") == "1"


def answer(html: str, *, status: int = 200, headers: Mapping[str, str] | None = None) -> HTMLResponse:
    """HTML with the headers of every page."""
    return HTMLResponse(html, status, {**HEADERS, **(headers or {})})


def theme_of(request: Request) -> str:
    """Light or dark, as this browser chose."""
    return THEMES.get(request.cookies.get(THEME_COOKIE, ""), THEMES["claro"])


def density_of(request: Request) -> str:
    """The height of the rows that this browser chose."""
    return request.cookies.get(DENSITY_COOKIE, "")


def csrf_token(settings: ApiSettings, user: SignedUser) -> str:
    """What a page of this session sends with every act, and no other site can know."""
    secret = settings.secret_key.get_secret_value().encode()
    return hmac.new(secret, f"panel:{user.session_id}".encode(), hashlib.sha256).hexdigest()


async def quotes(services: Services) -> Quote | None:
    """The rates of the header; None before the first are published."""
    async with services.sessions() as session:
        rows = await treasury.rate_history(session, before=None, limit=2)
    if not rows:
        return None
    newest, older = rows[0][0], rows[-1][0]
    return Quote(
        buy=newest.buy,
        sell=newest.sell,
        buy_moved=int((newest.buy - older.buy) * 10_000),
        sell_moved=int((newest.sell - older.sell) * 10_000),
    )


async def _everywhere(request: Request, services: Services, user: SignedUser) -> dict[str, Any]:
    return {
        "user": user,
        "rail": rail(user),
        "quote": await quotes(services),
        "theme": theme_of(request),
        "density": density_of(request),
        "now": datetime.now(UTC),
        "csrf": csrf_token(services.settings, user),
        "local": not services.settings.production,
        "idle_seconds": int(services.settings.staff_idle.total_seconds()),
    }


def _settings(request: Request) -> ApiSettings:
    found: ApiSettings = request.app.state.settings
    return found
