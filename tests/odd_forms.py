"""Every page of a face, asked and sent with what nobody would type: a refusal is right, a fault of ours is not."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import httpx
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from tests.conftest import ROOT

ODD = (
    *("", " ", "x", "-1", "0", "1", "9" * 20, "1,5", "-0.01", "NaN", "Infinity", "1e400", "²", "٣", "null", "[]", "%"),
    *("2026-02-30", "0001-01-01", "9999-12-31", "2026-13", "\x00", "'", '"><b>', "a" * 3000, "\U0001f4b8", "../.."),
)
PLACES = ("1", "2", "EXP-1001", "2026-11-27", "2026", "11", "B001", "OFAC", "10412", "6352", "Compra", "PEN")
_IN_ADDRESS = re.compile(r"{\w+(?::\w+)?}")
_SIGNS_OUT = re.compile(r"/(salir|sesiones/{session_id}/cerrar)$")
# Where a page names its field, or hands the name to a macro, and where the code asks for it.
_NAMED = re.compile(r"""name="([a-z_]+)"|m\.\w+\("([a-z_]+)"|(?:typed|form)\.\w+\("([a-z_]+)\"""")
_WRITTEN = (file for kind in ("templates/*.html", "*.py") for file in (ROOT / "api").glob(f"*/{kind}"))
FIELDS = sorted({name for file in _WRITTEN for names in _NAMED.findall(file.read_text()) for name in names if name})


@dataclass(frozen=True)
class Page:
    """One verb of one address, and what it reads of the query."""

    verb: str
    path: str
    asked: tuple[str, ...]


def pages(app: FastAPI, face: str) -> list[Page]:
    """Those of a face, by the name of its module; not what signs the caller out."""
    found = []
    for route in iter_route_contexts(app.routes):
        path, reads = route.path or "", getattr(route, "dependant", None)
        if reads is None or not reads.call.__module__.startswith(f"api.{face}.") or _SIGNS_OUT.search(path):
            continue
        asked = tuple(sorted({one.alias for one in _query(reads)}))
        found += [Page(verb, path, asked) for verb in sorted((route.methods or set()) - {"HEAD"})]
    return found


async def faults(http: httpx.AsyncClient, every: list[Page], *, token: str, turns: int) -> list[str]:
    """What broke, with what broke it; the same lots each time. 503 is no fault: Temporal may be away."""
    dice, broken = random.Random(7), []
    for page in every * turns:
        path = _IN_ADDRESS.sub(lambda _: quote(dice.choice(PLACES)), page.path)
        query = {name: dice.choice(ODD) for name in page.asked if dice.random() < 0.5}
        form = {name: _typed(dice) for name in FIELDS if dice.random() < 0.7} if page.verb != "GET" else None
        headers = {"X-CSRF-Token": token} | ({"HX-Request": "true"} if dice.random() < 0.5 else {})
        answer = await http.request(page.verb, path, params=query, data=form, headers=headers)
        if answer.status_code >= 500 and answer.status_code != 503:
            broken.append(f"{page.verb} {path} {query} {form}")
    return broken


def _typed(dice: random.Random) -> str:
    """Mostly what could be meant, so that one odd field is reached behind the others."""
    return dice.choice(ODD if dice.random() < 0.3 else PLACES)


def _query(reads) -> Iterator:
    yield from reads.query_params
    for inner in reads.dependencies:
        yield from _query(inner)
