"""`qoricash doctor`: looks at every part of the house and says which one does not work and how to mend it."""

import asyncio
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from cli.checkups import Checkup

PATIENCE = 15.0  # seconds for one part


def doctor() -> None:
    """Revisa la instalación: qué falta o está mal configurado, y cómo arreglarlo."""
    broken = asyncio.run(_examine())
    if broken:
        raise typer.Exit(1)


async def _examine() -> int:
    """Print the table; answer how many parts do not work."""
    from rich.console import Console
    from rich.table import Table

    from cli.checkups import CHECKUPS

    table = Table("", "Parte", "Qué se ve o cómo se arregla", box=None, pad_edge=False)
    broken = 0
    console = Console()
    with console.status("Revisando…") as status:
        for title, checkup in CHECKUPS:
            status.update(f"Revisando: {title}…")
            works, said = await _seen(checkup)
            broken += not works
            table.add_row("[green]✓[/]" if works else "[red]✗[/]", title, said)
    console.print(table)
    console.print(f"{broken} por arreglar." if broken else "Todo en orden.")
    return broken


async def _seen(checkup: "Checkup") -> tuple[bool, str]:
    """Whether the part works, and what to tell the person."""
    from pydantic import ValidationError

    from cli.checkups import Ill
    from cli.settings import complaints
    from integrations.temporal import Misconfigured

    try:
        return True, await asyncio.wait_for(checkup(), PATIENCE)
    except (Ill, Misconfigured) as ill:
        return False, str(ill)
    except ValidationError as error:
        return False, " ".join(complaints(error))
    except TimeoutError:
        return False, f"No respondió en {PATIENCE:.0f} segundos: revisa que esté en marcha y que la red llegue."
    except Exception as error:  # noqa: BLE001 - one part that fails in a new way must not hide the others
        return False, f"Falló la revisión: {type(error).__name__}: {error}"
