"""A step of an operation as one statement: row, abonos, pagos, constancias, event, audit entry, and word of it.

A statement is a journey to the database, and composing one costs more than carrying it out: so there is one a step,
composed once for each set of children that a step may touch, and given its values by name.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Insert,
    Integer,
    Numeric,
    Select,
    Text,
    Update,
    all_,
    bindparam,
    case,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from db.notifications import announcing
from db.tables import AuditEntry, ClientAccount, Deposit, OperationEvent, Payout, Proof
from db.tables import Operation as OperationRow
from domain import operations as d

# What a step may change of the row, named alike there and in the domain.
PROJECTED = (
    *("version", "state", "amount_usd", "amount_pen", "operator_id", "assessment", "attention", "comments", "reason"),
    *("expires_at", "time_left", "in_process_since", "finished_at"),
)
EVENT = (
    *("operation_code", "version", "event", "state", "actor_kind", "actor_id", "actor_role", "reason", "update_id"),
    *("changes", "at"),
)
ACT = ("actor_kind", "actor_id", "actor_role", "action", "entity", "entity_id", "changes", "reason")
# The fields of an operation that are rows of their own.
_TABLES: Mapping[str, type[Any]] = {"deposits": Deposit, "payouts": Payout, "proofs": Proof}
CHILDREN = frozenset(_TABLES)

_LINE: Mapping[str, TypeEngine[Any]] = {
    "number": Integer(),
    "amount": Numeric(15, 2),
    "account_id": BigInteger(),
    "house_account_id": BigInteger(),
    "bank": Text(),
    "account": Text(),
    "transfer_code": Text(),
}
_PROOF: Mapping[str, TypeEngine[Any]] = {
    "number": Integer(),
    "by_operator": Boolean(),
    "file_key": Text(),
    "content_type": Text(),
    "size": Integer(),
    "comment": Text(),
}

Accounts = Mapping[int, ClientAccount]
Values = dict[str, Any]


async def write(
    session: AsyncSession,
    after: d.Operation,
    *,
    event: Values,
    act: Values,
    word: Values,
    children: frozenset[str] = frozenset(),
    accounts: Accounts | None = None,
    projected: bool = True,
) -> None:
    """Carry the step out. `event`, `act` and `word` are its event row, its audit entry and what the rooms are told.

    `children` (some of CHILDREN) become the workflow's: what is gone keeps its row, with the instant of its removal.
    `accounts` are the client accounts that the lines name. Without `projected` the row has just been written.
    """
    values = {f"event_{name}": value for name, value in event.items()}
    values |= {f"act_{name}": value for name, value in act.items()} | word
    # Named like no column: SQLAlchemy would take a value of a column's name for that column of every part.
    values |= {"step_code": after.code, "step_at": event["at"]}
    if projected:
        values |= {f"to_{name}": getattr(after, name) for name in PROJECTED} | {"to_update_id": event["update_id"]}
    for child in children:
        values |= _columns(child, _rows(child, after, accounts or {}))
    await session.execute(_statement(children, projected=projected), values)


@functools.cache
def _statement(children: frozenset[str], *, projected: bool) -> Select[Any]:
    """The statement of the steps that touch these children."""
    parts: list[Insert | Update] = [_inserted(OperationEvent, "event", EVENT), _inserted(AuditEntry, "act", ACT)]
    if projected:
        parts.append(_projection())
    for child in sorted(children):
        parts += [_kept(child), _gone(child)]
    return announcing(*parts)


def _inserted(table: type[OperationEvent | AuditEntry], name: str, columns: Iterable[str]) -> Insert:
    return insert(table).values({column: bindparam(f"{name}_{column}") for column in columns})


def _projection() -> Update:
    to: Values = {name: bindparam(f"to_{name}") for name in PROJECTED}
    row = update(OperationRow).where(OperationRow.code == bindparam("step_code"))
    return row.values(**to, last_update_id=bindparam("to_update_id"), updated_at=bindparam("step_at"))


def _kept(child: str) -> Insert:
    """Every line or proof that the workflow has, new or as it was."""
    types, table = _types(child), _TABLES[child]
    arrays = [bindparam(f"{child}_{name}", type_=ARRAY(kind)) for name, kind in types.items()]
    given = func.unnest(*arrays).table_valued(*types).render_derived(name=f"{child}_given")
    fixed: dict[str, ColumnElement[Any]] = {
        "operation_code": bindparam("step_code"),
        "created_at": bindparam("step_at"),
    }
    columns = {**{name: given.c[name] for name in types}, **fixed}
    rows = postgresql_insert(table).from_select([*columns], select(*columns.values()))
    new: dict[str, Any] = {name: rows.excluded[name] for name in types if name != "number"}
    if "account_id" in types:
        # Copied when the line takes the account: later edits of the client's accounts change no history (F156).
        taken = table.account_id.is_distinct_from(rows.excluded.account_id)
        new |= {name: case((taken, rows.excluded[name]), else_=getattr(table, name)) for name in ("bank", "account")}
    return rows.on_conflict_do_update(index_elements=["operation_code", "number"], set_=new | {"removed_at": None})


def _gone(child: str) -> Update:
    table = _TABLES[child]
    left = table.number != all_(bindparam(f"{child}_number", type_=ARRAY(Integer())))
    standing = (table.operation_code == bindparam("step_code"), table.removed_at.is_(None), left)
    return update(table).where(*standing).values(removed_at=bindparam("step_at"))


def _types(child: str) -> Mapping[str, TypeEngine[Any]]:
    return _PROOF if child == "proofs" else _LINE


def _columns(child: str, rows: Sequence[Values]) -> Values:
    return {f"{child}_{name}": [row[name] for row in rows] for name in _types(child)}


def _rows(child: str, after: d.Operation, accounts: Accounts) -> list[Values]:
    if child == "proofs":
        return [_proof(proof) for proof in after.proofs]
    return [_line(line, accounts) for line in getattr(after, child)]


def _line(line: d.Line, accounts: Accounts) -> Values:
    account = accounts[line.account_id] if line.account_id is not None else None
    return {
        "number": line.number,
        "amount": line.amount,
        "account_id": line.account_id,
        "house_account_id": line.house_account_id,
        "bank": account.bank.value if account else "",
        "account": account.number if account else "",
        "transfer_code": line.transfer_code,
    }


def _proof(proof: d.Proof) -> Values:
    return {
        "number": proof.number,
        "by_operator": proof.by_operator,
        "file_key": proof.file.key,
        "content_type": proof.file.content_type,
        "size": proof.file.size,
        "comment": proof.comment,
    }
