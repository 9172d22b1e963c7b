"""The `qoricash` command. One file per noun; heavy imports stay inside the commands, so that --help is immediate."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli import api, bench, doctor, lists, migrate, partners, replay, rules, treasury, up, users, worker

commands = typer.Typer(
    help="QoriCash: la casa de cambio en línea. Empieza con `qoricash up`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a local may hold a password
)


@commands.callback()
def environment(
    data: Annotated[
        Path | None, typer.Option(help="usa la pila local de esta carpeta (por defecto var/, si no hay DATABASE_URL)")
    ] = None,
) -> None:
    """Before any command: outside a server, the settings are those that `qoricash up` left in its data folder."""
    if data is None and "DATABASE_URL" in os.environ:
        return
    file = (data or Path("var")) / "stack.env"
    if file.exists():
        from dotenv import load_dotenv

        load_dotenv(file, override=data is not None)
    elif data is not None:
        sys.exit(f"No existe {file}: levanta la pila con `qoricash up --data {data}`.")


commands.command("up", context_settings=up.PASS_THROUGH)(up.up)
commands.command("api")(api.serve)
commands.command("worker")(worker.work)
commands.command("migrate")(migrate.migrate)
commands.add_typer(users.app, name="user")
commands.add_typer(partners.app, name="partner")
commands.add_typer(lists.app, name="lists")
commands.command("replay")(replay.replay)
commands.add_typer(treasury.app, name="treasury")
commands.add_typer(bench.app, name="bench")
commands.add_typer(rules.app, name="rules")
commands.command("doctor")(doctor.doctor)


def app() -> None:
    """Run the command; what a person can mend (settings, a database that is down) is a sentence, not a traceback."""
    try:
        commands()
    except Exception as error:
        reasons = _mendable(error)
        if not reasons:
            raise
        sys.exit("\n".join([*reasons, "Revisa con `qoricash doctor`."]))


def _mendable(error: Exception) -> list[str]:
    # Imported only now: --help and a clean run never need them here.
    from pydantic import ValidationError
    from sqlalchemy.exc import OperationalError

    from cli.settings import complaints
    from integrations.temporal import Misconfigured

    if isinstance(error, ValidationError):
        return complaints(error)
    if isinstance(error, Misconfigured):
        return [str(error)]
    if isinstance(error, OperationalError):
        return ["No se puede conectar a la base de datos (DATABASE_URL). ¿Está en marcha?"]
    return []
