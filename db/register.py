"""The Registro de Operaciones: written when an operation is completed, read by month, corrected by another row."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Date, Integer, Select, and_, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from db.cases import audit_subject
from db.client_reads import display_name
from db.parameters import figure
from db.tables import Client, ClientRiskProfile, Operation, RegisterEntry
from domain.calendar import LIMA, business_day
from domain.errors import Conflict, Missing
from domain.operations import State
from domain.register import ACCUMULATED, SINGLE, Modality, corrected, modality, parties, person_type

# An operation is completed within days of its creation; this bounds what is read of a client's past.
LONGEST_LIFE = timedelta(days=31)
KEPT = tuple(name for name in RegisterEntry.__table__.columns.keys() if name not in {"id", "at"})  # noqa: SIM118
COPIED = (
    "client_id",
    "kind",
    "amount_usd",
    "amount_pen",
    "rate",
    "source_bank",
    "source_account",
    "destination_bank",
    "destination_account",
)
_Newer = aliased(RegisterEntry)


@dataclass(frozen=True, kw_only=True)
class Correction:
    """What the officer has learnt. `people` is by role, and only what changes."""

    people: Mapping[str, Mapping[str, str]]
    funds_origin: str
    observations: str
    reason: str


async def record(session: AsyncSession, code: str) -> int:
    """Register a completed operation if it must be, and with it those of its client's month; answers how many.

    Whatever is there already stays as it is, so that this may run again.
    """
    found = (await session.execute(_standing(), {"code": code})).one_or_none()
    if found is None:
        return 0
    asked = modality(found.amount_usd, found.month_usd, single=found.single, accumulated=found.accumulated)
    if asked is None:
        return 0
    client = await session.get_one(Client, found.client_id)
    pep = await session.scalar(select(ClientRiskProfile.pep_kind).where(ClientRiskProfile.client_id == client.id))
    people = parties(_party(client, pep=pep is not None), representative=client.contact_person)
    rows = (await session.scalars(_missing(code, whole_month=found.month_usd >= found.accumulated))).all()
    for row in rows:
        how = Modality.UNICA if row.amount_usd >= found.single else Modality.MULTIPLE
        await session.execute(insert(RegisterEntry).values(_entry(row, people, how)).on_conflict_do_nothing())
    return len(rows)


@functools.cache
def _standing() -> Select[Any]:
    """A completed operation beside what its client completed in its month, and the thresholds of its day.

    Composed once: each operation that is completed asks it, and composing it costs several times its answer.
    """
    day = cast(func.timezone(LIMA.key, Operation.finished_at), Date)
    month = aliased(Operation)
    total = select(func.sum(month.amount_usd)).where(*_in_month(month)).scalar_subquery()
    return select(
        Operation.client_id,
        Operation.amount_usd,
        total.label("month_usd"),
        figure(SINGLE, day).label("single"),
        figure(ACCUMULATED, day).label("accumulated"),
    ).where(Operation.code == bindparam("code"), Operation.state == State.COMPLETADA)


def _in_month(other: type[Operation]) -> tuple[ColumnElement[bool], ...]:
    """Completed by the same client in the same Lima month as Operation."""
    first = func.timezone(LIMA.key, func.date_trunc("month", func.timezone(LIMA.key, Operation.finished_at)))
    same = func.date_trunc("month", func.timezone(LIMA.key, other.finished_at)) == func.date_trunc(
        "month", func.timezone(LIMA.key, Operation.finished_at)
    )
    own = (other.client_id == Operation.client_id, other.state == State.COMPLETADA)
    return (*own, other.created_at > first - LONGEST_LIFE, same)


def _missing(code: str, *, whole_month: bool) -> Select[Operation]:
    """What is to be written: the operation, or all of its month, without what is there."""
    row = aliased(Operation)
    there = select(RegisterEntry.id).where(RegisterEntry.operation_code == row.code).exists()
    month = and_(*_in_month(row)) if whole_month else row.code == code
    wanted = select(row).join(Operation, Operation.code == code).where(month, ~there)
    return wanted.order_by(row.id)


def _party(client: Client, *, pep: bool) -> dict[str, str]:
    return {
        "person_type": person_type(client.document_type, client.document_number),
        "document_type": client.document_type.value,
        "document_number": client.document_number,
        "name": display_name(client),
        "address": ", ".join(
            part for part in (client.address, client.district, client.province, client.department) if part
        ),
        "phone": client.phone,
        "pep": "Sí" if pep else "No",
    }


def _entry(row: Operation, people: Mapping[str, Any], how: Modality) -> dict[str, Any]:
    assert row.finished_at is not None  # a completed one has it
    copied = {name: getattr(row, name) for name in COPIED}
    told = {"modality": how, "people": people, "day": business_day(row.finished_at), "occurred_at": row.finished_at}
    return {"operation_code": row.code, "entry": 1, **copied, **told}


async def listed(
    session: AsyncSession, *, since: date, until: date, before: int | None = None, limit: int | None = None
) -> Sequence[RegisterEntry]:
    """The rows that count of the days since <= day < until, newest first."""
    wanted = select(RegisterEntry).where(RegisterEntry.day >= since, RegisterEntry.day < until, _counts())
    if before is not None:
        wanted = wanted.where(RegisterEntry.id < before)
    return (await session.scalars(wanted.order_by(RegisterEntry.id.desc()).limit(limit))).all()


async def of_client(session: AsyncSession, client_id: int) -> Sequence[RegisterEntry]:
    """The rows that count of one client, oldest first."""
    wanted = select(RegisterEntry).where(RegisterEntry.client_id == client_id, _counts())
    return (await session.scalars(wanted.order_by(RegisterEntry.id))).all()


async def totals(session: AsyncSession, year: int) -> Sequence[tuple[Modality, int, int, Decimal]]:
    """Modality, month, rows and USD of a year; an operation counts once however often it was corrected."""
    month = cast(func.date_part("month", RegisterEntry.day), Integer)
    figures = (RegisterEntry.modality, month, func.count(), func.sum(RegisterEntry.amount_usd))
    inside = (RegisterEntry.day >= date(year, 1, 1), RegisterEntry.day < date(year + 1, 1, 1), _counts())
    rows = await session.execute(select(*figures).where(*inside).group_by(RegisterEntry.modality, month))
    return [(how, number, count, usd) for how, number, count, usd in rows]


async def entries(session: AsyncSession, code: str) -> Sequence[RegisterEntry]:
    """Every row of an operation, the first as it was written and its corrections. Raises Missing."""
    wanted = select(RegisterEntry).where(RegisterEntry.operation_code == code).order_by(RegisterEntry.entry)
    rows = (await session.scalars(wanted)).all()
    if not rows:
        raise Missing("REGISTER_UNKNOWN", "Esa operación no está en el registro.")
    return rows


async def correct(session: AsyncSession, code: str, what: Correction, *, by: int) -> None:
    """Add a row that takes the place of the last one. Raises Missing, Invalid or Conflict."""
    last = (await entries(session, code))[-1]
    kept = {name: getattr(last, name) for name in KEPT}
    kept |= {"entry": last.entry + 1, "people": corrected(last.people, what.people), "user_id": by}
    kept |= {"reason": what.reason, "funds_origin": what.funds_origin or last.funds_origin}
    kept["observations"] = what.observations or last.observations
    try:
        async with session.begin_nested():
            session.add(RegisterEntry(**kept))
    except IntegrityError as error:
        raise Conflict("REGISTER_CHANGED", "Alguien corrigió esta fila ahora mismo. Vuelve a leerla.") from error
    audit_subject(session, f"registro:{code}", user_id=by, action="corrección", detail=what.reason)


def _counts() -> ColumnElement[bool]:
    """No correction has come after it."""
    newer = (_Newer.operation_code == RegisterEntry.operation_code, _Newer.entry > RegisterEntry.entry)
    return ~select(_Newer.id).where(*newer).exists()
