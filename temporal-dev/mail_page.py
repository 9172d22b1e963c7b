"""The mailbox as people see it: the list, one mail, its HTML part on its own, and its attachments."""

from __future__ import annotations

import re
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, select_autoescape

from standin import Json

LIMA = ZoneInfo("America/Lima")
# What a mail may do inside the frame: show its own styles and the pictures it carries, and nothing else.
INSIDE_FRAME = "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:"


class Mailbox(Protocol):
    """What the page needs of a mailbox."""

    def mails(self) -> list[Json]:
        """Every mail, oldest first."""
        ...

    def mail(self, number: int) -> Json | None:
        """One mail, or None."""
        ...

    def message(self, number: int) -> EmailMessage | None:
        """One mail as it came, or None."""
        ...


class Absent(Exception):
    """There is no such mail or attachment; the text says which."""


def install(app: FastAPI, mailbox: Mailbox) -> None:
    """Add the pages over `mailbox` to `app`."""
    pages = Environment(loader=FileSystemLoader(Path(__file__).parent / "mailbox"), autoescape=select_autoescape())
    pages.filters.update(moment=_moment, size=_size)

    @app.exception_handler(Absent)
    async def absent(_: Request, error: Absent) -> HTMLResponse:
        return HTMLResponse(pages.get_template("missing.html").render(what=str(error)), status_code=404)

    app.include_router(_routes(mailbox, pages))


def _routes(mailbox: Mailbox, pages: Environment) -> APIRouter:
    router = APIRouter()

    @router.get("/")
    async def inbox(q: str = "") -> HTMLResponse:
        found = [mail for mail in reversed(mailbox.mails()) if _matches(mail, q)]
        return HTMLResponse(pages.get_template("list.html").render(mails=found, q=q))

    @router.get("/mails/{number}")
    async def mail(number: int) -> HTMLResponse:
        return HTMLResponse(pages.get_template("mail.html").render(mail=_present(mailbox.mail(number))))

    @router.get("/mails/{number}/html")
    async def html_part(number: int) -> HTMLResponse:
        html = _present(mailbox.mail(number))["html"] or ""
        html = re.sub(r"cid:([\w.@+-]+)", rf"/mails/{number}/inside/\1", html)
        return HTMLResponse(html, headers={"Content-Security-Policy": INSIDE_FRAME})

    @router.get("/mails/{number}/inside/{cid}")
    async def inside(number: int, cid: str) -> Response:
        message = mailbox.message(number)
        for part in message.walk() if message else []:
            if str(part.get("Content-ID", "")).strip("<> ") == cid:
                return _download(part)
        raise Absent("No existe esa imagen")

    @router.get("/mails/{number}/attachments/{position}")
    async def attachment(number: int, position: int) -> Response:
        message = mailbox.message(number)
        parts = list(message.iter_attachments()) if message else []
        if not 0 <= position < len(parts):
            raise Absent("No existe ese adjunto")
        return _download(parts[position])

    return router


def _matches(mail: Json, wanted: str) -> bool:
    places = (mail["subject"], mail["from"], " ".join(mail["recipients"]), mail["text"] or mail["html"] or "")
    return wanted.casefold() in " ".join(places).casefold()


def _present(mail: Json | None) -> Json:
    if mail is None:
        raise Absent("No existe ese correo")
    return mail


def _download(part: EmailMessage) -> Response:
    content = part.get_payload(decode=True)
    name = quote(part.get_filename() or "adjunto")
    return Response(
        content if isinstance(content, bytes) else part.as_bytes(),
        media_type=part.get_content_type(),
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}", "X-Content-Type-Options": "nosniff"},
    )


def _moment(instant: str) -> str:
    """`24/11/2026 23:19`, in Lima."""
    return f"{datetime.fromisoformat(instant).astimezone(LIMA):%d/%m/%Y %H:%M}"


def _size(count: int) -> str:
    """`12 kB`, rounded up so that nothing is shown as 0."""
    return f"{-(-count // 1000):,} kB" if count < 1_000_000 else f"{count / 1_000_000:,.1f} MB"  # noqa: PLR2004 - a megabyte
