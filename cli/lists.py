"""`qoricash lists`: the restrictive lists in force, brought by hand, and everybody looked at again."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from domain.calendar import format_moment
from domain.lists import OWN, ListCode, Snapshot

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from db.tables import ListVersion
    from domain.lists import ListChange

app = typer.Typer(help="Listas restrictivas: ver, traer, importar y volver a revisar.", no_args_is_help=True)

Answer = TypeVar("Answer")
Code = Annotated[ListCode, typer.Argument(help="OFAC, ONU, PEP o INTERNA", case_sensitive=False)]
Again = Annotated[bool, typer.Option("--rescreen/--no-rescreen", help="revisa después a todos los clientes")]


@app.command("show")
def show() -> None:
    """Qué lista está vigente, desde cuándo, y cuánto trae."""
    from db import lists

    versions = _in_transaction(lists.active)
    for code in (ListCode.OFAC, ListCode.ONU, ListCode.PEP, ListCode.INTERNA):
        version = versions.get(code)
        typer.echo(f"{code:<8} {_told(version) if version else 'sin cargar'}")


@app.command("import")
def import_list(
    code: Code,
    file: Annotated[
        Path, typer.Argument(exists=True, help="hoja .xlsx o .csv (PEP, INTERNA), consolidated.xml, o carpeta de OFAC")
    ],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="solo dice qué cambiaría")] = False,
    trust: Annotated[bool, typer.Option("--trust", help="acepta una lista más corta o más antigua")] = False,
    rescreen: Again = True,
) -> None:
    """Pone en vigencia una lista desde un archivo, entera o nada."""
    from db import lists

    snapshot = _read(code, file)
    change = _in_transaction(lambda session: lists.compare(session, snapshot))
    typer.echo(_difference(snapshot, change))
    if not dry_run:
        _take(snapshot, origin=file.name, trusted=trust, rescreen=rescreen)


@app.command("download")
def download(code: Code, *, rescreen: Again = True) -> None:
    """Trae ahora una lista de su fuente, como lo hace el reloj cada seis horas."""
    from integrations.sanction_lists.errors import ListUnreachable, ListUnreadable
    from integrations.sanction_lists.source import ListSource
    from integrations.settings import ListSettings

    async def fetched() -> Snapshot:
        source = ListSource(ListSettings())
        try:
            return await source.fetch(code)
        finally:
            await source.aclose()

    try:
        snapshot = asyncio.run(fetched())
    except (ListUnreachable, ListUnreadable) as error:
        sys.exit(f"No se cambió nada. {error}")
    _take(snapshot, origin="descarga", trusted=False, rescreen=rescreen)


@app.command("rescreen")
def rescreen_all(
    *, cause: Annotated[str, typer.Option(help="por qué se revisa")] = "Pedido desde la línea de comandos"
) -> None:
    """Revisa a todos los clientes en las listas vigentes; el avance se ve en Temporal y en las revisiones."""
    _order(cause)


def _read(code: ListCode, file: Path) -> Snapshot:
    from integrations.sanction_lists import ofac, sheets, un
    from integrations.sanction_lists.errors import ListUnreadable

    try:
        if code is ListCode.OFAC:
            return ofac.read(*(_named(file, name) for name in ("sdn.csv", "alt.csv", "add.csv")))
        if code is ListCode.ONU:
            return un.read(file.read_bytes())
        if code not in OWN:
            sys.exit("Solo se importan OFAC, ONU, PEP e INTERNA.")
        sheet = sheets.read(file.read_bytes(), code)
    except (ListUnreadable, OSError) as error:
        sys.exit(f"No se cambió nada. {error}")
    if sheet.problems:
        told = "\n".join(f"  fila {one.row}: {one.words}" for one in sheet.problems)
        sys.exit(f"No se cambió nada. Corrige la hoja:\n{told}")
    return sheet.snapshot


def _named(folder: Path, name: str) -> bytes:
    """A file of OFAC's, in capitals as it is published or in small letters."""
    found = next((one for one in (folder / name, folder / name.upper()) if one.exists()), None)
    if found is None:
        sys.exit(f"En {folder} falta {name}.")
    return found.read_bytes()


def _take(snapshot: Snapshot, *, origin: str, trusted: bool, rescreen: bool) -> None:
    from db import lists
    from domain.errors import Refused

    async def taken(session: AsyncSession) -> ListVersion | None:
        return await lists.swap(session, snapshot, origin=origin, now=datetime.now(UTC), trusted=trusted)

    try:
        version = _in_transaction(taken)
    except Refused as refused:
        sys.exit(f"No se cambió nada. {refused.message} Si es correcta, repite con --trust.")
    if version is None:
        typer.echo("Es la que ya está vigente: no cambió nada.")
        return
    typer.echo(f"{version.list_code} {_told(version)}")
    if rescreen:
        _order(f"Lista nueva: {version.list_code}")


def _told(version: ListVersion) -> str:
    counts = f"{version.entries:,} entradas, {version.aliases:,} alias, {version.documents:,} documentos"
    dated = f" · publicada el {version.published}" if version.published else ""
    loaded = f"cargada el {format_moment(version.loaded_at)} ({version.origin})"
    return f"versión {version.id} · {counts}{dated} · {loaded}"


def _difference(snapshot: Snapshot, change: ListChange) -> str:
    counts = f"{len(snapshot.entries):,} entradas con {snapshot.names - len(snapshot.entries):,} alias"
    moved = f"{len(change.added):,} nuevas, {len(change.changed):,} cambiadas, {len(change.removed):,} que salen"
    return f"El archivo trae {counts}: {moved}."


def _order(cause: str) -> None:
    from temporalio.service import RPCError

    from integrations.temporal import TemporalSettings, connect
    from workflows import names
    from workflows import screening_messages as s

    async def ordered() -> None:
        client = await connect(TemporalSettings())
        await client.start_workflow(
            names.RESCREENING,
            s.RescreeningStart(),
            id=names.RESCREENING_ID,
            task_queue=names.OPERATIONS_QUEUE,
            static_summary="Revisión de todos los clientes en las listas",
            start_signal=names.LOOK_AT_ALL,
            start_signal_args=[s.RunOrder(cause=cause)],
        )

    try:
        asyncio.run(ordered())
    except (RPCError, RuntimeError):
        sys.exit("Temporal no responde: la revisión no empezó. Repite luego con `qoricash lists rescreen`.")
    typer.echo("Se pidió revisar a todos los clientes.")


def _in_transaction(doing: Callable[[AsyncSession], Awaitable[Answer]]) -> Answer:
    from db.session import make_engine, make_sessions
    from db.settings import DatabaseSettings

    async def done() -> Answer:
        engine = make_engine(DatabaseSettings())
        try:
            async with make_sessions(engine).begin() as session:
                return await doing(session)
        finally:
            await engine.dispose()

    return asyncio.run(done())
