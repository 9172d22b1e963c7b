"""`qoricash partner`: systems of other companies and their API keys."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from cli.users import in_transaction

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

app = typer.Typer(help="Aliados: crear, dar otra clave, cerrar, ver.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="nombre del aliado")]


@app.command("create")
def create(name: Name) -> None:
    """Crea un aliado y muestra su clave, una sola vez."""
    from db import partners
    from domain.operations import SYSTEM

    async def made(session: "AsyncSession") -> None:
        issued = await partners.create(session, name, actor=SYSTEM)
        _show(issued.partner.name, issued.key)

    in_transaction(made)


@app.command("rotate")
def rotate(
    name: Name,
    *,
    grace_hours: Annotated[int, typer.Option(min=0, max=168, help="horas que la clave anterior sigue valiendo")] = 24,
) -> None:
    """Da otra clave; con --grace-hours 0 la anterior deja de valer ahora."""
    from db import partners
    from domain.operations import SYSTEM

    async def rotated(session: "AsyncSession") -> None:
        partner = await partners.by_name(session, name)
        grace, now = timedelta(hours=grace_hours), datetime.now(UTC)
        issued = await partners.rotate(session, partner.id, grace=grace, actor=SYSTEM, now=now)
        _show(issued.partner.name, issued.key)

    in_transaction(rotated)


@app.command("close")
def close(name: Name) -> None:
    """Cierra a un aliado: ninguna clave suya vale ya."""
    from db import partners
    from domain.operations import SYSTEM

    async def closed(session: "AsyncSession") -> None:
        partner = await partners.by_name(session, name)
        await partners.close(session, partner.id, actor=SYSTEM, now=datetime.now(UTC))

    in_transaction(closed)
    typer.echo(f"Listo: {name} ya no puede entrar.")


@app.command("list")
def show() -> None:
    """Muestra a los aliados y sus claves por sus primeras letras."""
    from rich.console import Console
    from rich.table import Table

    from db import partners

    table = Table("Aliado", "Clave", "Último uso", "Vence", "Cerrado")

    async def listed(session: "AsyncSession") -> None:
        for partner, keys in await partners.listed(session):
            for key in keys:
                row = (key.last_used_at, key.expires_at, partner.closed_at)
                table.add_row(partner.name, f"{key.hint}…", *(f"{at:%d/%m/%Y %H:%M} UTC" if at else "—" for at in row))

    in_transaction(listed)
    Console().print(table)


def _show(name: str, key: str) -> None:
    typer.echo(f"Clave de {name} (no se vuelve a mostrar):\n{key}")
