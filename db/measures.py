"""Taking the measures that rules look at: of one operation as it is assessed, or of all those of a back-test.

One statement either way. Windows end at the operation's creation and go over the client's own operations up to it, with
the states that they had then: a later cancellation takes nothing away from what was already added up. Two things are as
they are today also in a back-test, because no history of them is kept: amounts, and what is known of the client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Numeric,
    Row,
    ScalarSelect,
    Select,
    and_,
    case,
    cast,
    distinct,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from db.parameters import figure
from db.tables import Client, ClientAccount, ClientDevice, ClientRiskProfile
from db.tables import Operation as OperationRow
from domain.calendar import LIMA
from domain.measures import HUNDRED, Facts, Measure, MeasureName
from domain.operations import State
from domain.risk import RiskLevel

OVER = (State.CANCELADO, State.EXPIRADA)

Operation = aliased(OperationRow, name="o")
_Past = aliased(OperationRow, name="h")
_Other = aliased(Client, name="k")
Figure = ColumnElement[Any] | ScalarSelect[Any] | InstrumentedAttribute[Any]


@dataclass(frozen=True, kw_only=True)
class Gauge:
    """A statement whose rows are an operation's code, client, creation and measures, in that order."""

    measures: tuple[Measure, ...]
    statement: Select[Any]

    def facts(self, row: Row[Any]) -> Facts:
        """The measures of one row."""
        return dict(zip(self.measures, row[3:], strict=False))


def gauge(
    measures: Iterable[Measure],
    *scope: ColumnElement[bool],
    also: Sequence[Figure] = (),
    within: tuple[datetime, datetime] | None = None,
) -> Gauge:
    """What takes these measures of the operations in `scope`; `also` goes after them in each row.

    Of one operation, its client's past is read. Of many, those created from `within[0]` to `within[1]`, reading each
    one's past again would cost the square of a busy client's operations: there the windows are running sums.
    """
    wanted = tuple(sorted(set(measures), key=repr))
    spans = {measure: _SPANS[measure.name](measure) for measure in wanted if measure.name in _SPANS}
    statement = select(Operation.code, Operation.client_id, Operation.created_at)
    source = statement.join(Client, Client.id == Operation.client_id)
    source = source.outerjoin(ClientRiskProfile, ClientRiskProfile.client_id == Operation.client_id)
    columns: dict[Measure, Figure] = {m: _PLAIN[m.name](m) for m in wanted if m.name in _PLAIN}
    if spans and within is None:
        past = _read_back(spans)
        source = source.join(past, true())
        columns |= {measure: past.c[place] for place, measure in enumerate(spans)}
    elif spans and within is not None:
        sums = _running(spans, within)
        source = source.join(sums, sums.c.id == Operation.id)
        columns |= {measure: sums.c[place + 1] for place, measure in enumerate(spans)}
    return Gauge(measures=wanted, statement=source.add_columns(*[columns[m] for m in wanted], *also).where(*scope))


@dataclass(frozen=True, kw_only=True)
class _Span:
    """Since when and until when (excluded) one past operation counts in a measure, and with what weight."""

    weight: ColumnElement[Any]
    where: tuple[ColumnElement[bool], ...]
    start: ColumnElement[Any] | InstrumentedAttribute[Any]
    end: ColumnElement[Any]


def _longest(measures: Iterable[Measure]) -> timedelta:
    return timedelta(hours=max(measure.hours for measure in measures))


def _read_back(spans: Mapping[Measure, _Span]) -> FromClause:
    """Every windowed figure of one operation in one pass over its client's operations, the longest window's worth."""
    now = Operation.created_at
    figures = [
        func.coalesce(func.sum(span.weight).filter(*span.where, span.start <= now, now < span.end), 0)
        for span in spans.values()
    ]
    # Bounded on both sides by the same column, so that PostgreSQL reads this stretch of the client's index and no more.
    stretch = (_Past.created_at > now - _longest(spans), _Past.created_at <= now)
    labelled = [figure.label(f"w{place}") for place, figure in enumerate(figures)]
    return select(*labelled).where(_Past.client_id == Operation.client_id, *stretch).lateral("w")


def _running(spans: Mapping[Measure, _Span], within: tuple[datetime, datetime]) -> FromClause:
    """The same figures of all operations of a period: each span adds its weight when it begins and takes it at its end.

    The sum of a client's events up to an operation's creation is what counts at that moment.
    """
    names = [f"w{place}" for place in range(len(spans))]
    period = (_Past.created_at > within[0] - _longest(spans), _Past.created_at < within[1])

    def event(at: Figure, place: int | None, weight: ColumnElement[Any], mine: Figure) -> Select[Any]:
        zero = literal(0, Numeric)
        weights = [(weight if place == one else zero).label(name) for one, name in enumerate(names)]
        return select(_Past.client_id, at.label("at"), mine.label("id"), *weights).where(*period)

    nobody = null().cast(BigInteger)
    events = [event(_Past.created_at, None, literal(0, Numeric), _Past.id)]
    for place, span in enumerate(spans.values()):
        real = (*span.where, span.start < span.end)
        events.append(event(span.start, place, cast(span.weight, Numeric), nobody).where(*real))
        events.append(event(span.end, place, cast(-span.weight, Numeric), nobody).where(*real))
    told = union_all(*events).subquery("e")
    sums = [
        func.sum(told.c[name]).over(partition_by=told.c.client_id, order_by=told.c.at).label(name) for name in names
    ]
    totals = select(told.c.id, *sums).subquery("r")
    return select(totals).where(totals.c.id.is_not(None)).subquery("w")


def _window(measure: Measure) -> ColumnElement[Any]:
    """When an operation leaves a window that it entered at its creation."""
    return _Past.created_at + timedelta(hours=measure.hours)


def _created(measure: Measure, *where: ColumnElement[bool], weight: ColumnElement[Any]) -> _Span:
    """From its creation on, whatever becomes of it."""
    return _Span(weight=weight, where=where, start=_Past.created_at, end=_window(measure))


def _alive(measure: Measure, *where: ColumnElement[bool], weight: ColumnElement[Any]) -> _Span:
    """From its creation on, until it ends without effect."""
    ended = case((_Past.state.in_(OVER), _Past.finished_at))
    return _Span(weight=weight, where=where, start=_Past.created_at, end=func.least(_window(measure), ended))


def _ended(measure: Measure, *where: ColumnElement[bool], weight: ColumnElement[Any]) -> _Span:
    """From its end on."""
    return _Span(
        weight=weight, where=(*where, _Past.finished_at.is_not(None)), start=_Past.finished_at, end=_window(measure)
    )


_ONE: ColumnElement[Any] = literal(1)
_DONE, _UNDONE = _Past.state == State.COMPLETADA, _Past.state.in_(OVER)


def _near(measure: Measure) -> _Span:
    band = (_Past.amount_usd >= measure.low, _Past.amount_usd < measure.high)
    return _alive(measure, *band, weight=_ONE)


_SPANS: dict[MeasureName, Callable[[Measure], _Span]] = {
    MeasureName.COUNT: lambda m: _created(m, weight=_ONE),
    MeasureName.ACCUMULATED: lambda m: _alive(m, weight=_Past.amount_usd.expression),
    MeasureName.NEAR: _near,
    MeasureName.COMPLETED: lambda m: _ended(m, _DONE, weight=_ONE),
    MeasureName.COMPLETED_USD: lambda m: _ended(m, _DONE, weight=_Past.amount_usd.expression),
    MeasureName.CANCELLED: lambda m: _ended(m, _UNDONE, weight=_ONE),
}


def _reversed(measure: Measure) -> Figure:
    """It depends on the amount that it is compared with, so each is looked for by itself; its window is short."""
    part = measure.low / HUNDRED
    alike = _Past.amount_usd.between(Operation.amount_usd * (1 - part), Operation.amount_usd * (1 + part))
    recent = (
        _Past.created_at > Operation.created_at - timedelta(hours=measure.hours),
        _Past.created_at <= Operation.created_at,
    )
    alive = or_(_Past.state.not_in(OVER), _Past.finished_at > Operation.created_at)
    found = select(func.count()).select_from(_Past).where(_Past.client_id == Operation.client_id, *recent)
    return found.where(_Past.kind != Operation.kind, alike, alive).scalar_subquery()


def _pep() -> Figure:
    """Exposed on the operation's day: domain.risk.is_exposed, in SQL."""
    day = cast(func.timezone(LIMA.key, Operation.created_at), Date)
    years = cast(figure("pep_lookback_years", day), Integer)
    until = ClientRiskProfile.pep_until
    still = or_(until.is_(None), cast(until + func.make_interval(years), Date) >= day)
    return and_(ClientRiskProfile.pep_kind.is_not(None), still)


def _risk_level() -> Figure:
    return func.coalesce(ClientRiskProfile.level, literal(RiskLevel.BAJO.value))


def _idle_days() -> Figure:
    """Days since the client's operation before this one; null when this is the first."""
    before = (_Past.client_id == Operation.client_id, _Past.id < Operation.id)
    last = select(_Past.created_at).where(*before).order_by(_Past.id.desc()).limit(1).scalar_subquery()
    return _days(Operation.created_at - last)


def _earlier() -> Figure:
    own = (_Past.client_id == Operation.client_id, _Past.id < Operation.id, _Past.state.not_in(OVER))
    return select(_Past.id).where(*own).exists()


def _client_days() -> Figure:
    return _days(Operation.created_at - Client.created_at)


def _days(span: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.floor(func.extract("epoch", span) / 86_400)


def _shared_account() -> Figure:
    mine, theirs = aliased(ClientAccount), aliased(ClientAccount)
    same = (mine.identity == theirs.identity, mine.identity != "", mine.removed_at.is_(None))
    found = select(func.count(distinct(theirs.client_id))).join(_Other, _Other.id == theirs.client_id)
    found = found.join(mine, and_(*same)).where(mine.client_id == Client.id, theirs.removed_at.is_(None))
    return found.where(_Other.closed_at.is_(None)).correlate(Client).scalar_subquery()


def _shared_phone() -> Figure:
    return _alike(_Other.phone, _Other.phone == Client.phone)


def _shared_address() -> Figure:
    same = (func.lower(_Other.address) == func.lower(Client.address), _Other.district == Client.district)
    return _alike(_Other.address, *same)


def _shared_device() -> Figure:
    mine, theirs = aliased(ClientDevice), aliased(ClientDevice)
    found = select(func.count(distinct(theirs.client_id))).join(mine, mine.device == theirs.device)
    found = found.join(_Other, _Other.id == theirs.client_id).where(mine.client_id == Client.id)
    return found.where(_Other.closed_at.is_(None)).correlate(Client).scalar_subquery()


def _alike(told: InstrumentedAttribute[str], *same: ColumnElement[bool]) -> Figure:
    """That `told` is not empty is asked of the others, because their index holds only those."""
    found = select(func.count()).select_from(_Other).where(told != "", *same, _Other.closed_at.is_(None))
    return found.correlate(Client).scalar_subquery()


_PLAIN: dict[MeasureName, Callable[[Measure], Figure]] = {
    MeasureName.AMOUNT: lambda _: Operation.amount_usd,
    MeasureName.KIND: lambda _: Operation.kind,
    MeasureName.ORIGIN: lambda _: Operation.origin,
    MeasureName.DOCUMENT: lambda _: Client.document_type,
    MeasureName.PEP: lambda _: _pep(),
    MeasureName.LIST_MATCH: lambda _: Client.list_match,
    MeasureName.RISK_LEVEL: lambda _: _risk_level(),
    MeasureName.CLIENT_DAYS: lambda _: _client_days(),
    MeasureName.IDLE_DAYS: lambda _: _idle_days(),
    MeasureName.EARLIER: lambda _: _earlier(),
    MeasureName.SHARED_ACCOUNT: lambda _: _shared_account(),
    MeasureName.SHARED_PHONE: lambda _: _shared_phone(),
    MeasureName.SHARED_ADDRESS: lambda _: _shared_address(),
    MeasureName.SHARED_DEVICE: lambda _: _shared_device(),
    MeasureName.REVERSED: _reversed,
}
