"""Who is calling: server-side sessions, the dependencies that guard every route, and the proof of a password.

A token is random and only its hash is stored. It travels in an HttpOnly cookie or as a bearer; where both come, the
bearer counts. Every route carries one of the policies below (`requires`, `CurrentUser`, `CurrentClient`, `public`): a
test walks the routes and fails on one that has none (F164).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, Security
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from api.errors import SignInNeeded
from api.login_limits import LoginLimits
from api.services import Services, services
from db import companies, passwords, sessions
from domain.companies import Member
from domain.errors import Forbidden, Missing
from domain.operations import Actor, ActorKind
from domain.permissions import Permission, Role, allows

COOKIE = "qoricash_session"
TOKEN_BYTES = 32
# Writing that a session is in use costs an update; once a minute is enough for a limit of ten.
SEEN_EVERY = timedelta(minutes=1)
# A page that reads itself again says so: nobody is using it, so the session's idle time goes on.
BACKGROUND = "x-fondo"
_CACHED = "qoricash.identity"


@dataclass(frozen=True, kw_only=True)
class SignedUser:
    """A person of the house with a live session."""

    id: int
    session_id: int
    username: str
    full_name: str
    email: str
    role: Role
    must_change_password: bool

    @property
    def actor(self) -> Actor:
        """As histories name it."""
        return Actor(kind=ActorKind.STAFF, id=self.id, role=self.role)

    def may(self, permission: Permission) -> bool:
        """Whether its role allows this."""
        return allows(self.role, permission)


@dataclass(frozen=True, kw_only=True)
class SignedClient:
    """A client with a live session. `document_number` is only to compare with what the existing clients send.

    `person`: who of a company's people is in; None for everybody else, the company's own sign-in too.
    """

    id: int
    session_id: int
    document_number: str
    requires_password_change: bool
    person: Member | None = None

    @property
    def actor(self) -> Actor:
        """As histories name it."""
        return Actor(kind=ActorKind.CLIENT, id=self.id)


Identity = SignedUser | SignedClient


def token_of(connection: HTTPConnection) -> str | None:
    """The bearer, else the cookie."""
    kind, _, given = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return given.strip() or None
    return connection.cookies.get(COOKIE) or None


async def identity(connection: HTTPConnection) -> Identity | None:
    """Who is calling, looked up once a request; None for a stranger."""
    if _CACHED not in connection.scope:
        token = token_of(connection)
        used = BACKGROUND not in connection.headers
        connection.scope[_CACHED] = await resolve(services(connection), token, used=used) if token else None
    found: Identity | None = connection.scope[_CACHED]
    return found


async def resolve(services: Services, token: str, *, used: bool = True) -> Identity | None:
    """Whose live session this token is, and with `used`, that it is in use. An inactive person's are dead at once."""
    now = datetime.now(UTC)
    async with services.sessions() as session:
        signed = await sessions.find(session, token)
        if signed is None or not alive(services, signed, now):
            return None
        if used and now - signed.session.last_seen_at >= SEEN_EVERY:
            await sessions.touch(session, signed.session.id, now)
            await session.commit()
    return as_identity(signed)


def alive(services: Services, signed: sessions.SignedIn, now: datetime) -> bool:
    """Within its time, in use, and of somebody who may still come in."""
    settings = services.settings
    idle = settings.staff_idle if signed.user is not None else settings.client_idle
    if now >= signed.session.expires_at or now - signed.session.last_seen_at >= idle:
        return False
    if signed.user is not None:
        return signed.user.status == "Activo"
    if signed.person is not None and signed.person.removed_at is not None:
        return False
    return signed.client is not None and signed.client.closed_at is None


def as_identity(signed: sessions.SignedIn) -> Identity:
    """The person behind a session row."""
    user, client = signed.user, signed.client
    if user is not None:
        return SignedUser(
            id=user.id,
            session_id=signed.session.id,
            username=user.username,
            full_name=user.full_name,
            email=user.email,
            role=user.role,
            must_change_password=user.must_change_password,
        )
    assert client is not None  # the table's own check: one of the two
    return SignedClient(
        id=client.id,
        session_id=signed.session.id,
        document_number=client.document_number,
        requires_password_change=client.requires_password_change,
        person=companies.member(signed.person) if signed.person else None,
    )


# Only for the API's own documentation: they describe the two ways to sign in and refuse nobody.
_documented = [
    Security(HTTPBearer(auto_error=False, description="El `token` que devuelve el ingreso.")),
    Security(APIKeyCookie(name=COOKIE, auto_error=False, description="La cookie que deja el ingreso.")),
]
_Bearer = Annotated[Any, _documented[0]]
_Cookie = Annotated[Any, _documented[1]]


async def current_user(request: Request, _bearer: _Bearer, _cookie: _Cookie) -> SignedUser:
    """Any person of the house, whatever its role. Raises SignInNeeded."""
    found = await identity(request)
    if not isinstance(found, SignedUser):
        raise SignInNeeded
    return found


async def current_member(request: Request, _bearer: _Bearer, _cookie: _Cookie) -> SignedClient:
    """The client of this session, or whoever of a company's people is in. Raises SignInNeeded."""
    found = await identity(request)
    if not isinstance(found, SignedClient):
        raise SignInNeeded
    return found


async def current_client(member: Annotated[SignedClient, Depends(current_member)]) -> SignedClient:
    """The client of this session; of a company, only its own sign-in. Raises SignInNeeded, Forbidden."""
    if member.person is not None:
        raise Forbidden("ONLY_THE_COMPANY", "Eso lo hace quien administra tu empresa.")
    return member


class _Requires:
    """The policy "a person of the house with this permission"."""

    def __init__(self, permission: Permission) -> None:
        self.policy = f"permiso {permission}"
        self._permission = permission

    async def __call__(self, user: Annotated[SignedUser, Depends(current_user)]) -> SignedUser:
        if user.must_change_password:
            raise Forbidden("PASSWORD_CHANGE_NEEDED", "Cambia tu contraseña temporal para continuar.")
        if not user.may(self._permission):
            raise Forbidden("NOT_ALLOWED", "Tu rol no permite esta acción.")
        return user


class _Public:
    """The policy "anybody", with the reason why."""

    def __init__(self, why: str) -> None:
        self.policy = f"público: {why}"

    async def __call__(self) -> None:
        return None


def requires(permission: Permission) -> Any:
    """Dependency: a person of the house whose role has `permission`; gives the SignedUser."""
    return Depends(_Requires(permission))


class _RequiresUnseen(_Requires):
    """The same policy where that the thing exists is itself secret: to others there is nothing here."""

    async def __call__(self, user: Annotated[SignedUser, Depends(current_user)]) -> SignedUser:
        if not user.may(self._permission):
            raise Missing("NOT_FOUND", "No encontramos lo que buscas.")
        return await super().__call__(user)


def requires_unseen(permission: Permission) -> Any:
    """Dependency: as `requires`, but others are answered 404 (duty of secrecy)."""
    return Depends(_RequiresUnseen(permission))


def public(why: str) -> Any:
    """Dependency: anybody may call this, and here is why."""
    return Depends(_Public(why))


CurrentUser = Annotated[SignedUser, Depends(current_user)]
CurrentClient = Annotated[SignedClient, Depends(current_client)]
CurrentMember = Annotated[SignedClient, Depends(current_member)]
ClientSession = CurrentClient


def policy_of(dependency: object) -> str:
    """What a dependency decides about who may call; empty when it decides nothing."""
    if dependency is current_user:
        return "persona de la casa"
    if dependency in {current_client, current_member}:
        return "cliente"
    return str(getattr(dependency, "policy", ""))


async def start_user_session(services: Services, user_id: int) -> str:
    """A session of the house; answers its token."""
    return await _start(services, services.settings.staff_absolute, user_id=user_id)


async def start_client_session(services: Services, client_id: int, *, person_id: int | None = None) -> str:
    """A client's session, or one of its people's; answers its token."""
    return await _start(services, services.settings.client_absolute, client_id=client_id, person_id=person_id)


async def _start(services: Services, life: timedelta, **whose: int | None) -> str:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    now = datetime.now(UTC)
    async with services.sessions.begin() as session:
        await sessions.start(session, token=token, now=now, expires_at=now + life, **whose)
    return token


async def end_session(services: Services, signed: Identity) -> None:
    """Sign out: this session is dead in every tab and socket (F174)."""
    async with services.sessions.begin() as session:
        await sessions.end(session, [signed.session_id], datetime.now(UTC))


def set_session_cookie(response: Response, token: str, services: Services, *, life: timedelta | None = None) -> None:
    """Leave the token where scripts can't read it. Without `life` it goes when the browser closes."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(life.total_seconds()) if life else None,
        httponly=True,
        secure=services.settings.production,
        samesite="lax",
        path="/",
    )


def clear_session_cookie(response: Response, services: Services) -> None:
    """Take the cookie back."""
    response.delete_cookie(COOKIE, path="/", httponly=True, secure=services.settings.production, samesite="lax")


async def prove(
    request: Request,
    services: Services,
    account: sessions.Account | None,
    *,
    name: str,
    password: str,
    kept: Sequence[str | None],
    more_follows: bool = False,
) -> str | None:
    """Which of the `kept` hashes is this password's; None when none is, or `account` is None, in the same time.

    `name` is what the person typed as its account. Raises TooMany after five failures in a minute by account or
    address, and Locked for 15 minutes after five in a row on an account. No connection is held while hashing. With
    `more_follows` a right password does not begin the count anew: a code is still to come.
    """
    limits: LoginLimits = request.app.state.login_limits
    async with limits.one_at_a_time(name):
        await limits.check(request, name)
        now = datetime.now(UTC)
        if account is not None:
            async with services.sessions.begin() as session:
                until = await sessions.count_attempt(session, account, now)
            if until is not None:
                raise sessions.Locked(until, now)
        found = await _matching(password, kept if account is not None else [None])
        if found is None:
            await limits.failed(request, name)
        if account is not None:
            await _remember(services, account, now, proven=found is not None, more_follows=more_follows)
    return found


async def _remember(
    services: Services, account: sessions.Account, now: datetime, *, proven: bool, more_follows: bool
) -> None:
    async with services.sessions.begin() as session:
        if proven and more_follows:
            await sessions.attempt_taken_back(session, account)
        elif proven:
            await sessions.attempt_succeeded(session, account)
        else:
            await sessions.attempt_failed(session, account, now)


async def _matching(password: str, kept: Sequence[str | None]) -> str | None:
    for candidate in kept:
        if await passwords.matches(password, candidate):
            return candidate
    return None
