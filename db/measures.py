"""Taking the measures that rules look at: of one operation as it is assessed, or of all those of a back-test.

One statement either way. Windows end at the operation's creation and go over the client's own operations up to it, with
the states that they had then: a later cancellation takes nothing away from what was already added up. Two things are as
they are today also in a back-test, because no history of them is kept: amounts, and what is known of the client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Row,
    ScalarSelect,
    Select,
    and_,
    cast,
    distinct,
    func,
    literal,
    or_,
    select,
    true,
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


def gauge(measures: Iterable[Measure], *scope: ColumnElement[bool], also: Sequence[Figure] = ()) -> Gauge:
    """What takes these measures of the operations in `scope`; `also` goes after them in each row."""
    wanted = tuple(sorted(set(measures), key=repr))
    windows = [measure for measure in wanted if measure.name in _WINDOWED]
    statement = select(Operation.code, Operation.client_id, Operation.created_at)
    source = statement.join(Client, Client.id == Operation.client_id)
    source = source.outerjoin(ClientRiskProfile, ClientRiskProfile.client_id == Operation.client_id)
    columns: dict[Measure, Figure] = {m: _PLAIN[m.name]() for m in wanted if m.name in _PLAIN}
    if windows:
        past = _window(windows).lateral("w")
        source = source.join(past, true())
        columns.update(zip(windows, past.columns, strict=True))
    return Gauge(measures=wanted, statement=source.add_columns(*[columns[m] for m in wanted], *also).where(*scope))


def _window(measures: Sequence[Measure]) -> Select[Any]:
    """Every windowed figure of one operation in one pass over its client's operations, the longest window's worth."""
    longest = timedelta(hours=max(measure.hours for measure in measures))
    columns = [_WINDOWED[measure.name](measure, _within(measure.hours)) for measure in measures]
    # Bounded on both sides by the same column, so that PostgreSQL reads this stretch of the client's index and no more.
    stretch = (_Past.created_at > Operation.created_at - longest, _Past.created_at <= Operation.created_at)
    labelled = [column.label(f"w{place}") for place, column in enumerate(columns)]
    return select(*labelled).where(_Past.client_id == Operation.client_id, *stretch)


def _within(hours: int) -> ColumnElement[bool]:
    return _Past.created_at > Operation.created_at - timedelta(hours=hours)


def _count(_measure: Measure, window: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.count().filter(window)


def _accumulated(_measure: Measure, window: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.coalesce(func.sum(_Past.amount_usd).filter(window, _alive()), 0)


def _near(measure: Measure, window: ColumnElement[bool]) -> ColumnElement[Any]:
    band = and_(_Past.amount_usd >= measure.low, _Past.amount_usd < measure.high)
    return func.count().filter(window, band, _alive())


def _average(_measure: Measure, window: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.coalesce(func.avg(_Past.amount_usd).filter(window, _done()), 0)


def _completed(_measure: Measure, window: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.count().filter(window, _done())


def _cancelled(_measure: Measure, window: ColumnElement[bool]) -> ColumnElement[Any]:
    return func.count().filter(window, _Past.state.in_(OVER), _Past.finished_at <= Operation.created_at)


def _reversed(measure: Measure, window: ColumnElement[bool]) -> ColumnElement[Any]:
    part = measure.low / HUNDRED
    alike = _Past.amount_usd.between(Operation.amount_usd * (1 - part), Operation.amount_usd * (1 + part))
    return func.count().filter(window, _Past.kind != Operation.kind, alike, _alive())


def _alive() -> ColumnElement[bool]:
    """It had not ended without effect when this operation was created."""
    earlier = or_(_Past.state.not_in(OVER), _Past.finished_at > Operation.created_at)
    return or_(_Past.id == Operation.id, earlier)


def _done() -> ColumnElement[bool]:
    """It was already completed when this operation was created."""
    return and_(_Past.state == State.COMPLETADA, _Past.finished_at <= Operation.created_at)


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


_PLAIN: dict[MeasureName, Callable[[], Figure]] = {
    MeasureName.AMOUNT: lambda: Operation.amount_usd,
    MeasureName.KIND: lambda: Operation.kind,
    MeasureName.ORIGIN: lambda: Operation.origin,
    MeasureName.DOCUMENT: lambda: Client.document_type,
    MeasureName.PEP: _pep,
    MeasureName.LIST_MATCH: lambda: Client.list_match,
    MeasureName.RISK_LEVEL: _risk_level,
    MeasureName.CLIENT_DAYS: _client_days,
    MeasureName.IDLE_DAYS: _idle_days,
    MeasureName.EARLIER: _earlier,
    MeasureName.SHARED_ACCOUNT: _shared_account,
    MeasureName.SHARED_PHONE: _shared_phone,
    MeasureName.SHARED_ADDRESS: _shared_address,
    MeasureName.SHARED_DEVICE: _shared_device,
}
_WINDOWED: dict[MeasureName, Callable[[Measure, ColumnElement[bool]], ColumnElement[Any]]] = {
    MeasureName.COUNT: _count,
    MeasureName.ACCUMULATED: _accumulated,
    MeasureName.NEAR: _near,
    MeasureName.AVERAGE: _average,
    MeasureName.COMPLETED: _completed,
    MeasureName.CANCELLED: _cancelled,
    MeasureName.REVERSED: _reversed,
}
