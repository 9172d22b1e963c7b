"""A house without demo data, its people, and the machine's Chromium: what happens on the screens of both faces."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright

import demo_papers
from api.assets import DIST
from cli.benches.portal import chromium_program
from tests.integration.people import PASSWORD, Customer, Desk, Town
from tests.integration.running import Stack

AXE = DIST.parent / "node_modules/axe-core/axe.min.js"
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


def chromium() -> str:
    """Where the machine's own Chromium is; a test without one says so instead of passing."""
    found = chromium_program()
    if found is None:
        pytest.skip("no Chromium on this machine: install it or set CHROMIUM")
    return found


@dataclass
class Screen:
    """A person before a page, and everything that its browser complained about."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda said: self.complaints.append(said.text) if said.type in {"error", "warning"} else None,
        )

    async def barriers(self) -> list[dict[str, Any]]:
        """What axe finds serious or critical on the page as it stands."""
        await self.page.evaluate(AXE.read_text())
        found = await self.page.evaluate("axe.run({resultTypes: ['violations']}).then(r => r.violations)")
        grave = [one for one in found if one["impact"] in {"serious", "critical"}]
        return [{"rule": one["id"], "where": [node["html"][:160] for node in one["nodes"][:3]]} for one in grave]

    async def overflows(self) -> bool:
        """Whether the page scrolls sideways."""
        return bool(await self.page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"))

    async def weight(self) -> int:
        """Bytes of script and style that the page took over the line, compressed as they came."""
        entries = "performance.getEntriesByType('resource').filter(r => /\\.(js|css)$/.test(r.name))"
        return int(await self.page.evaluate(f"{entries}.reduce((sum, r) => sum + r.encodedBodySize, 0)"))

    async def confirm(self) -> None:
        """Press the verb of the dialog that is open."""
        await self.page.click("#dialogo dialog[open] button[type=submit]")


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    chromium()
    running = Stack(tmp_path_factory.mktemp("screens") / "var", demo=False).start()
    yield running
    running.stop()


@pytest.fixture(scope="package")
async def town(stack: Stack) -> AsyncIterator[Town]:
    made = Town(stack.api, stack.place["database_url"])
    yield made
    await made.close()


@pytest.fixture(scope="package")
async def master(town: Town) -> Desk:
    """The Master over HTTP; the house also has two Operadores, a Trader and a Middle Office."""
    desk = await town.found()
    for username, role in (("negociante", "Trader"), ("oficial", "Middle Office")):
        body = {"username": username, "email": f"{username}@casa.example", "full_name": username.title()}
        answer = await desk.post("/api/staff/users", json={**body, "role": role, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
    return desk


@pytest.fixture(scope="package")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield opened
        await opened.close()


async def with_authenticator(page: Page) -> None:
    """Give this browser an authenticator that says yes, as a finger on the reader does."""
    keeper = await page.context.new_cdp_session(page)
    await keeper.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    about = {**options, "isUserVerified": True, "automaticPresenceSimulation": True}
    await keeper.send("WebAuthn.addVirtualAuthenticator", {"options": about})


class Screens:
    """Opens screens, each in its own browser profile; a person who came in once is still there for the next test."""

    def __init__(self, browser: Browser, api: str) -> None:
        self._browser, self._api = browser, api
        self._known: dict[tuple[str, str], Screen] = {}
        self._strangers: list[Screen] = []

    async def of(self, username: str, *, size: dict[str, int] = WIDE, theme: str = "claro") -> Screen:
        """A person before its board, who signed in by the door."""
        screen = self._known.get((username, theme))
        if screen is None:
            screen = self._known[username, theme] = await self._enter(username, size, theme)
        else:
            await screen.page.set_viewport_size(size)  # type: ignore[arg-type]
            await screen.page.goto("/panel/tablero")
        return screen

    async def at_home(self, customer: Customer, *, size: dict[str, int] = PHONE, theme: str = "claro") -> Screen:
        """A client who came in by the portal's door."""
        screen = await self.stranger(size=size, theme=theme)
        await screen.page.goto("/ingresar")
        await screen.page.fill("#documento", customer.identity.document)
        await screen.page.fill("#clave", PASSWORD)
        await screen.page.click("button[type=submit]")
        await screen.page.wait_for_url("**/inicio")
        return screen

    async def stranger(self, *, size: dict[str, int] = PHONE, theme: str = "claro") -> Screen:
        """Somebody who has not come in, in a browser profile of its own."""
        screen = await self._screen(size, theme)
        self._strangers.append(screen)
        return screen

    async def _enter(self, username: str, size: dict[str, int], theme: str) -> Screen:
        screen = await self._screen(size, theme)
        page = screen.page
        await page.goto("/panel/ingresar")
        await page.fill("#usuario", username)
        await page.fill("#clave", PASSWORD)
        await page.click("button[type=submit]")
        await page.wait_for_selector("#tablero")
        return screen

    async def _screen(self, size: dict[str, int], theme: str) -> Screen:
        context = await self._browser.new_context(
            base_url=self._api, viewport=size, locale="es-PE", timezone_id="America/Lima", reduced_motion="reduce"
        )
        await context.add_cookies([{"name": "qoricash_tema", "value": theme, "url": self._api}])
        page = await context.new_page()
        page.set_default_timeout(30_000)
        return Screen(page)

    async def strangers_leave(self) -> None:
        """Close the browsers of clients: each test brings its own."""
        while self._strangers:
            await self._strangers.pop().page.context.close()

    def complaints(self) -> list[str]:
        """What any browser said since the last time."""
        screens = [*self._known.values(), *self._strangers]
        said = [one for screen in screens for one in screen.complaints]
        for screen in screens:
            screen.complaints.clear()
        return said


@pytest.fixture(scope="package")
async def opened(browser: Browser, stack: Stack, master: Desk) -> Screens:
    assert isinstance(master, Desk)
    return Screens(browser, stack.api)


@pytest.fixture
async def screens(opened: Screens) -> AsyncIterator[Screens]:
    """Nobody's browser complains in any test."""
    yield opened
    said = opened.complaints()
    await opened.strangers_leave()
    assert said == []


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A photo to attach, which a browser can show."""
    file = tmp_path / "constancia.png"
    file.write_bytes(demo_papers.picture("CONSTANCIA", "Para la prueba"))
    return file
