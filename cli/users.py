"""`qoricash user`: the people of the house, for the first Master and for whoever is locked out."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from domain.calendar import format_moment
from domain.errors import Refused
from domain.permissions import Role

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

app = typer.Typer(help="Personas de la casa: crear, dar otra contraseña, ver.", no_args_is_help=True)

Username = Annotated[str, typer.Argument(help="nombre de usuario")]


@app.command("create")
def create(
    username: Username,
    *,
    role: Annotated[Role, typer.Option(help="rol")],
    email: Annotated[str, typer.Option(prompt="Correo", help="correo")],
    name: Annotated[str, typer.Option(prompt="Nombre completo", help="nombre completo")],
    ask_password: Annotated[
        bool, typer.Option("--ask-password", help="pide la contraseña en vez de inventar una temporal")
    ] = False,
) -> None:
    """Crea una persona; sin --ask-password le da una contraseña temporal que cambiará al entrar."""
    from db import passwords, users
    from domain.operations import SYSTEM

    password = _asked() if ask_password else passwords.temporary()

    async def made(session: "AsyncSession") -> None:
        users.check_password(password, username=username)
        await users.create_user(
            session,
            actor=SYSTEM,
            username=username,
            email=email,
            full_name=name,
            role=role,
            password_hash=await passwords.hashed(password),
            must_change_password=not ask_password,
        )

    in_transaction(made)
    typer.echo(f"Listo: {username} ({role}).{_shown(password, ask_password)}")


@app.command("reset")
def reset(
    username: Username,
    *,
    ask_password: Annotated[bool, typer.Option("--ask-password", help="pide la contraseña nueva")] = False,
) -> None:
    """Da otra contraseña, desbloquea la cuenta y cierra sus sesiones."""
    from db import passwords, users
    from domain.errors import Missing
    from domain.operations import SYSTEM

    password = _asked() if ask_password else passwords.temporary()

    async def given(session: "AsyncSession") -> None:
        users.check_password(password, username=username)
        person = await users.by_username(session, username)
        if person is None:
            raise Missing("USER_NOT_FOUND", f"No hay una persona activa con el usuario {username}.")
        await users.reset_password(
            session,
            person.id,
            actor=SYSTEM,
            password_hash=await passwords.hashed(password),
            now=datetime.now(UTC),
            must_change=not ask_password,
        )

    in_transaction(given)
    typer.echo(f"Listo: contraseña nueva para {username}.{_shown(password, ask_password)}")


@app.command("list")
def show() -> None:
    """Muestra a todas las personas, las activas primero."""
    from rich.console import Console
    from rich.table import Table

    from db import users

    table = Table("Usuario", "Nombre", "Rol", "Estado", "Último ingreso")

    async def listed(session: "AsyncSession") -> None:
        for person in await users.list_users(session):
            seen = format_moment(person.last_login) if person.last_login else "nunca"
            table.add_row(person.username, person.full_name, person.role, person.status, seen)

    in_transaction(listed)
    Console().print(table)


def _asked() -> str:
    return str(typer.prompt("Contraseña", hide_input=True, confirmation_prompt="Otra vez"))


def _shown(password: str, asked: bool) -> str:
    return "" if asked else f"\nContraseña temporal: {password}  (pedirá cambiarla al entrar)"


def in_transaction(action: "Callable[[AsyncSession], Awaitable[None]]") -> None:
    """Run the action in one transaction; a refusal of the house becomes a sentence and exit code 1."""
    from db.session import make_engine, make_sessions
    from db.settings import DatabaseSettings

    async def run() -> None:
        engine = make_engine(DatabaseSettings())
        try:
            async with make_sessions(engine).begin() as session:
                await action(session)
        finally:
            await engine.dispose()

    try:
        asyncio.run(run())
    except Refused as refusal:
        typer.echo(refusal.message, err=True)
        raise typer.Exit(1) from refusal
