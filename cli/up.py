"""`qoricash up`: hands over to the program in `temporal-dev/`, which is part of a checkout and not of the package."""

import os
import sys
from pathlib import Path

import typer

PROGRAM = Path(__file__).resolve().parent.parent / "temporal-dev" / "up.py"
PASS_THROUGH = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def up(context: typer.Context) -> None:
    """Levanta toda la casa en esta máquina: base de datos, Temporal, servicios de prueba, worker y API."""
    if not PROGRAM.exists():
        typer.echo(
            "`qoricash up` necesita el proyecto completo (la carpeta temporal-dev). Clona el repositorio y usa "
            "`make up`; en un servidor usa `qoricash api` y `qoricash worker`.",
            err=True,
        )
        raise typer.Exit(1)
    os.execv(sys.executable, [sys.executable, str(PROGRAM), *context.args])  # noqa: S606 - our own program
