"""The people of the house, managed by Master."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from api.auth import SignedUser, requires
from api.services import ServicesDep
from api.staff.shapes import MAX_ID, Answer, Body, example
from db import passwords, second_factors, sessions, users
from domain import clients
from domain.errors import Invalid
from domain.permissions import Permission, Role

router = APIRouter(prefix="/api/staff/users", tags=["Personas de la casa"])

UserId = Annotated[int, Path(ge=1, le=MAX_ID)]
Manager = Annotated[SignedUser, requires(Permission.USERS_MANAGE)]


class NewUserBody(Body):
    """A new person. Without `password` a temporary one is made, to be changed at the first sign-in."""

    model_config = example(username="rquispe", email="rquispe@qoricash.test", full_name="Rosa Quispe", role="Operador")
    username: str = Field(min_length=3, max_length=40, pattern=r"^[A-Za-z0-9._-]+$")
    email: str = Field(min_length=3, max_length=250)
    full_name: str = Field(min_length=3, max_length=120)
    role: Role
    password: str | None = Field(default=None, max_length=128)


class RoleBody(Body):
    """The role to give."""

    model_config = example(role="Trader")
    role: Role


class PersonView(Answer):
    """A person of the house."""

    id: int
    username: str
    email: str
    full_name: str
    role: Role
    status: str
    must_change_password: bool
    locked_until: datetime | None
    last_login: datetime | None
    created_at: datetime


class PersonAnswer(Answer):
    """A person, with the temporary password where one was made: it is shown this once."""

    user: PersonView
    temporary_password: str | None = None


@router.get("")
async def list_users(_user: Manager, services: ServicesDep) -> list[PersonView]:
    """Everybody, the active first."""
    async with services.sessions() as session:
        return [PersonView.model_validate(row) for row in await users.list_users(session)]


@router.post("", status_code=201)
async def create_user(body: NewUserBody, user: Manager, services: ServicesDep) -> PersonAnswer:
    """Add a person. A username or e-mail of somebody active is refused; of somebody inactive it may be used again."""
    addresses = clients.emails(body.email)
    if len(addresses) != 1:
        raise Invalid("EMAIL_FORMAT", "Escribe un solo correo.", field="email")
    if body.password is not None:
        users.check_password(body.password, username=body.username)
    password = body.password or passwords.temporary()
    kept = await passwords.hashed(password)
    async with services.sessions.begin() as session:
        row = await users.create_user(
            session,
            actor=user.actor,
            username=body.username,
            email=addresses[0],
            full_name=body.full_name,
            role=body.role,
            password_hash=kept,
            must_change_password=body.password is None,
        )
    return PersonAnswer(
        user=PersonView.model_validate(row), temporary_password=password if body.password is None else None
    )


@router.post("/{user_id}/reset-password")
async def reset_password(user_id: UserId, user: Manager, services: ServicesDep) -> PersonAnswer:
    """Make a temporary password, unlock the account and end its sessions."""
    password = passwords.temporary()
    kept = await passwords.hashed(password)
    async with services.sessions.begin() as session:
        row = await users.reset_password(
            session, user_id, actor=user.actor, password_hash=kept, now=datetime.now(UTC), must_change=True
        )
    return PersonAnswer(user=PersonView.model_validate(row), temporary_password=password)


@router.post("/{user_id}/reset-factors")
async def reset_factors(user_id: UserId, user: Manager, services: ServicesDep) -> PersonAnswer:
    """For who lost telephone and keys: codes and passkeys are taken away and its sessions end."""
    async with services.sessions.begin() as session:
        row = await users.by_id(session, user_id)
        await second_factors.remove_everything(session, user_id, actor=user.actor)
        await sessions.end_of_user(session, user_id, datetime.now(UTC))
    return PersonAnswer(user=PersonView.model_validate(row))


@router.post("/{user_id}/deactivate")
async def deactivate(user_id: UserId, user: Manager, services: ServicesDep) -> PersonAnswer:
    """Nobody signs in with it any more, and its sessions end at once. Never oneself, never the last Master."""
    async with services.sessions.begin() as session:
        row = await users.deactivate(session, user_id, actor=user.actor, now=datetime.now(UTC))
    return PersonAnswer(user=PersonView.model_validate(row))


@router.post("/{user_id}/role")
async def set_role(user_id: UserId, body: RoleBody, user: Manager, services: ServicesDep) -> PersonAnswer:
    """Change what a person may do; it signs in again. Never one's own role, never that of the last Master."""
    async with services.sessions.begin() as session:
        row = await users.set_role(session, user_id, body.role, actor=user.actor, now=datetime.now(UTC))
    return PersonAnswer(user=PersonView.model_validate(row))
