"""How a page of the portal is made, and what every page of it knows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from jinja2_fragments import render_block
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from api.auth import SignedClient
from api.pages.answers import answer, csrf_token, environment, theme_of
from api.portal import words
from api.services import Services
from api.settings import ApiSettings
from db import clients, inbox, parameters, treasury
from db.client_reads import display_name
from db.tables import Client, ExchangeRate
from domain.calendar import Hours, business_day, is_open, week
from domain.errors import Missing
from domain.parameters import HOURS_PARAMETERS
from integrations.vapid import public_key

TEMPLATES = Path(__file__).parent / "templates"
MACROS = {"m": "macros.html", "calc": "calculator.html"}
FACE = "portal"


@cache
def templates() -> Environment:
    """The portal's templates."""
    return environment(TEMPLATES, filters=words.FILTERS, macros=MACROS)


async def page(
    request: Request, services: Services, client: SignedClient, template: str, *, status: int = 200, **context: Any
) -> HTMLResponse:
    """A whole page for a client who has come in."""
    async with services.sessions() as session:
        row = await clients.live(session, client.id)
        unread = await inbox.unread(session, client.id)
    known = {**everywhere(request, client), "unread": unread, "name": first_name(row), "initials_of": display_name(row)}
    known |= {"quote": await rate(services), **standing_hours(known["now"], await hours(services))}
    return answer(templates().get_template(template).render(known | context), status=status)


async def open_page(
    request: Request,
    services: Services,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """A whole page for anybody."""
    known = {**everywhere(request, None), "quote": await rate(services)}
    known |= standing_hours(known["now"], await hours(services))
    return answer(templates().get_template(template).render(known | context), status=status, headers=headers)


def bare_page(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """A page that asks the database nothing: it must come also when that is what failed."""
    known = {**everywhere(request, None), "quote": None, "attends": "", "open_now": True}
    return answer(templates().get_template(template).render(known | context), status=status)


def part_page(request: Request, client: SignedClient | None, part: Markup, *, status: int) -> HTMLResponse:
    """A block that was already made, on a page of its own: for who has no program running to put it in its place."""
    known = everywhere(request, client)
    return answer(templates().get_template("part.html").render(known | {"part": part}), status=status)


def fragment(
    request: Request, client: SignedClient | None, template: str, block: str, *, status: int = 200, **context: Any
) -> HTMLResponse:
    """One block of a page, to take the place of what the page shows there."""
    known = everywhere(request, client)
    return answer(render_block(templates(), template, block, known | context), status=status)


def everywhere(request: Request, client: SignedClient | None) -> dict[str, Any]:
    """What every page knows without asking anybody."""
    settings: ApiSettings = request.app.state.settings
    private = settings.vapid_private_key.get_secret_value()
    return {
        "signed": client is not None,
        # Of a company, only its own sign-in administers: its people see no door that is not theirs.
        "administers": client is None or client.person is None,
        "unread": 0,
        "csrf": csrf_token(settings, FACE, client.session_id) if client else "",
        "theme": theme_of(request),
        "now": datetime.now(UTC),
        "local": not settings.production,
        "push_key": _push_key(private),
        "minutes": f"{settings.operation_expiry.normalize():f}",
    }


@cache
def _push_key(private: str) -> str:
    """What a browser subscribes with; empty where the house sends no web pushes."""
    return public_key(private) if private else ""


async def rate(services: Services) -> ExchangeRate | None:
    """The pair in force; None before the first is published."""
    async with services.sessions() as session:
        try:
            return await treasury.current_rate(session)
        except Missing:
            return None


async def hours(services: Services) -> Hours:
    """The week of the house, in figures that Master edits."""
    async with services.sessions() as session:
        names = [one.name for one in HOURS_PARAMETERS]
        return week(await parameters.values(session, names, business_day(datetime.now(UTC))))


def standing_hours(now: datetime, week_of_house: Hours) -> dict[str, Any]:
    """Whether the house attends now, and the sentence that says until or from when."""
    return {"attends": words.attends(now, week_of_house), "open_now": is_open(now, week_of_house)}


def first_name(client: Client) -> str:
    """As one is greeted: the first of the given names, or the company's."""
    return client.given_names.split()[0].title() if client.given_names else display_name(client)
