"""Sign-in of the people of the house, and their own sessions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from api.auth import (
    CurrentUser,
    SignedUser,
    clear_session_cookie,
    end_session,
    prove,
    public,
    set_session_cookie,
    start_user_session,
)
from api.errors import SignInNeeded
from api.second_factors import CodeNeeded, prove_code
from api.services import Services, ServicesDep
from api.staff.shapes import MAX_ID, Answer, Body, Done, example
from db import passwords, second_factors, sessions, users
from db.tables import User
from domain.errors import Invalid, Missing
from domain.permissions import GRANTS, Role

router = APIRouter(prefix="/api/staff", tags=["Ingreso"])


class LoginBody(Body):
    """Username and password."""

    model_config = example(username="operador1", password="una-clave-larga-7")  # noqa: S106 - an example
    username: str = Field(min_length=1, max_length=80)
    password: str = Field(min_length=1, max_length=128)
    otp: str | None = Field(default=None, max_length=20)


class UserView(Answer):
    """Who is signed in and what its role may do."""

    id: int
    username: str
    full_name: str
    email: str
    role: Role
    must_change_password: bool
    permissions: list[str]


class LoginAnswer(Answer):
    """The bearer, which is also in the cookie."""

    token: str
    user: UserView


class SessionView(Answer):
    """One open sign-in of one's own."""

    id: int
    created_at: datetime
    last_seen_at: datetime
    current: bool


class PasswordBody(Body):
    """One's own new password."""

    current_password: str = Field(min_length=1, max_length=128)
    new_password: str = Field(min_length=1, max_length=128)


@router.post("/login", dependencies=[public("es la puerta de entrada; se limita por cuenta y por dirección")])
async def login(body: LoginBody, request: Request, response: Response, services: ServicesDep) -> LoginAnswer:
    """Open a session of 10 idle minutes. Five failures lock the account for 15 minutes.

    A person with a code of its telephone sends it in `otp` (or a spare code); without it the answer is `OTP_NEEDED`.
    """
    async with services.sessions() as session:
        user = await users.by_username(session, body.username)
        with_code = user is not None and await second_factors.asks_for_code(session, user.id)
    proof = {"name": body.username, "password": body.password, "kept": [user.password_hash if user else None]}
    if not await prove(request, services, user, more_follows=with_code, **proof):  # type: ignore[arg-type]
        raise SignInNeeded("El usuario o la contraseña no son correctos.", code="BAD_CREDENTIALS")
    assert user is not None  # nobody's password never matches
    if with_code and not body.otp:
        raise CodeNeeded(user)
    if with_code:
        await prove_code(request, services, user, body.otp or "")
    return await open_session(response, services, user)


async def open_session(response: Response, services: Services, user: User) -> LoginAnswer:
    """The session of a person who has proven who it is, by whatever means."""
    await _remember_login(services, user.id)
    token = await start_user_session(services, user.id)
    set_session_cookie(response, token, services)
    signed = SignedUser(
        id=user.id,
        session_id=0,
        username=user.username,
        full_name=user.full_name,
        email=user.email,
        role=user.role,
        must_change_password=user.must_change_password,
    )
    return LoginAnswer(token=token, user=_view(signed))


@router.post("/logout")
async def logout(user: CurrentUser, response: Response, services: ServicesDep) -> Done:
    """End this session, in every tab."""
    await end_session(services, user)
    clear_session_cookie(response, services)
    return Done()


@router.get("/me")
async def me(user: CurrentUser) -> UserView:
    """Who is signed in."""
    return _view(user)


@router.get("/sessions")
async def own_sessions(user: CurrentUser, services: ServicesDep) -> list[SessionView]:
    """One's own open sessions, the one in use first."""
    async with services.sessions() as session:
        rows = await sessions.of_user(session, user.id, datetime.now(UTC), services.settings.staff_idle)
    return [
        SessionView(id=s.id, created_at=s.created_at, last_seen_at=s.last_seen_at, current=s.id == user.session_id)
        for s in rows
    ]


@router.post("/sessions/{session_id}/close")
async def close_session(
    session_id: Annotated[int, Path(ge=1, le=MAX_ID)], user: CurrentUser, services: ServicesDep
) -> Done:
    """End one of one's own sessions."""
    now = datetime.now(UTC)
    async with services.sessions.begin() as session:
        own = await sessions.of_user(session, user.id, now, services.settings.staff_idle)
        if session_id not in {row.id for row in own}:
            raise Missing("SESSION_NOT_FOUND", "Esa sesión ya no está abierta.")
        await sessions.end(session, [session_id], now)
    return Done()


@router.post("/password")
async def change_password(body: PasswordBody, request: Request, user: CurrentUser, services: ServicesDep) -> Done:
    """Change one's own password; the other sessions end."""
    async with services.sessions() as session:
        row = await users.by_id(session, user.id)
    if not await prove(
        request, services, row, name=user.username, password=body.current_password, kept=[row.password_hash]
    ):
        raise Invalid("BAD_CREDENTIALS", "Tu contraseña actual no es correcta.", field="current_password")
    users.check_password(body.new_password, username=user.username, field="new_password")
    if body.new_password == body.current_password:
        raise Invalid("PASSWORD_SAME", "Elige una contraseña distinta de la actual.", field="new_password")
    fresh = await passwords.hashed(body.new_password)
    async with services.sessions.begin() as session:
        await users.change_own_password(
            session, user.id, actor=user.actor, password_hash=fresh, now=datetime.now(UTC), keep=user.session_id
        )
    return Done()


async def _remember_login(services: Services, user_id: int) -> None:
    async with services.sessions.begin() as session:
        (await users.by_id(session, user_id)).last_login = datetime.now(UTC)


def _view(user: SignedUser) -> UserView:
    return UserView(
        id=user.id,
        username=user.username,
        full_name=user.full_name,
        email=user.email,
        role=user.role,
        must_change_password=user.must_change_password,
        permissions=sorted(permission.value for permission in GRANTS[user.role]),
    )
