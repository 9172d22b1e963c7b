"""`qoricash migrate`: brings the tables to the last revision of the program, and says where they stand."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory

UNKNOWN_REVISION = 3  # exit code: the database is ahead of this program


def migrate(
    *, check: Annotated[bool, typer.Option("--check", help="solo dice si las tablas están al día")] = False
) -> None:
    """Pone las tablas de la base de datos al día."""
    from alembic.script import ScriptDirectory

    from db import migrations
    from db.settings import DatabaseSettings

    settings = DatabaseSettings()
    script = ScriptDirectory.from_config(migrations.config(settings))
    present = migrations.current(settings)
    _refuse_unknown(script, present)
    pending = _pending(script, present)
    if check and pending:
        typer.echo(f"La base está en {present or 'cero'} y faltan {len(pending)} cambios. Usa `qoricash migrate`.")
        raise typer.Exit(1)
    for line in pending:
        typer.echo(f"  {line}")
    if pending:
        migrations.upgrade(settings)
    typer.echo(f"Tablas al día: {migrations.head(settings)}")


def _pending(script: "ScriptDirectory", present: str | None) -> list[str]:
    """The revisions to be applied, the oldest first."""
    missing = script.iterate_revisions("head", present or "base")
    return [f"{revision.revision}  {revision.doc}" for revision in reversed(list(missing))]


def _refuse_unknown(script: "ScriptDirectory", present: str | None) -> None:
    known = {revision.revision for revision in script.walk_revisions()}
    if present and present not in known:
        typer.echo(
            f"La base de datos está en la revisión {present}, que este programa no conoce (llega a "
            f"{script.get_current_head()}): la creó una versión más nueva. Actualiza el proyecto, o usa otra base de "
            "datos (con `qoricash up`, otra carpeta: --data).",
            err=True,
        )
        raise typer.Exit(UNKNOWN_REVISION)
