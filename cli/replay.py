"""`qoricash replay`: runs recorded histories on the present code, to know before a deploy that none of them breaks."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from temporalio.client import WorkflowHistory
    from temporalio.worker import Replayer

    from integrations.temporal import TemporalSettings

HISTORIES = Path(__file__).resolve().parent.parent / "tests" / "histories"


def replay(
    *,
    folder: Annotated[Path, typer.Option(help="carpeta de historias .json")] = HISTORIES,
    server: Annotated[int, typer.Option(min=0, help="además, las últimas N historias del servidor de Temporal")] = 0,
) -> None:
    """Repite historias con el código actual; sale con 1 si alguna ya no calza."""
    broken, total = asyncio.run(_replay(folder, server))
    for workflow_id, reason in broken:
        typer.echo(f"✗ {workflow_id}: {reason}", err=True)
    typer.echo(f"{total - len(broken)} de {total} historias calzan con el código actual.")
    if broken:
        typer.echo("Protege el cambio con workflow.patched() antes de desplegar.", err=True)
    if broken or not total:
        raise typer.Exit(1)


async def _replay(folder: Path, server: int) -> tuple[list[tuple[str, str]], int]:
    from rich.progress import track

    from integrations.temporal import TemporalSettings

    settings = TemporalSettings()
    histories = [*_recorded(folder), *await _recent(settings, server)]
    replayer = _replayer(settings)
    broken = []
    for history in track(histories, description="Repitiendo", transient=True):
        result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        if result.replay_failure:
            broken.append((history.workflow_id, str(result.replay_failure)))
    return broken, len(histories)


def _replayer(settings: "TemporalSettings") -> "Replayer":
    from temporalio.worker import Replayer

    from integrations.temporal import data_converter
    from worker.main import WORKFLOWS
    from workflows.sandbox import RUNNER

    return Replayer(workflows=WORKFLOWS, workflow_runner=RUNNER, data_converter=data_converter(settings))


def _recorded(folder: Path) -> "Iterator[WorkflowHistory]":
    from temporalio.client import WorkflowHistory

    for file in sorted(folder.glob("**/*.json")):
        yield WorkflowHistory.from_json(file.stem, file.read_text())


async def _recent(settings: "TemporalSettings", count: int) -> "list[WorkflowHistory]":
    """The newest histories of the house's workflows on the server."""
    if not count:
        return []
    from integrations.temporal import connect
    from workflows import names

    client = await connect(settings)
    queues = ", ".join(f"'{queue}'" for queue in (names.OPERATIONS_QUEUE, names.INVOICING_QUEUE, names.NOTICES_QUEUE))
    listed = client.list_workflows(f"TaskQueue IN ({queues})", limit=count)
    return [await client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history() async for run in listed]
