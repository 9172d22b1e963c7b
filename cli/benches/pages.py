"""`qoricash bench pages`: how fast the panel's pages are with a full house, and how soon one person sees another's act.

Operations and clients are invented and written straight into the database (full_house.py), as many as a busy year would
leave. Pages are asked one after the other over HTTP by a Master and by a Trader, whose portfolio every query narrows:
the figure is the server's time, with nobody else at the door. On a machine that others use too a wall clock measures
them; so the processor time of API and PostgreSQL stands beside it, and a page is within its limit if either is.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import socketio
from rich.progress import Progress

from cli.benches.figures import Figures, percentile, show, show_figures
from cli.benches.full_house import fill
from cli.benches.stack import BenchError, Stack, database, running_stack
from db import notifications, passwords, users
from db.session import Sessions
from domain.notifications import role_room
from domain.operations import SYSTEM
from domain.permissions import Role

MILLISECONDS = 1000
ASKED = 30
LIST_LIMIT, DASHBOARD_LIMIT = 60.0, 150.0
LISTS = {
    "Operaciones": "/panel/operaciones",
    "Operaciones por dólares": "/panel/operaciones?orden=-dolares",
    "Operaciones en proceso": "/panel/operaciones?estado=En+proceso",
    "Operaciones de un mes": "/panel/operaciones?desde=2026-10-01&hasta=2026-10-31",
    "Una parte de un código": "/panel/operaciones?codigo=1999",
    "Una operación": "/panel/operaciones/BEN-1999",
    "Clientes": "/panel/clientes",
    "Clientes por revisar": "/panel/clientes?revision=en_proceso",
    "Un cliente": "/panel/clientes/1",
    "Comprobantes": "/panel/comprobantes",
    "Avisos": "/panel/avisos",
    "Avisos rechazados": "/panel/avisos?estado=rechazado",
    "Avisos en pantalla": "/panel/avisos/mios",
    "Referidos": "/panel/referidos",
    "Auditoría": "/panel/auditoria",
    "Auditoría de una persona": "/panel/auditoria?persona=1",
    "Auditoría de una operación": "/panel/auditoria?cosa=operation&cual=BEN-1999",
    "KYC": "/panel/kyc",
    "Casos": "/panel/casos",
    "Alertas": "/panel/alertas",
    "Coincidencias": "/panel/coincidencias",
    "Riesgo": "/panel/riesgo",
    "Reglas": "/panel/reglas",
    "Incidentes": "/panel/incidentes",
    "Reclamos": "/panel/reclamos",
    "Tasas": "/panel/tasas",
    "Tablero": "/panel/tablero",
}
OWN = (
    "Operaciones",
    "Operaciones por dólares",
    "Una parte de un código",
    "Clientes",
    "Comprobantes",
    "Avisos",
    "Tablero",
)
DASHBOARDS = {
    "Hoy": "/panel/hoy",
    "Siete días": "/panel/hoy?tramo=semana",
    "El mes": "/panel/hoy?tramo=mes",
}
SEARCHES = {"Buscar por nombre": "Persona 4321", "Buscar por correo": "p4999", "Buscar por documento": "00012345"}
MEANINGS = {
    "operations": "Operaciones sembradas",
    "clients": "Clientes sembrados",
    "list_p95_ms": "La lista o búsqueda más lenta, p95 (ms)",
    "list_cpu_ms": "La que más trabajo da, API y PostgreSQL (ms)",
    "dashboard_p95_ms": "El resumen más lento, p95 (ms)",
    "dashboard_cpu_ms": "El que más trabajo da (ms)",
    "pages_over": "Páginas sobre su tope",
    "board_update_p95_ms": "Del hecho al tablero de otra persona, p95 (ms)",
    "first_view_kb": "Programas y estilos de la primera vista, comprimidos (KB)",
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much to seed."""

    operations: int
    clients: int


@dataclass(frozen=True, kw_only=True)
class Waits:
    """What a page took each time it was asked, in milliseconds."""

    name: str
    each: Sequence[float]
    cpu: float
    rows: int
    limit: float

    @property
    def p95(self) -> float:
        """Its 95th percentile."""
        return percentile(self.each, 95)

    @property
    def within(self) -> bool:
        """By the clock, or by what the house itself worked for it."""
        return min(self.p95, self.cpu) <= self.limit

    @property
    def line(self) -> tuple[str, ...]:
        """As the table shows it."""
        figures = (percentile(self.each, 50), self.p95, self.cpu)
        told = tuple(f"{one:.0f}" for one in figures)
        return (self.name, *told, str(self.rows or "—"), f"{self.limit:.0f}", "sí" if self.within else "NO")


def run(plan: Plan, progress: Progress) -> Figures:
    """Seed, ask every page, listen to the board; print both tables."""
    with running_stack(RATE_LIMIT_ANONYMOUS="") as stack:
        return asyncio.run(_measured(plan, progress, stack))


async def _measured(plan: Plan, progress: Progress, stack: Stack) -> Figures:
    async with database(stack) as sessions:
        people = {role: await _person(sessions, role) for role in (Role.MASTER, Role.TRADER)}
        await fill(sessions, operations=plan.operations, clients=plan.clients, trader_id=people[Role.TRADER][0])
        asker = Asker(stack, progress)
        async with asker.signed_in("master", people[Role.MASTER][1]) as token:
            lists = await asker.asked(LISTS, "Listas", LIST_LIMIT) + await asker.searched()
            dashboards = await asker.asked(DASHBOARDS, "Resúmenes", DASHBOARD_LIMIT)
            weight = await _first_view(asker.http)
            heard = await _heard(stack, sessions, token)
        async with asker.signed_in("trader", people[Role.TRADER][1]):
            own = {f"{name} (Trader)": LISTS[name] for name in OWN}
            lists += await asker.asked(own, "Un Trader", LIST_LIMIT)
            today = {"Hoy (Trader)": DASHBOARDS["Hoy"]}
            dashboards += await asker.asked(today, "Su resumen", DASHBOARD_LIMIT)
    columns = ("Página", "p50 (ms)", "p95 (ms)", "CPU (ms)", "filas", "tope", "bien")
    show("Cada página", [one.line for one in [*lists, *dashboards]], columns=columns)
    figures: Figures = {
        "operations": plan.operations,
        "clients": plan.clients,
        "list_p95_ms": round(max(one.p95 for one in lists), 1),
        "list_cpu_ms": round(max(one.cpu for one in lists), 1),
        "dashboard_p95_ms": round(max(one.p95 for one in dashboards), 1),
        "dashboard_cpu_ms": round(max(one.cpu for one in dashboards), 1),
        "pages_over": sum(not one.within for one in [*lists, *dashboards]),
        "board_update_p95_ms": round(percentile(heard, 95), 1),
        "first_view_kb": round(weight / 1024, 1),
    }
    show_figures("Páginas", figures, MEANINGS)
    return figures


async def _person(sessions: Sessions, role: Role) -> tuple[int, str]:
    """Its id and password."""
    password = secrets.token_urlsafe(12) + "7a"
    kept = await passwords.hashed(password)
    async with sessions.begin() as session:
        made = await users.create_user(
            session,
            actor=SYSTEM,
            username=role.name.lower(),
            email=f"{role.name.lower()}@ejemplo.example",
            full_name="Banco de Pruebas",
            role=role,
            password_hash=kept,
        )
        return made.id, password


class Asker:
    """Asks pages one after the other, and measures clock and processor."""

    def __init__(self, stack: Stack, progress: Progress) -> None:
        """Of this house."""
        self._stack = stack
        self._progress = progress
        self.http = httpx.AsyncClient(base_url=stack.api, trust_env=False, timeout=60)

    @contextlib.asynccontextmanager
    async def signed_in(self, username: str, password: str) -> AsyncIterator[str]:
        """Ask as this person while the block runs; gives its token."""
        async with httpx.AsyncClient(base_url=self._stack.api, trust_env=False, timeout=60) as self.http:
            answer = await self.http.post("/api/staff/login", json={"username": username, "password": password})
            if answer.is_error:
                raise BenchError(f"No se pudo entrar: {answer.text}")
            token: str = answer.json()["token"]
            self.http.headers["Authorization"] = f"Bearer {token}"
            yield token

    async def asked(self, pages: dict[str, str], what: str, limit: float) -> list[Waits]:
        """Each page, ASKED times after a first one that does not count."""
        task = self._progress.add_task(what, total=len(pages))
        found = []
        for name, path in pages.items():
            found.append(await self._page(name, limit, "GET", path))
            self._progress.advance(task)
        return found

    async def searched(self) -> list[Waits]:
        """What the search box of the clients asks."""
        page = (await self.http.get("/panel/clientes")).text
        token = re.search(r'name="csrf" content="([0-9a-f]+)"', page)
        headers = {"X-CSRF-Token": token.group(1) if token else ""}
        place = "/panel/clientes/buscar"
        return [
            await self._page(name, LIST_LIMIT, "POST", place, data={"texto": words}, headers=headers)
            for name, words in SEARCHES.items()
        ]

    async def _page(self, name: str, limit: float, verb: str, path: str, **more: Any) -> Waits:
        first = await self.http.request(verb, path, **more)
        first.raise_for_status()
        before, each = self._worked(), []
        for _ in range(ASKED):
            started = time.perf_counter()
            (await self.http.request(verb, path, **more)).raise_for_status()
            each.append((time.perf_counter() - started) * MILLISECONDS)
        cpu = (self._worked() - before) * MILLISECONDS / ASKED
        return Waits(name=name, each=each, cpu=cpu, rows=first.text.count("data-row"), limit=limit)

    def _worked(self) -> float:
        taken = self._stack.cpu_seconds()
        return sum(seconds for piece, seconds in taken.items() if piece in {"api", "postgres", "postgresql"})


async def _first_view(http: httpx.AsyncClient) -> int:
    """Bytes of script and style that the first page names, as they travel."""
    page = (await http.get("/panel/tablero")).text
    total = 0
    for path in sorted(set(re.findall(r'(?:src|href)="(/assets/[^"#]+\.(?:js|css))"', page))):
        async with http.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
            total += len(b"".join([part async for part in answer.aiter_raw()]))
    return total


async def _heard(stack: Stack, sessions: Sessions, token: str) -> list[float]:
    """From the commit of an act to the socket of another person's board."""
    waits: list[float] = []
    arrived = asyncio.Event()
    socket = socketio.AsyncClient()
    socket.on("operacion_actualizada", lambda _: arrived.set())
    await socket.connect(stack.api, auth={"token": token}, transports=["websocket"])
    try:
        for turn in range(ASKED):
            arrived.clear()
            async with sessions.begin() as session:
                await notifications.notify(
                    session,
                    key=f"banco-{turn}",
                    room=role_room(Role.MASTER),
                    event="operacion_actualizada",
                    payload={"operation_id": "BEN-1", "at": datetime.now(UTC).isoformat()},
                )
            started = time.perf_counter()
            await asyncio.wait_for(arrived.wait(), timeout=10)
            waits.append((time.perf_counter() - started) * MILLISECONDS)
    finally:
        await socket.disconnect()
    return waits
