"""`qoricash bench`: measures the house on this machine. Each bench brings up what it needs and takes it down."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.progress import Progress

    from cli.benches.figures import Figures

app = typer.Typer(help="Mide la casa en esta máquina; levanta y detiene lo que necesita.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="además, un objeto JSON en la última línea")]


@app.command()
def operations(
    *,
    operations: Annotated[int, typer.Option(min=1, help="operaciones a completar con la casa saturada")] = 200,
    rate: Annotated[float, typer.Option(min=0.1, help="operaciones por segundo de la carga ofrecida")] = 5,
    clients: Annotated[int, typer.Option(min=1, help="clientes a la vez con la casa saturada")] = 16,
    duration: Annotated[float, typer.Option(min=1, help="segundos de la carga ofrecida")] = 60,
    expiries: Annotated[int, typer.Option(min=0, help="operaciones que se dejan vencer")] = 200,
    json: AsJson = False,
) -> None:
    """Operaciones por segundo, lo que espera cada persona, y lo que cuesta cada operación en Temporal."""
    from cli.benches.operations import Plan, run

    plan = Plan(operations=operations, rate=rate, clients=clients, seconds=duration, expiries=expiries)
    _measure(lambda progress: run(plan, progress), as_json=json)


@app.command()
def invoicing(
    *,
    operations: Annotated[int, typer.Option(min=1, help="operaciones a completar mientras NubeFact falla")] = 1000,
    clients: Annotated[int, typer.Option(min=1, help="clientes a la vez")] = 12,
    kills: Annotated[int, typer.Option(min=0, help="veces que el worker muere de golpe")] = 3,
    seed: Annotated[int, typer.Option(help="semilla de las fallas de NubeFact")] = 1,
    json: AsJson = False,
) -> None:
    """Comprobantes cuando NubeFact falla y el worker muere: cuántos faltan, se repiten o saltan un número."""
    from cli.benches.invoicing import Plan, run

    plan = Plan(operations=operations, clients=clients, kills=kills, seed=seed)
    _measure(lambda progress: run(plan, progress), as_json=json)


@app.command()
def reconciliation(
    *,
    lines: Annotated[int, typer.Option(min=100, help="líneas de cada uno de los dos extractos")] = 5000,
    seed: Annotated[int, typer.Option(help="semilla de los extractos")] = 1,
    json: AsJson = False,
) -> None:
    """Cuánto de dos extractos se concilia por sí solo, y cuánto mal: precisión y exhaustividad."""
    from cli.benches.reconciliation import Plan, run

    _measure(lambda progress: run(Plan(lines=lines, seed=seed), progress), as_json=json)


@app.command()
def screening(
    *,
    clients: Annotated[int, typer.Option(min=1, help="clientes que se revisan")] = 100_000,
    names: Annotated[int, typer.Option(min=1, help="nombres que se preguntan uno a uno")] = 2_000,
    lists: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="carpeta con ofac/, un/ y names/ de verdad")
    ] = None,
    json: AsJson = False,
) -> None:
    """Aciertos sobre pares rotulados, un nombre contra las listas enteras, y todos los clientes de nuevo."""
    from cli.benches.screening import Plan, run

    plan = Plan(clients=clients, names=names, lists=lists)
    _measure(lambda progress: run(plan, progress), as_json=json)


@app.command()
def monitoring(
    *,
    operations: Annotated[int, typer.Option(min=100, help="operaciones sembradas en seis meses")] = 50_000,
    clients: Annotated[int, typer.Option(min=10, help="clientes que las hicieron")] = 5000,
    json: AsJson = False,
) -> None:
    """Cuánto tarda probar cada regla sobre operaciones pasadas, y cuánto evaluar una operación nueva."""
    from cli.benches.monitoring import Plan, run

    _measure(lambda progress: run(Plan(operations=operations, clients=clients), progress), as_json=json)


@app.command()
def treasury(
    *,
    operations: Annotated[int, typer.Option(min=100, help="operaciones sembradas en mil días")] = 1_000_000,
    json: AsJson = False,
) -> None:
    """Posición, tablero, control, libro de un mes y revisión de la noche sobre años de operaciones."""
    from cli.benches.treasury import Plan, run

    _measure(lambda progress: run(Plan(operations=operations), progress), as_json=json)


@app.command()
def seed(
    *,
    operations: Annotated[int, typer.Option(min=100, help="operaciones sembradas en seis meses")] = 200_000,
    clients: Annotated[int, typer.Option(min=10, help="clientes que las hicieron")] = 50_000,
) -> None:
    """Llena la base de datos de DATABASE_URL con clientes y operaciones inventadas, y las deja. Nunca en producción."""
    import asyncio

    from cli.benches.seeding import run

    typer.echo(asyncio.run(run(operations=operations, clients=clients)))


@app.command()
def pages(
    *,
    operations: Annotated[int, typer.Option(min=100, help="operaciones sembradas en seis meses")] = 200_000,
    clients: Annotated[int, typer.Option(min=10, help="clientes que las hicieron")] = 50_000,
    json: AsJson = False,
) -> None:
    """Cuánto tarda cada página del panel con la casa llena, y cuándo ve una persona lo que hizo otra."""
    from cli.benches.pages import Plan, run

    _measure(lambda progress: run(Plan(operations=operations, clients=clients), progress), as_json=json)


@app.command()
def portal(
    *,
    times: Annotated[int, typer.Option(min=1, help="veces que se abre cada página en cada línea")] = 3,
    slower: Annotated[float, typer.Option(min=1, help="cuántas veces más lento que esta máquina es el celular")] = 4,
    json: AsJson = False,
) -> None:
    """Lo que espera un cliente en su celular con 4G y con 3G lenta, en un Chromium de verdad."""
    from cli.benches.portal import Plan, run

    _measure(lambda progress: run(Plan(times=times, slower=slower), progress), as_json=json)


def _measure(bench: Callable[[Progress], Figures], *, as_json: bool) -> None:
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from cli.benches import figures
    from cli.benches.stack import BenchError

    columns = (
        TextColumn("{task.description}"),
        *Progress.get_default_columns()[1:2],
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    try:
        with Progress(*columns, console=Console(stderr=True)) as progress:
            measured = bench(progress)
    except* BenchError as errors:
        sys.exit(str(errors.exceptions[0]))
    if as_json:
        typer.echo(figures.as_json(measured))
