"""The people of the house: who they are, their roles, and that one active Master always remains."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from db import audit, sessions
from db.tables import User
from domain import clients
from domain.errors import Conflict, Invalid, Missing
from domain.operations import Actor, FieldChange
from domain.permissions import Role

ACTIVE = "Activo"
INACTIVE = "Inactivo"


def check_password(text: str, *, username: str, field: str = "password") -> None:
    """The house's policy: 8 characters or more, with letters and digits, and not the username. Raises Invalid."""
    clients.check_password(text, document=username, field=field)
    if not any(c.isdigit() for c in text) or not any(c.isalpha() for c in text):
        raise Invalid("PASSWORD_WEAK", "La contraseña debe tener letras y números.", field=field)


async def create_user(
    session: AsyncSession,
    *,
    actor: Actor,
    username: str,
    email: str,
    full_name: str,
    role: Role,
    password_hash: str,
    must_change_password: bool = False,
) -> User:
    """A new person of the house. Raises Conflict when an active one has that username or e-mail (F176)."""
    row = User(
        username=username.strip(),
        email=email.strip().lower(),
        full_name=full_name.strip(),
        role=role,
        password_hash=password_hash,
        must_change_password=must_change_password,
    )
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        field = "email" if "email" in str(error.orig) else "username"
        raise Conflict("USER_EXISTS", "Ya hay una persona activa con ese usuario o correo.", field=field) from error
    await session.refresh(row)
    change = FieldChange(field="role", before="", after=role.value)
    audit.record(session, actor=actor, action="users.create", entity="user", entity_id=row.id, changes=[change])
    return row


async def by_username(session: AsyncSession, username: str) -> User | None:
    """The active person with this username, written in any case."""
    wanted = select(User).where(func.lower(User.username) == username.strip().lower(), User.status == ACTIVE)
    return await session.scalar(wanted)


async def by_id(session: AsyncSession, user_id: int, *, lock: bool = False) -> User:
    """One person, active or not. Raises Missing."""
    row = await session.get(User, user_id, with_for_update=lock)
    if row is None:
        raise Missing("USER_NOT_FOUND", "No encontramos a esta persona.")
    return row


async def names(session: AsyncSession) -> dict[int, str]:
    """The whole names of the people of the house by id, for a list whose rows only have ids."""
    return dict((await session.execute(select(User.id, User.full_name))).all())


async def list_users(session: AsyncSession) -> Sequence[User]:
    """Everybody, the active first, by name."""
    return (await session.scalars(select(User).order_by(User.status, func.lower(User.full_name), User.id))).all()


async def reset_password(
    session: AsyncSession, user_id: int, *, actor: Actor, password_hash: str, now: datetime, must_change: bool = True
) -> User:
    """Give a new password, unlock the account and end its sessions."""
    row = await by_id(session, user_id, lock=True)
    row.password_hash = password_hash
    row.must_change_password = must_change
    row.failed_attempts = 0
    row.locked_until = None
    await sessions.end_of_user(session, user_id, now)
    audit.record(session, actor=actor, action="users.reset_password", entity="user", entity_id=user_id)
    return row


async def change_own_password(
    session: AsyncSession, user_id: int, *, actor: Actor, password_hash: str, now: datetime, keep: int
) -> None:
    """A person's own new password; its other sessions end, the one with id `keep` goes on."""
    row = await by_id(session, user_id, lock=True)
    row.password_hash = password_hash
    row.must_change_password = False
    await sessions.end_of_user(session, user_id, now, keep=keep)
    audit.record(session, actor=actor, action="users.change_password", entity="user", entity_id=user_id)


async def deactivate(session: AsyncSession, user_id: int, *, actor: Actor, now: datetime) -> User:
    """Nobody signs in with it, and what is open ends at once. Raises Conflict for oneself or the last Master."""
    await _keep_a_master(session, user_id)
    row = await by_id(session, user_id, lock=True)
    if actor.id == user_id:
        raise Conflict("OWN_USER", "No puedes desactivarte tú; pídelo a otro Master.")
    if row.status == INACTIVE:
        raise Conflict("ALREADY_INACTIVE", "Esta persona ya está inactiva.")
    row.status = INACTIVE
    await sessions.end_of_user(session, user_id, now)
    change = FieldChange(field="status", before=ACTIVE, after=INACTIVE)
    audit.record(session, actor=actor, action="users.deactivate", entity="user", entity_id=user_id, changes=[change])
    return row


async def set_role(session: AsyncSession, user_id: int, role: Role, *, actor: Actor, now: datetime) -> User:
    """Change what a person may do; it signs in again. Raises Conflict for oneself or the last Master."""
    if role is not Role.MASTER:
        await _keep_a_master(session, user_id)
    row = await by_id(session, user_id, lock=True)
    if actor.id == user_id:
        raise Conflict("OWN_USER", "No puedes cambiar tu propio rol; pídelo a otro Master.")
    change = FieldChange(field="role", before=row.role.value, after=role.value)
    row.role = role
    await sessions.end_of_user(session, user_id, now)
    audit.record(session, actor=actor, action="users.set_role", entity="user", entity_id=user_id, changes=[change])
    return row


async def _keep_a_master(session: AsyncSession, user_id: int) -> None:
    """Locks every active Master, so that two who deactivate each other at once do not leave the house without one."""
    masters = select(User.id).where(User.role == Role.MASTER, User.status == ACTIVE).order_by(User.id).with_for_update()
    active = (await session.scalars(masters)).all()
    if list(active) == [user_id]:
        raise Conflict("LAST_MASTER", "Es el último Master activo. Nombra a otro antes.")


async def addresses_of(session: AsyncSession, role: Role) -> Sequence[str]:
    """The mail addresses of the active people of a role."""
    wanted = select(User.email).where(User.status == "Activo", User.role == role).order_by(User.id)
    return (await session.scalars(wanted)).all()
