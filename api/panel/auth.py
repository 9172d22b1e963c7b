"""The door of the panel: sign in, sign out, change a temporary password. The rules are api/staff/auth.py's."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Path, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.auth import CurrentUser, SignedUser, identity, public
from api.pages.refusals import problem_of
from api.panel import pages
from api.panel.errors import DOOR, PanelRoute
from api.panel.questions import done
from api.second_factors import CodeNeeded, forget, halfway, prove_code, remember
from api.services import ServicesDep
from api.staff import auth as staff
from api.staff import second_factors
from api.staff.shapes import MAX_ID
from domain.errors import Refused

HOME = "/panel/tablero"
router = APIRouter(prefix="/panel", route_class=PanelRoute)

Then = Annotated[str, Query(max_length=300)]


@router.get("/ingresar", dependencies=[public("es la puerta de entrada")])
async def door(request: Request, siguiente: Then = "") -> Response:
    """The sign-in page; who is in already goes on."""
    if isinstance(await identity(request), SignedUser):
        return RedirectResponse(inside(siguiente), HTTPStatus.SEE_OTHER)
    return _door(request, siguiente)


@router.post("/ingresar", dependencies=[public("es la puerta de entrada; se limita por cuenta y por dirección")])
async def enter(
    *,
    request: Request,
    services: ServicesDep,
    siguiente: Then = "",
    usuario: Annotated[str, Form(max_length=80)] = "",
    clave: Annotated[str, Form(max_length=128)] = "",
) -> Response:
    """Open a session and go to where the person was."""
    if not usuario.strip() or not clave:
        missing = {"detail": "Escribe tu usuario y tu contraseña.", "status": HTTPStatus.UNPROCESSABLE_ENTITY}
        return _door(request, siguiente, username=usuario, problem=missing)
    entered = RedirectResponse(inside(siguiente), HTTPStatus.SEE_OTHER, pages.HEADERS)
    try:
        body = staff.LoginBody(username=usuario, password=clave)
        answered = await staff.login(body, request, entered, services)
    except CodeNeeded as needed:
        asked = RedirectResponse(_with_then("/panel/ingresar/codigo", siguiente), HTTPStatus.SEE_OTHER, pages.HEADERS)
        remember(asked, services, needed.user)
        return asked
    except Refused as refused:
        return _door(request, siguiente, username=usuario, problem=problem_of(request, refused))
    if answered.user.must_change_password:
        entered.headers["location"] = "/panel/clave"
    return entered


@router.get("/ingresar/codigo", dependencies=[public("es el segundo paso de la entrada")])
async def code_page(request: Request, siguiente: Then = "") -> Response:
    """Where the telephone's code is typed."""
    return pages.bare_page(request, "login_code.html", error="", then=siguiente)


@router.post("/ingresar/codigo", dependencies=[public("es el segundo paso de la entrada; se limita por cuenta")])
async def enter_with_code(
    *,
    request: Request,
    services: ServicesDep,
    siguiente: Then = "",
    codigo: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Open the session of whoever's password was right a moment ago."""
    entered = RedirectResponse(inside(siguiente), HTTPStatus.SEE_OTHER, pages.HEADERS)
    try:
        user = await halfway(request, services)
        await prove_code(request, services, user, codigo)
    except Refused as refused:
        if refused.code == "OTP_LATE":
            return _door(request, siguiente, problem=problem_of(request, refused))
        status = int(problem_of(request, refused)["status"])
        return pages.bare_page(request, "login_code.html", status=status, error=refused.message, then=siguiente)
    answered = await staff.open_session(entered, services, user)
    forget(entered)
    if answered.user.must_change_password:
        entered.headers["location"] = "/panel/clave"
    return entered


@router.post("/salir")
async def leave(user: CurrentUser, services: ServicesDep) -> Response:
    """End the session in every tab."""
    gone = pages.answer("", headers={"HX-Redirect": DOOR})
    await staff.logout(user, gone, services)
    return gone


@router.post("/sesion")
async def keep_alive(_user: CurrentUser) -> Response:
    """The person is still here: the page says so at most once a minute."""
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.get("/clave")
async def password_page(request: Request, user: CurrentUser) -> Response:
    """Where a temporary password is changed for one's own."""
    return _password(request, user, pages.csrf_token(request.app.state.settings, user))


@router.post("/clave")
async def change_password(
    *,
    request: Request,
    user: CurrentUser,
    services: ServicesDep,
    actual: Annotated[str, Form(max_length=128)] = "",
    nueva: Annotated[str, Form(max_length=128)] = "",
) -> Response:
    """Change one's own password; the other sessions end."""
    try:
        body = staff.PasswordBody(current_password=actual, new_password=nueva)
        await staff.change_password(body, request, user, services)
    except (Refused, ValueError) as refused:
        return _password(request, user, pages.csrf_token(services.settings, user), problem_of(request, refused))
    return pages.answer("", headers={"HX-Redirect": HOME})


@router.get("/sesiones")
async def own_sessions(request: Request, user: CurrentUser, services: ServicesDep) -> Response:
    """One's own open sign-ins, codes and passkeys."""
    known: dict[str, Any] = {
        "sessions": await staff.own_sessions(user, services),
        "factors": await second_factors.own_factors(user, services),
    }
    if pages.wants_parts(request):
        return pages.fragment(request, user, "sessions.html", "live", **known)
    return await pages.page(request, services, user, "sessions.html", here="", **known)


@router.post("/sesiones/{session_id}/cerrar")
async def close_session(
    session_id: Annotated[int, Path(ge=1, le=MAX_ID)], user: CurrentUser, services: ServicesDep
) -> Response:
    """End one of one's own sessions, in every tab of it."""
    await staff.close_session(session_id, user, services)
    return done("Sesión cerrada")


def _with_then(path: str, then: str) -> str:
    return f"{path}?siguiente={quote(then, safe='/')}" if then else path


def _door(request: Request, then: str, *, username: str = "", problem: dict[str, object] | None = None) -> Response:
    status = int(str(problem["status"])) if problem else HTTPStatus.OK
    return pages.bare_page(
        request,
        "login.html",
        status=status,
        username=username,
        error=problem["detail"] if problem else "",
        then=then,
    )


def _password(request: Request, user: SignedUser, csrf: str, problem: dict[str, object] | None = None) -> Response:
    return pages.bare_page(
        request,
        "password.html",
        user=user,
        csrf=csrf,
        error=problem["detail"] if problem else "",
        field=problem.get("field") if problem else None,
    )


def inside(then: str) -> str:
    """Only to our own pages: an address in a mail must not lead elsewhere."""
    return then if then.startswith("/panel/") and "\\" not in then else HOME
