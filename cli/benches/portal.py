"""`qoricash bench portal`: what a client waits for on a phone, on slow lines, in a real Chromium.

Each page is opened cold, in a browser profile of its own that keeps nothing, over a line that Chromium makes as slow as
its own presets do, on a processor made several times slower. The house itself is warm. The figures are the browser's:
first text, largest part (LCP), how much moved (CLS), and the bytes of script and style as they travelled. A page whose
programs never come is also asked whether its form still does its act (tests/e2e/test_portal.py holds that it does).
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
from rich.progress import Progress

from api.auth import COOKIE
from cli.benches.figures import Figures, percentile, show, show_figures
from cli.benches.people import Person, move_in
from cli.benches.stack import BenchError, Stack, database, running_stack

if TYPE_CHECKING:
    from playwright.async_api import Browser

KILO = 1024
PHONE = {"width": 390, "height": 844}
SETTLE_MS = 600  # after everything has come: what moves late is still seen
LINE_SECONDS = 120


@dataclass(frozen=True, kw_only=True)
class Line:
    """A preset of Chromium: kilobits a second each way, and the milliseconds that each request waits."""

    name: str
    down: float
    up: float
    wait: float


LINES = {
    "4g": Line(name="4G", down=8100, up=1350, wait=165),
    "slow_4g": Line(name="4G lenta", down=1440, up=675, wait=562.5),
    "3g": Line(name="3G lenta", down=400, up=400, wait=2000),
}
LCP_LIMIT, MOVED_LIMIT, WEIGHT_LIMIT = 1500.0, 0.01, 100 * KILO
MEANINGS = {
    "lcp_4g_ms": "4G: lo mayor de la página más lenta, p50 (ms)",
    "lcp_slow_4g_ms": "4G lenta: lo mismo (ms)",
    "readable_3g_ms": "3G lenta: primer texto de la página más lenta, p50 (ms)",
    "moved": "Lo que más se movió una página al cargar (CLS)",
    "first_view_kb": "Programas y estilos de la página más pesada, comprimidos (KB)",
    "pages_over": "Páginas sobre su tope",
}
WATCH = """
window.seen = { first: 0, largest: 0, moved: 0 };
const watch = (type, each) =>
  new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({ type, buffered: true });
watch("paint", (entry) => { if (entry.name === "first-contentful-paint") seen.first = entry.startTime; });
watch("largest-contentful-paint", (entry) => { seen.largest = entry.startTime; });
watch("layout-shift", (entry) => { if (!entry.hadRecentInput) seen.moved += entry.value; });
"""
READ = """
() => ({ ...seen, weight: performance.getEntriesByType("resource")
  .filter((one) => /\\.(js|css)$/.test(one.name)).reduce((sum, one) => sum + one.encodedBodySize, 0) })
"""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How often each page is opened on each line, and how many times slower the processor is."""

    times: int
    slower: float


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A page on a line, each time it was opened: milliseconds, CLS and bytes."""

    line: str
    name: str
    each: Sequence[Mapping[str, float]] = field(default_factory=list)

    def middle(self, what: str) -> float:
        """The median of a figure."""
        return percentile((one[what] for one in self.each), 50)

    @property
    def within(self) -> bool:
        """Within what a client may be asked to wait; a slower line than 4G has no limit of its own for time."""
        in_time = self.line != LINES["4g"].name or self.middle("largest") <= LCP_LIMIT
        return in_time and self.middle("moved") <= MOVED_LIMIT and self.middle("weight") < WEIGHT_LIMIT

    @property
    def told(self) -> tuple[str, ...]:
        """As the table shows it."""
        times = tuple(f"{self.middle(what):.0f}" for what in ("first", "largest"))
        rest = (f"{self.middle('moved'):.4f}", f"{self.middle('weight') / KILO:.1f}", "sí" if self.within else "NO")
        return (f"{self.line} · {self.name}", *times, *rest)


def run(plan: Plan, progress: Progress) -> Figures:
    """Open every page on every line; print what the browser saw."""
    with running_stack(RATE_LIMIT_ANONYMOUS="") as stack:
        return asyncio.run(_measured(plan, progress, stack))


async def _measured(plan: Plan, progress: Progress, stack: Stack) -> Figures:
    async with database(stack) as sessions:
        free, paying = (await move_in(sessions, 2)).clients
    pages = (
        ("Portada", "/", None),
        ("Ingreso", "/ingresar", None),
        ("Inicio", "/inicio", free),
        ("Nueva operación", "/cambiar", free),
        ("Pago", await _to_pay(stack, paying), paying),
    )
    await _warm(stack, pages)
    task = progress.add_task("Páginas", total=len(LINES) * len(pages) * plan.times)
    found = []
    async with _chromium() as browser:
        for line in LINES.values():
            for name, path, person in pages:
                each = []
                for _ in range(plan.times):
                    each.append(await _open(browser, stack.api + path, person, line, plan.slower))
                    progress.advance(task)
                found.append(Opened(line=line.name, name=name, each=each))
    columns = ("Página", "texto (ms)", "LCP (ms)", "CLS", "KB", "bien")
    show(f"En frío, procesador {plan.slower:g} veces más lento", [one.told for one in found], columns=columns)
    figures = _figures(found)
    show_figures("Portal", figures, MEANINGS)
    return figures


def _figures(found: Sequence[Opened]) -> Figures:
    def worst(line: str, what: str) -> float:
        return max(one.middle(what) for one in found if one.line == LINES[line].name)

    return {
        "lcp_4g_ms": round(worst("4g", "largest")),
        "lcp_slow_4g_ms": round(worst("slow_4g", "largest")),
        "readable_3g_ms": round(worst("3g", "first")),
        "moved": round(max(one.middle("moved") for one in found), 4),
        "first_view_kb": round(max(one.middle("weight") for one in found) / KILO, 1),
        "pages_over": sum(not one.within for one in found),
    }


async def _to_pay(stack: Stack, person: Person) -> str:
    """The page of an operation of this client that waits for its transfer."""
    wish = {"dni": person.document, "tipo": "venta", "monto_dolares": 1500, "banco_cuenta_id": 0}
    async with _http(stack, person) as http:
        answer = await http.post("/api/web/create-operation", json=wish)
        if answer.is_error:
            raise BenchError(f"No se pudo crear la operación: {answer.text}")
        code: str = answer.json()["data"]["operation"]["codigo_operacion"]
    return f"/operaciones/{code}"


async def _warm(stack: Stack, pages: Sequence[tuple[str, str, Person | None]]) -> None:
    """Ask each page twice: templates and statements are made at the first."""
    for _, path, person in pages:
        async with _http(stack, person) as http:
            for _ in range(2):
                (await http.get(path)).raise_for_status()


def _http(stack: Stack, person: Person | None) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {person.token}"} if person else {}
    return httpx.AsyncClient(base_url=stack.api, headers=headers, trust_env=False, timeout=60)


def chromium_program() -> str | None:
    """Where this machine's Chromium is: `CHROMIUM`, or the lightest that is installed."""
    installed = map(shutil.which, ("chromium-headless-shell", "chromium", "google-chrome"))
    return os.environ.get("CHROMIUM") or next(filter(None, installed), None)


class _chromium:  # noqa: N801 - used as a block, like the functions beside it
    """The machine's own Chromium while the block runs. Raises BenchError without one."""

    async def __aenter__(self) -> Browser:
        program = chromium_program()
        try:
            from playwright.async_api import async_playwright
        except ImportError as error:
            raise BenchError("Falta Playwright: instala el proyecto con sus herramientas (`make install`).") from error
        if program is None:
            raise BenchError("No hay Chromium en esta máquina: instálalo o define CHROMIUM.")
        self._playwright = await async_playwright().start()
        self._browser = await self._playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        return self._browser

    async def __aexit__(self, *_: object) -> None:
        await self._browser.close()
        await self._playwright.stop()


async def _open(
    browser: Browser, address: str, person: Person | None, line: Line, slower: float
) -> Mapping[str, float]:
    context = await browser.new_context(
        viewport={"width": PHONE["width"], "height": PHONE["height"]},
        device_scale_factor=2,
        is_mobile=True,
        locale="es-PE",
        timezone_id="America/Lima",
    )
    try:
        if person is not None:
            await context.add_cookies([{"name": COOKIE, "value": person.token, "url": address}])
        await context.add_init_script(WATCH)
        page = await context.new_page()
        wire = await context.new_cdp_session(page)
        await wire.send("Network.enable")
        await wire.send("Network.emulateNetworkConditions", _slowed(line))
        await wire.send("Emulation.setCPUThrottlingRate", {"rate": slower})
        await page.goto(address, wait_until="load", timeout=LINE_SECONDS * 1000)
        await page.wait_for_timeout(SETTLE_MS)
        seen: Mapping[str, float] = await page.evaluate(READ)
    finally:
        await context.close()
    return seen


def _slowed(line: Line) -> dict[str, Any]:
    bytes_of_kilobit = 1000 / 8
    return {
        "offline": False,
        "latency": line.wait,
        "downloadThroughput": line.down * bytes_of_kilobit,
        "uploadThroughput": line.up * bytes_of_kilobit,
    }
