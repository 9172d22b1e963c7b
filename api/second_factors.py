"""The second step of a sign-in: a code of the telephone or a spare one, counted and limited as passwords are.

Between the two steps the browser keeps a signed note of whose password was right, for five minutes.
"""

from __future__ import annotations

from datetime import UTC, datetime

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import Response

from api.errors import SignInNeeded
from api.login_limits import LoginLimits
from api.services import Services
from api.settings import ApiSettings
from db import second_factors, sessions, users
from db.tables import User

HALFWAY = "qoricash_paso"
LIFE = 300


class CodeNeeded(SignInNeeded):
    """The password was right, and this person also has a code."""

    def __init__(self, user: User) -> None:
        """Remember whose password it was."""
        super().__init__("Escribe el código de tu celular.", code="OTP_NEEDED")
        self.user = user


async def prove_code(request: Request, services: Services, user: User, code: str) -> None:
    """Take the code, once. Raises SignInNeeded when it opens nothing, TooMany and Locked as for a password."""
    limits: LoginLimits = request.app.state.login_limits
    async with limits.one_at_a_time(user.username):
        await limits.check(request, user.username)
        now = datetime.now(UTC)
        async with services.sessions.begin() as session:
            until = await sessions.count_attempt(session, user, now)
        if until is not None:
            raise sessions.Locked(until, now)
        secret_key = services.settings.secret_key.get_secret_value()
        async with services.sessions.begin() as session:
            taken = await second_factors.takes(session, user.id, code, now=now, secret_key=secret_key)
            if taken:
                await sessions.attempt_succeeded(session, user)
            else:
                await sessions.attempt_failed(session, user, now)
        if not taken:
            await limits.failed(request, user.username)
            raise SignInNeeded("El código no coincide. Escribe el que muestra ahora tu celular.", code="OTP_WRONG")


def remember(response: Response, services: Services, user: User) -> None:
    """Leave the note of the first step."""
    token = _signer(services.settings).dumps([user.id, user.password_hash[-16:]])
    response.set_cookie(
        HALFWAY,
        token,
        max_age=LIFE,
        httponly=True,
        secure=services.settings.production,
        samesite="strict",
        path="/panel/ingresar",
    )


def forget(response: Response) -> None:
    """The second step is done, or begins again."""
    response.delete_cookie(HALFWAY, path="/panel/ingresar")


async def halfway(request: Request, services: Services) -> User:
    """Whose password was right less than five minutes ago, and is still the same. Raises SignInNeeded."""
    try:
        user_id, stamp = _signer(services.settings).loads(request.cookies.get(HALFWAY, ""), max_age=LIFE)
    except BadSignature as error:
        raise SignInNeeded("Pasó demasiado tiempo. Escribe tu contraseña otra vez.", code="OTP_LATE") from error
    async with services.sessions() as session:
        user = await users.by_id(session, user_id)
    if user.status != users.ACTIVE or user.password_hash[-16:] != stamp:
        raise SignInNeeded("Escribe tu contraseña otra vez.", code="OTP_LATE")
    return user


def _signer(settings: ApiSettings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.secret_key.get_secret_value(), salt="segundo paso")
