"""`qoricash treasury`: what does not tie, and the sums by day, from the command line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import typer

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

app = typer.Typer(help="Tesorería: saldos, lo que no cuadra, y los saldos por día.", no_args_is_help=True)

Answer = TypeVar("Answer")


@app.command("balances")
def balances() -> None:
    """Lo que hay en cada cuenta de la casa, según el libro."""
    from db import movements
    from domain.calendar import business_day
    from domain.money import written

    held = _in_transaction(lambda session: movements.balances(session, until=business_day(datetime.now(UTC))))
    for one in held:
        state = "" if one.account.active else " (fuera de uso)"
        amount = written(one.amount, one.account.currency)
        typer.echo(f"{one.account.bank:<12} {one.account.currency} {amount:>20}{state}")


@app.command("check")
def check() -> None:
    """Revisa todo lo que hubo; sale con 1 si algo no cuadra. Lo que encuentra queda como incidente."""
    from db import control

    found = _in_transaction(lambda session: control.check_everything(session, now=datetime.now(UTC))).found
    for key, count in found:
        typer.echo(f"{key}: {count}")
    if found:
        raise typer.Exit(1)
    typer.echo("Todo cuadra.")


@app.command("recompute")
def recompute() -> None:
    """Calcula de nuevo los saldos por día a partir de cada línea del libro."""
    from db import ledger_days

    _in_transaction(lambda session: ledger_days.recompute(session, at=datetime.now(UTC)))
    typer.echo("Listo: saldos por día recalculados.")


def _in_transaction(action: Callable[[AsyncSession], Awaitable[Answer]]) -> Answer:
    """Run in one transaction that may take as long as it needs."""
    from sqlalchemy import text

    from db.session import make_engine, make_sessions
    from db.settings import DatabaseSettings

    async def run() -> Answer:
        engine = make_engine(DatabaseSettings())
        try:
            async with make_sessions(engine).begin() as session:
                await session.execute(text("SET LOCAL statement_timeout = 0"))
                return await action(session)
        finally:
            await engine.dispose()

    return asyncio.run(run())
