"""`qoricash rules`: the monitoring rules, and what one would have raised over past operations."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from db.rules import Trial
    from domain.rules import Definition

app = typer.Typer(help="Reglas de monitoreo: ver y probar sobre operaciones pasadas.", no_args_is_help=True)
_Answer = TypeVar("_Answer")
MONTHS = 6
SHOWN = 10


@app.command("list")
def show() -> None:
    """Las reglas publicadas: qué busca cada una y si retiene."""
    from rich.console import Console
    from rich.table import Table

    from db.rules import in_force

    book = _read(in_force)
    table = Table("Regla", "Versión", "Severidad", "Retiene", "Qué busca", box=None)
    for rule in book.rules:
        told = rule.definition
        table.add_row(rule.key, str(rule.version), told.severity, "sí" if told.hold else "no", told.words)
    Console().print(table)


@app.command("backtest")
def back_test(
    key: Annotated[str, typer.Argument(help="la regla, por ejemplo «monto-alto»; con --file, el nombre que tendría")],
    *,
    months: Annotated[int, typer.Option(min=1, max=24, help="meses hacia atrás")] = MONTHS,
    file: Annotated[Path | None, typer.Option(exists=True, help="definición en JSON, en vez de la publicada")] = None,
) -> None:
    """Prueba una regla sobre los últimos meses: cuántas alertas habría levantado y a quién. No guarda nada."""
    from db import rules
    from domain.calendar import business_day

    today = business_day(datetime.now(UTC))
    since = today - timedelta(days=30 * months)

    async def tried(session: "AsyncSession") -> "tuple[Definition, Trial]":
        given = _written(file) if file else await _published(session, key)
        return given, await rules.back_test(session, key, given, since=since, until=today)

    started = time.perf_counter()
    definition, trial = _read(tried)
    _tell(definition, trial, since, today, seconds=time.perf_counter() - started)


def _written(file: Path) -> "Definition":
    from pydantic import ValidationError

    from domain.rules import Definition

    try:
        return Definition.model_validate_json(file.read_text())
    except ValidationError as error:
        for wrong in error.errors(include_url=False):
            typer.echo(f"{'.'.join(str(part) for part in wrong['loc']) or file.name}: {wrong['msg']}", err=True)
        raise typer.Exit(1) from error


async def _published(session: "AsyncSession", key: str) -> "Definition":
    from db.rules import in_force

    found = [rule for rule in (await in_force(session)).rules if rule.key == key]
    if not found:
        typer.echo(f"No hay una regla publicada que se llame «{key}». Mira `qoricash rules list`.", err=True)
        raise typer.Exit(1)
    return found[0].definition


def _tell(definition: "Definition", trial: "Trial", since: date, until: date, *, seconds: float) -> None:
    from domain.calendar import format_day

    typer.echo(f"{definition.name}: {definition.words}")
    typer.echo(f"Del {format_day(since)} al {format_day(until)}: {trial.operations:,} operaciones en {seconds:.2f} s")
    typer.echo(f"Alertas: {trial.alerts:,} · clientes: {len(trial.clients):,} · retenidas: {trial.held:,}")
    for month, count in sorted(trial.months.items()):
        typer.echo(f"  {month}: {count:,}")
    for client, count in trial.clients.most_common(SHOWN):
        typer.echo(f"  cliente {client}: {count:,}")


def _read(question: "Callable[[AsyncSession], Awaitable[_Answer]]") -> _Answer:
    from db.session import make_engine, make_sessions
    from db.settings import DatabaseSettings

    async def run() -> _Answer:
        engine = make_engine(DatabaseSettings())
        try:
            async with make_sessions(engine).begin() as session:
                return await question(session)
        finally:
            await engine.dispose()

    return asyncio.run(run())
