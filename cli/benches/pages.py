"""`qoricash bench pages`: how fast the panel's pages are with a full house, and how soon one person sees another's act.

Operations and clients are invented and written straight into the database, as many as a busy year would leave. Pages
are asked one after the other by a Master over HTTP: the figure is the server's time, with nobody else at the door.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import socketio
from rich.progress import Progress
from sqlalchemy import text

from cli.benches.figures import Figures, percentile, show, show_figures
from cli.benches.monitoring import ACCOUNTS, CLIENTS, DAYS, OPERATIONS
from cli.benches.stack import BenchError, Stack, database, running_stack
from db import notifications, passwords, users
from db.session import Sessions
from domain.notifications import role_room
from domain.operations import SYSTEM
from domain.permissions import Role

MILLISECONDS = 1000
ASKED = 30
LISTS = {
    "Operaciones": "/panel/operaciones",
    "Operaciones por dólares": "/panel/operaciones?orden=-dolares",
    "Operaciones en proceso": "/panel/operaciones?estado=En+proceso",
    "Operaciones de un mes": "/panel/operaciones?desde=2026-10-01&hasta=2026-10-31",
    "Una parte de un código": "/panel/operaciones?codigo=1999",
    "Clientes": "/panel/clientes",
    "Comprobantes": "/panel/comprobantes",
    "Avisos": "/panel/avisos",
    "Auditoría": "/panel/auditoria",
    "Tablero": "/panel/tablero",
}
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
    "dashboard_p95_ms": "El resumen más lento, p95 (ms)",
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

    @property
    def p95(self) -> float:
        """Its 95th percentile."""
        return percentile(self.each, 95)


def run(plan: Plan, progress: Progress) -> Figures:
    """Seed, ask every page, listen to the board; print both tables."""
    with running_stack(RATE_LIMIT_ANONYMOUS="") as stack:
        return asyncio.run(_measured(plan, progress, stack))


async def _measured(plan: Plan, progress: Progress, stack: Stack) -> Figures:
    async with database(stack) as sessions:
        await seed(sessions, plan)
        password = await _master(sessions)
        async with httpx.AsyncClient(base_url=stack.api, trust_env=False, timeout=60) as http:
            token = await _enter(http, password)
            lists = await _asked(http, LISTS, progress, "Listas") + await _searched(http, progress)
            dashboards = await _asked(http, DASHBOARDS, progress, "Resúmenes")
            weight = await _first_view(http)
        heard = await _heard(stack, sessions, token)
    show(
        "Cada página",
        [(one.name, f"{percentile(one.each, 50):.0f}", f"{one.p95:.0f}") for one in [*lists, *dashboards]],
        columns=("Página", "p50 (ms)", "p95 (ms)"),
    )
    figures: Figures = {
        "operations": plan.operations,
        "clients": plan.clients,
        "list_p95_ms": round(max(one.p95 for one in lists), 1),
        "dashboard_p95_ms": round(max(one.p95 for one in dashboards), 1),
        "board_update_p95_ms": round(percentile(heard, 95), 1),
        "first_view_kb": round(weight / 1024, 1),
    }
    show_figures("Páginas", figures, MEANINGS)
    return figures


async def seed(sessions: Sessions, plan: Plan) -> None:
    """Clients with accounts, and their operations over six months."""
    figures = {"operations": plan.operations, "clients": plan.clients, "days": DAYS}
    async with sessions.begin() as session:
        for statement in (CLIENTS, ACCOUNTS, OPERATIONS):
            await session.execute(statement, figures)
        # The last hundred are still open, as on any afternoon.
        await session.execute(
            text(
                "UPDATE operations SET state = 'En proceso', in_process_since = now(), finished_at = NULL"
                " WHERE id IN (SELECT id FROM operations ORDER BY id DESC LIMIT 100)"
            )
        )
    async with sessions.begin() as session:
        await session.execute(text("ANALYZE"))


async def _master(sessions: Sessions) -> str:
    password = secrets.token_urlsafe(12) + "7a"
    kept = await passwords.hashed(password)
    async with sessions.begin() as session:
        await users.create_user(
            session,
            actor=SYSTEM,
            username="banco",
            email="banco@ejemplo.example",
            full_name="Banco de Pruebas",
            role=Role.MASTER,
            password_hash=kept,
        )
    return password


async def _enter(http: httpx.AsyncClient, password: str) -> str:
    answer = await http.post("/api/staff/login", json={"username": "banco", "password": password})
    if answer.is_error:
        raise BenchError(f"No se pudo entrar: {answer.text}")
    token: str = answer.json()["token"]
    http.headers["Authorization"] = f"Bearer {token}"
    return token


async def _asked(http: httpx.AsyncClient, pages: dict[str, str], progress: Progress, what: str) -> list[Waits]:
    task = progress.add_task(what, total=len(pages))
    found = []
    for name, path in pages.items():
        (await http.get(path)).raise_for_status()
        found.append(Waits(name=name, each=[await _one(http, "GET", path) for _ in range(ASKED)]))
        progress.advance(task)
    return found


async def _searched(http: httpx.AsyncClient, progress: Progress) -> list[Waits]:
    page = (await http.get("/panel/clientes")).text
    token = re.search(r'name="csrf" content="([0-9a-f]+)"', page)
    headers = {"X-CSRF-Token": token.group(1) if token else ""}
    task = progress.add_task("Búsquedas", total=len(SEARCHES))
    found = []
    for name, words in SEARCHES.items():
        each = [
            await _one(http, "POST", "/panel/clientes/buscar", data={"texto": words}, headers=headers)
            for _ in range(ASKED)
        ]
        found.append(Waits(name=name, each=each))
        progress.advance(task)
    return found


async def _one(http: httpx.AsyncClient, verb: str, path: str, **more: object) -> float:
    started = time.perf_counter()
    answer = await http.request(verb, path, **more)  # type: ignore[arg-type]
    waited = (time.perf_counter() - started) * MILLISECONDS
    answer.raise_for_status()
    return waited


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
