"""An act on the screen: what it asks, when it makes sense, and how its refusal comes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser
from api.pages.refusals import problem_of
from api.panel.questions import Question, Typed, ask, done
from api.services import Services
from domain.errors import Conflict, Invalid, Missing, Refused
from domain.permissions import Permission

View = TypeVar("View")


@dataclass(frozen=True, kw_only=True)
class Call(Generic[View]):
    """One click: on what, whose, and what was typed."""

    view: View
    user: SignedUser
    services: Services
    typed: Typed

    def file(self, name: str) -> Any:
        """The file that was chosen. Raises Invalid when there is none."""
        given = self.typed.file(name)
        if given is None:
            raise Invalid("FILE_MISSING", "Elige un archivo.", field=name)
        return given


@dataclass(frozen=True, kw_only=True)
class Act(Generic[View]):
    """An act; `why_not` is the reason why it can't be done now, empty when it can, None when it makes no sense."""

    permission: Permission
    icon: str
    text: str
    done: str
    question: Callable[[View], Question]
    run: Callable[[Call[View]], Awaitable[object]]
    why_not: Callable[[View], str | None] = lambda _: ""
    danger: bool = False
    main: bool = False


@dataclass(frozen=True, kw_only=True)
class Button:
    """An act as a page shows it."""

    name: str
    icon: str
    text: str
    reason: str
    danger: bool
    main: bool


def offered(acts: Mapping[str, Act[View]], user: SignedUser, view: View) -> list[Button]:
    """The acts that this role has and that make sense now, with the reason of those that have to wait."""
    shown = []
    for name, act in acts.items():
        reason = act.why_not(view)
        if reason is None or not user.may(act.permission):
            continue
        shown.append(Button(name=name, icon=act.icon, text=act.text, reason=reason, danger=act.danger, main=act.main))
    return shown


def known(acts: Mapping[str, Act[View]], user: SignedUser, name: str) -> Act[View]:
    """The act by its name. Raises Missing for one that this role does not have."""
    if name not in acts or not user.may(acts[name].permission):
        raise Missing("NOT_FOUND", "No encontramos lo que buscas.")
    return acts[name]


def asked(request: Request, user: SignedUser, act: Act[View], view: View) -> Response:
    """Its dialog. Raises Conflict when it does not apply now."""
    reason = act.why_not(view)
    if reason != "":
        raise Conflict("NOT_NOW", reason or "Esto ya no corresponde: mira cómo está ahora.")
    return ask(request, user, act.question(view))


async def attempt(request: Request, act: Act[View], view: View, user: SignedUser, services: Services) -> Response:
    """Do it. A refusal is said where the person typed."""
    typed = Typed(form=await request.form())
    try:
        await act.run(Call(view=view, user=user, services=services, typed=typed))
    except (Refused, ValidationError) as refused:
        return ask(request, user, act.question(view), typed=typed.texts(), problem=problem_of(request, refused))
    return done(act.done)
