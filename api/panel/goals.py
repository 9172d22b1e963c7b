"""Goals on the screen: what each Trader should earn in a month, what it earned day by day, and its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser
from api.pages.refusals import problem_of
from api.panel import pages
from api.panel.errors import PanelRoute
from api.panel.operation_commands import number
from api.panel.questions import Ask, Question, Typed, ask, done
from api.panel.tables import Column, Table, asked_of
from api.panel.words import month_name
from api.services import Services, ServicesDep
from api.staff import goals as staff
from api.staff.goals import Manager, Reader, TraderDayView, TraderId, TraderMonthView
from domain.calendar import business_day, first_and_last
from domain.errors import Missing, Refused
from domain.permissions import Permission, Scope, scope

router = APIRouter(prefix="/panel/metas", route_class=PanelRoute)
PATH = "/panel/metas"
HERE = "Metas"
ZERO = Decimal("0.00")
MonthText = Annotated[str, Query(alias="mes", pattern=r"^(20[0-9]{2}-(0[1-9]|1[0-2]))?$")]
Trader = Annotated[int | None, Query(alias="trader", ge=1)]


@dataclass(frozen=True, kw_only=True)
class MonthOf:
    """A month as its page needs it. `gone`: percent of its days that have passed."""

    year: int
    month: int
    gone: int

    @property
    def name(self) -> str:
        """`Noviembre 2026`."""
        return f"{month_name(self.month)} {self.year}"

    @property
    def text(self) -> str:
        """As an address has it."""
        return f"{self.year}-{self.month:02}"


@dataclass(frozen=True, kw_only=True)
class Team:
    """What everybody on the page should earn and earned, in PEN.

    `reached`: how much of the goals those that have one earned, in percent; None when nobody has.
    """

    goal: Decimal
    margin: Decimal
    matched: Decimal
    operations: int
    reached: int | None


@router.get("")
async def goals_page(
    *, request: Request, user: Reader, services: ServicesDep, mes: MonthText = "", trader: Trader = None
) -> Response:
    """The month's ranking against its goals, and its days; a Trader sees its own line."""
    of = _month(mes)
    found = await staff.read_month(user, services, of.year, of.month)
    since, until = first_and_last(of.year, of.month)
    days = await staff.read_days(user, services, since, until, trader)
    names = {one.trader_id: one.name for one in found.items}
    own = scope(user.role, "goals") is Scope.PORTFOLIO
    known: dict[str, Any] = {
        "month": of,
        "rows": found.items,
        "team": _team(found.items),
        "own": own,
        "trader": trader,
        "names": names,
        "days": _days_table(days.items[::-1], names, own=own),
        "may": user.may(Permission.GOALS_MANAGE),
    }
    if pages.wants_parts(request):
        return pages.fragment(request, user, "goals.html", "live", **known)
    return await pages.page(request, services, user, "goals.html", here=HERE, **known)


@router.get("/resumen")
async def summary(request: Request, user: Reader, services: ServicesDep) -> Response:
    """This month's goals for the first page of the day, read after it is shown."""
    of = _month("")
    found = await staff.read_month(user, services, of.year, of.month)
    return pages.fragment(request, user, "goals_summary.html", "summary", month=of, rows=found.items)


@router.get("/{trader_id}")
async def ask_goal(
    *, request: Request, trader_id: TraderId, user: Manager, services: ServicesDep, mes: MonthText = ""
) -> Response:
    """How much a Trader should earn in the month."""
    return ask(request, user, await _question(user, services, trader_id, _month(mes)))


@router.post("/{trader_id}")
async def set_goal(
    *, request: Request, trader_id: TraderId, user: Manager, services: ServicesDep, mes: MonthText = ""
) -> Response:
    """Set it; setting the same again changes nothing."""
    of, typed = _month(mes), Typed(form=await request.form())
    try:
        goal = Decimal(number(typed.text("goal"), "goal"))
        await staff.set_goal(trader_id, staff.GoalBody(year=of.year, month=of.month, goal=goal), user, services)
    except (Refused, ValidationError) as refused:
        question = await _question(user, services, trader_id, of)
        return ask(request, user, question, typed=typed.texts(), problem=problem_of(request, refused))
    return done("Meta guardada")


async def _question(user: SignedUser, services: Services, trader_id: int, of: MonthOf) -> Question:
    found = await staff.read_month(user, services, of.year, of.month)
    one = next((row for row in found.items if row.trader_id == trader_id), None)
    if one is None:
        raise Missing("NOT_A_TRADER", "No encontramos a ese Trader.")
    return Question(
        title=f"Meta de {one.name}",
        lead=f"{of.name}: cuánto margen deben ganar sus operaciones en el mes.",
        asks=(
            Ask(
                name="goal",
                label="Meta en soles",
                value=f"{one.goal:.2f}" if one.goal else "",
                hint="Si el mes siguiente no tiene una, empieza con esta.",
                most=12,
            ),
        ),
        ok="Guardar meta",
    )


def _month(text: str) -> MonthOf:
    today = business_day(datetime.now(UTC))
    year, month = map(int, text.split("-")) if text else (today.year, today.month)
    first, last = first_and_last(year, month)
    passed = min(max((today - first).days + 1, 0), last.day)
    return MonthOf(year=year, month=month, gone=passed * 100 // last.day)


def _team(rows: Sequence[TraderMonthView]) -> Team:
    goal, margin, matched = (sum((getattr(one, name) for one in rows), ZERO) for name in ("goal", "margin", "matched"))
    towards = sum((one.margin for one in rows if one.goal), ZERO)
    return Team(
        goal=goal,
        margin=margin,
        matched=matched,
        operations=sum(one.operations for one in rows),
        reached=int(towards * 100 / goal) if goal else None,
    )


def _days_table(rows: Sequence[TraderDayView], names: dict[int, str], *, own: bool) -> Table[TraderDayView]:
    who = Column[TraderDayView](
        key="trader", label="Trader", kind="name", value=lambda d: names.get(d.trader_id, ""), phone=True
    )
    columns: list[Column[TraderDayView]] = [
        Column(key="dia", label="Día", kind="text", value=lambda d: _written(d.day), phone=True),
        *([] if own else [who]),
        Column(key="operaciones", label="Operaciones", kind="count", value=lambda d: d.operations),
        Column(key="margen", label="Margen", kind="gain", value=lambda d: d.margin, phone=True),
        Column(key="calzado", label="Su parte calzada", kind="gain", value=lambda d: d.matched),
    ]
    return Table(
        path=PATH,
        caption="Día por día",
        columns=columns,
        rows=rows,
        asked=asked_of({}, sorts=("dia",)),
        next_cursor="",
        exports=False,
    )


def _written(day: date) -> str:
    return f"{day:%d/%m/%Y}"
