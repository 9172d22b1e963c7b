"""How a page is made: the templates, what every page knows, and the headers that go with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from jinja2_fragments import render_block
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.auth import SignedUser
from api.pages.answers import HEADERS, answer, environment, theme_of, wants_parts
from api.pages.answers import csrf_token as session_token
from api.panel import words
from api.panel.rail import rail
from api.panel.tables import DENSITY_COOKIE
from api.services import Services
from api.settings import ApiSettings
from db import treasury
from domain.permissions import Permission

__all__ = ["HEADERS", "answer", "theme_of", "wants_parts"]

TEMPLATES = Path(__file__).parent / "templates"
MACROS = {
    "m": "macros.html",
    "cards": "cards.html",
    "parts": "operation_parts.html",
    "fields": "dialog_fields.html",
    "tables": "table.html",
    "cp": "compliance_parts.html",
    "nets": "netting_parts.html",
    "books": "book_parts.html",
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
    """The panel's templates, with the words and the permissions that they ask about."""
    made = environment(TEMPLATES, filters=words.FILTERS, macros={})
    made.globals |= {"Permission": Permission, "words": words}
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


def density_of(request: Request) -> str:
    """The height of the rows that this browser chose."""
    return request.cookies.get(DENSITY_COOKIE, "")


def csrf_token(settings: ApiSettings, user: SignedUser) -> str:
    """What a page of this session sends with every act, and no other site can know."""
    return session_token(settings, "panel", user.session_id)


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
