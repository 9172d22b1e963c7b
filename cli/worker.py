"""`qoricash worker`: one worker process; SIGTERM lets it finish what it has in hand."""

from typing import Annotated

import typer

from cli.loading import for_good
from worker.shares import Share


def work(
    *,
    only: Annotated[
        Share, typer.Option(help="qué atiende: todo, solo operaciones (lo que la gente espera) o solo efectos")
    ] = Share.ALL,
) -> None:
    """Atiende las operaciones: ejecuta sus pasos, plazos y efectos."""
    with for_good():
        from worker.main import run

    run(only)
