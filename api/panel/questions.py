"""A dialog that asks for a few things before an act, for the nouns whose acts are plain forms: clients and people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser
from api.panel import pages
from api.panel.errors import notice


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One thing to type. `name` is the staff API's own, so that a refusal finds its place."""

    name: str
    label: str
    kind: str = "text"
    value: str = ""
    options: Sequence[tuple[str, str]] = ()
    hint: str = ""
    most: int = 300
    # Of a file: what the browser offers to choose.
    accept: str = "image/png,image/jpeg,image/webp,image/heic,application/pdf"


@dataclass(frozen=True, kw_only=True)
class Question:
    """The whole dialog: what will happen, what to type, and the verb of its button."""

    title: str
    ok: str
    lead: str = ""
    effects: Sequence[tuple[str, str]] = ()
    asks: Sequence[Ask] = ()
    danger: bool = False
    # What the person saw and agrees to: it goes back with the answer, unseen.
    keeps: Mapping[str, str] = field(default_factory=dict)


REASON = Ask(name="reason", label="Motivo", kind="area", hint="Queda en la auditoría.", most=500)


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What came in a form."""

    form: FormData

    def text(self, name: str) -> str:
        """A field, without the spaces around it; empty when it did not come."""
        value = self.form.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def file(self, name: str) -> Any:
        """A chosen file, or None."""
        value = self.form.get(name)
        return value if isinstance(value, UploadFile) and value.filename else None

    def ticked(self, name: str) -> bool:
        """Whether a box is ticked."""
        return self.text(name) == "si"

    @property
    def key(self) -> str:
        """One for each click."""
        return self.text("clave_unica")[:200] or str(uuid4())

    def texts(self) -> dict[str, str]:
        """Everything that was typed, to show it again."""
        return {name: self.text(name) for name in self.form}


def ask(
    request: Request,
    user: SignedUser,
    question: Question,
    *,
    typed: Mapping[str, str] | None = None,
    problem: Mapping[str, Any] | None = None,
) -> Response:
    """The dialog; with a `problem`, what was typed and what was refused, where it belongs."""
    given = dict(typed or {})
    said = dict(problem or {})
    place = said.get("field") if said.get("field") in {one.name for one in question.asks} else ""
    return pages.fragment(
        request,
        user,
        "question.html",
        "question",
        status=int(said["status"]) if said else 200,
        question=question,
        action=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        key=given.get("clave_unica") or str(uuid4()),
        typed=given,
        problem=said,
        place=place,
    )


def done(title: str, *, go: str = "") -> Response:
    """The act is done: a notice, and the page reads itself again or goes elsewhere."""
    told = notice("completada", "circle-check", title)["HX-Trigger"]
    headers = {"HX-Trigger": told[:-1] + ', "leer": "", "hecho": ""}'}
    return pages.answer("", headers={**headers, "HX-Redirect": go} if go else headers)
