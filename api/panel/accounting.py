"""Reports of the books on the screen: mayor, trial balance, income, results and operations, each between two days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser
from api.panel import pages
from api.panel.errors import PanelRoute
from api.panel.tables import Column, Table, asked_of
from api.services import Services, ServicesDep
from api.staff import accounting as staff
from api.staff import exchanges as operations
from api.staff import ledger
from api.staff.accounting import AccountLineView, Earner, Period, Reader, ResultView, TrialLineView
from api.staff.exchanges import ExchangeView
from api.staff.papers import PaperFormat
from api.staff.shapes import Day
from db.accounting import Dimension
from db.client_reads import names_of
from domain.calendar import business_day, first_and_last
from domain.permissions import Permission, Scope, scope

router = APIRouter(prefix="/panel/libros", route_class=PanelRoute)
Format = Annotated[PaperFormat | None, Query()]
PATH = "/panel/libros"
HERE = "Libros"
TABS = (
    (PATH, "Diario", Permission.ACCOUNTING_READ),
    (f"{PATH}/mayor", "Mayor", Permission.ACCOUNTING_READ),
    (f"{PATH}/balance", "Balance", Permission.ACCOUNTING_READ),
    (f"{PATH}/resultado", "Resultado", Permission.ACCOUNTING_READ),
    (f"{PATH}/resultados", "Margen", Permission.GOALS_READ),
    (f"{PATH}/operaciones", "Operaciones", Permission.ACCOUNTING_READ),
    (f"{PATH}/plan", "Plan", Permission.ACCOUNTING_READ),
    (f"{PATH}/meses", "Meses", Permission.ACCOUNTING_READ),
)
BANK = "10411"
FIRST_PAGE = 50


@dataclass(frozen=True, kw_only=True)
class Span:
    """The days of a report as its page shows them, with the ones that people ask for most."""

    since: date
    until: date
    usual: Sequence[tuple[str, date, date]]

    @property
    def query(self) -> str:
        """For the address of another report of the same days."""
        return urlencode({"desde": self.since, "hasta": self.until})

    @property
    def period(self) -> Period:
        """As the staff API takes it. Raises Invalid when it ends before it begins."""
        return Period(self.since, self.until)


def span_of(desde: Annotated[Day | None, Query()] = None, hasta: Annotated[Day | None, Query()] = None) -> Span:
    """Two days of the address; this month unless they are told."""
    today = business_day(datetime.now(UTC))
    until = hasta or today
    first, last = first_and_last(today.year, today.month)
    before = first - timedelta(days=1)
    usual = (
        ("Este mes", first, last),
        ("Mes pasado", before.replace(day=1), before),
        ("Este año", today.replace(month=1, day=1), last),
    )
    return Span(since=desde or until.replace(day=1), until=until, usual=usual)


Within = Annotated[Span, Depends(span_of)]


def tabs(user: SignedUser) -> list[tuple[str, str]]:
    """The books that this person may open; who has none of them came from the goals."""
    own = [(path, text) for path, text, permission in TABS if user.may(permission)]
    return own if user.may(Permission.ACCOUNTING_READ) else [("/panel/metas", "Metas"), *own]


def account_address(code: str, span: Span) -> str:
    """The mayor of an account in the same days."""
    return f"{PATH}/mayor?cuenta={code}&{span.query}"


def entry_address(number: str) -> str:
    """The page of an entry."""
    return f"{PATH}/asientos/{number}"


def operation_address(code: str | None) -> str:
    """The page of an operation."""
    return f"/panel/operaciones/{code}"


@router.get("/mayor")
async def account_page(
    *,
    request: Request,
    user: Reader,
    services: ServicesDep,
    span: Within,
    cuenta: Annotated[str, Query(pattern=r"^\d{4,8}$")] = BANK,
    formato: Format = None,
) -> Response:
    """The mayor of an account, a page at a time, with the balance after each line; with `formato`, all of it."""
    period = span.period
    if formato is not None:
        return await staff.export_account_ledger(cuenta, user, services, period, formato)
    asked = asked_of(request.query_params, sorts=("dia",))
    found = await staff.account_ledger(
        code=cuenta, _user=user, services=services, period=period, cursor=asked.cursor or None, limit=FIRST_PAGE
    )
    table = Table(
        path=f"{PATH}/mayor",
        caption=f"Mayor de {cuenta}",
        columns=ACCOUNT_COLUMNS,
        rows=found.items,
        asked=asked,
        next_cursor=found.next_cursor or "",
        exports=False,
    )
    chart = await ledger.read_chart(user, services)
    known: dict[str, Any] = {"table": table, "account": found, "chart": chart.items}
    return await _report(request, services, user, "ledger_account.html", span=span, known=known)


@router.get("/balance")
async def trial_page(
    *, request: Request, user: Reader, services: ServicesDep, span: Within, formato: Format = None
) -> Response:
    """The trial balance; with `formato`, its file."""
    if formato is not None:
        return await staff.export_trial_balance(user, services, span.period, formato)
    found = await staff.trial_balance(user, services, span.period)
    table = _whole("balance", "Balance de comprobación", _trial_columns(span), found.items)
    return await _report(
        request, services, user, "trial_balance.html", span=span, known={"table": table, "trial": found}
    )


@router.get("/resultado")
async def income_page(
    *, request: Request, user: Reader, services: ServicesDep, span: Within, formato: Format = None
) -> Response:
    """What the house earned and spent; with `formato`, its file."""
    if formato is not None:
        return await staff.export_income(user, services, span.period, formato)
    found = await staff.income(user, services, span.period)
    lines = (
        ("Margen de las operaciones", "Lo que ganó la tasa de cada cliente frente a la base de la casa", found.margin),
        ("Diferencia de cambio", "Lo que cambió el valor de los dólares de la casa al revaluarlos", found.exchange),
        ("Otros ingresos", "Sobrantes y abonos que no son de operaciones", found.other_income),
        ("Gastos", "Comisiones, ITF, faltantes y gastos de la casa", -found.expenses),
    )
    return await _report(request, services, user, "income.html", span=span, known={"income": found, "lines": lines})


@router.get("/resultados")
async def results_page(
    *,
    request: Request,
    user: Earner,
    services: ServicesDep,
    span: Within,
    por: Dimension = Dimension.DAY,
    formato: Format = None,
) -> Response:
    """Operations and margin by day, trader, client or channel; a Trader's are its own."""
    if formato is not None:
        return await staff.export_results(user=user, services=services, period=span.period, by=por, kind=formato)
    found = await staff.results(user, services, span.period, por)
    names = await _client_names(services, found.items) if por is Dimension.CLIENT else {}
    # A Trader's past operations may be of a client that is somebody else's by now.
    opens = scope(user.role, "clients") is Scope.ALL
    table = _whole("resultados", "Resultados", _result_columns(por, names, opens=opens), found.items)
    sums = {
        "operations": sum(one.operations for one in found.items),
        "bought": sum(one.bought_usd for one in found.items),
        "sold": sum(one.sold_usd for one in found.items),
    }
    known: dict[str, Any] = {"table": table, "margin": found.margin, "sums": sums, "by": por, "ways": staff.BY}
    return await _report(request, services, user, "results.html", span=span, known=known)


@router.get("/operaciones")
async def operations_page(
    *, request: Request, user: Reader, services: ServicesDep, span: Within, formato: Format = None
) -> Response:
    """The operations of a period as the books have them; with `formato`, all of them."""
    period = span.period
    if formato is not None:
        return await operations.export_operations(user, services, period, formato)
    asked = asked_of(request.query_params, sorts=("dia",))
    found = await operations.operations(
        _user=user, services=services, period=period, cursor=asked.cursor or None, limit=FIRST_PAGE
    )
    table = Table(
        path=f"{PATH}/operaciones",
        caption="Operaciones",
        columns=OPERATION_COLUMNS,
        rows=found.items,
        asked=asked,
        next_cursor=found.next_cursor or "",
        exports=False,
    )
    sums = await staff.income(user, services, period)
    return await _report(
        request, services, user, "exchanges.html", span=span, known={"table": table, "margin": sums.margin}
    )


async def _report(
    request: Request, services: Services, user: SignedUser, template: str, *, span: Span, known: dict[str, Any]
) -> Response:
    here = HERE if user.may(Permission.ACCOUNTING_READ) else "Metas"
    return await pages.page(request, services, user, template, here=here, tabs=tabs(user), span=span, **known)


def _whole(name: str, caption: str, columns: Sequence[Column[Any]], rows: Sequence[Any]) -> Table[Any]:
    return Table(
        path=f"{PATH}/{name}",
        caption=caption,
        columns=columns,
        rows=rows,
        asked=asked_of({}, sorts=("codigo",)),
        next_cursor="",
        exports=False,
    )


async def _client_names(services: Services, rows: Sequence[ResultView]) -> dict[int, str]:
    async with services.sessions() as session:
        return await names_of(session, [int(one.key) for one in rows])


def _trial_columns(span: Span) -> Sequence[Column[TrialLineView]]:
    return (
        Column(
            key="cuenta",
            label="Cuenta",
            kind="code",
            value=lambda t: t.code,
            link=lambda t: account_address(t.code, span),
            phone=True,
        ),
        Column(key="nombre", label="Nombre", kind="name", value=lambda t: t.name, phone=True),
        Column(key="inicial", label="Saldo inicial", kind="PEN", value=lambda t: t.opening or None),
        Column(key="debe", label="Debe", kind="PEN", value=lambda t: t.debit or None),
        Column(key="haber", label="Haber", kind="PEN", value=lambda t: t.credit or None),
        Column(key="final", label="Saldo final", kind="PEN", value=lambda t: t.closing, phone=True),
        Column(key="dolares", label="En dólares", kind="USD", value=lambda t: t.usd or None),
    )


def _result_columns(by: Dimension, names: dict[int, str], *, opens: bool) -> Sequence[Column[ResultView]]:
    def label(one: ResultView) -> str:
        if by is Dimension.DAY:
            return f"{date.fromisoformat(one.key):%d/%m/%Y}"
        return names[int(one.key)] if by is Dimension.CLIENT else one.label

    def where(one: ResultView) -> str:
        return f"/panel/clientes/{one.key}"

    kind = "link" if by is Dimension.CLIENT and opens else "name"
    return (
        Column(key="quien", label=staff.BY[by], kind=kind, value=label, link=where, phone=True),
        Column(key="operaciones", label="Operaciones", kind="count", value=lambda r: r.operations),
        Column(key="comprado", label="Comprado", kind="USD", value=lambda r: r.bought_usd or None),
        Column(key="vendido", label="Vendido", kind="USD", value=lambda r: r.sold_usd or None),
        Column(key="margen", label="Margen", kind="gain", value=lambda r: r.margin, phone=True),
    )


ACCOUNT_COLUMNS: tuple[Column[AccountLineView], ...] = (
    Column(
        key="asiento",
        label="Asiento",
        kind="code",
        value=lambda a: a.entry,
        link=lambda a: entry_address(a.entry),
        phone=True,
    ),
    Column(key="dia", label="Día", kind="text", value=lambda a: f"{a.day:%d/%m/%Y}"),
    Column(key="detalle", label="Detalle", kind="name", value=lambda a: a.words),
    Column(key="dolares", label="Dólares", kind="USD", value=lambda a: a.amount if a.currency == "USD" else None),
    Column(key="debe", label="Debe", kind="PEN", value=lambda a: a.debit or None, phone=True),
    Column(key="haber", label="Haber", kind="PEN", value=lambda a: a.credit or None, phone=True),
    Column(key="saldo", label="Saldo", kind="PEN", value=lambda a: a.balance, phone=True),
)
OPERATION_COLUMNS: tuple[Column[ExchangeView], ...] = (
    Column(
        key="operacion",
        label="Operación",
        kind="code",
        value=lambda o: o.code,
        link=lambda o: operation_address(o.code),
        phone=True,
    ),
    Column(key="dia", label="Día", kind="text", value=lambda o: f"{o.day:%d/%m/%Y}"),
    Column(key="tipo", label="Tipo", kind="text", value=lambda o: f"Reverso de {o.kind}" if o.undone else o.kind),
    Column(key="cliente", label="Cliente", kind="name", value=lambda o: o.client),
    Column(key="trader", label="Trader", kind="text", value=lambda o: o.trader),
    Column(key="tc", label="TC", kind="rate", value=lambda o: o.rate),
    Column(key="base", label="Base", kind="rate", value=lambda o: o.desk_rate),
    Column(key="dolares", label="Dólares", kind="USD", value=lambda o: o.usd, phone=True),
    Column(key="soles", label="Soles", kind="PEN", value=lambda o: o.pen),
    Column(key="margen", label="Margen", kind="gain", value=lambda o: o.margin, phone=True),
    Column(key="asiento", label="Asiento", kind="text", value=lambda o: o.entry),
)
