"""Middle Office on the screen: a held operation let go from its case. Its approvals are in test_journey.py."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import PHONE, Screen, Screens
from tests.integration.people import Desk, Town, eventually
from tests.integration.running import Stack
from tests.integration.test_screening import rename

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]
# Each page once: the markup is the same in both, what changes is its width and its colours.
BY_DAY = ("kyc", "casos", "coincidencias", "reglas", "reglas/1", "reglas/nueva", "listas", "reportes/estadisticas")
BY_NIGHT = ("alertas", "riesgo", "listas/OFAC", "listas/buscar", "reportes", "reportes/ros", "reclamos")


async def lists_are_there(master: Desk) -> bool:
    shown = await master.get("/api/staff/screening/lists")
    return all(one["in_force"] for one in shown if one["list_code"] in {"OFAC", "ONU"})


async def clear(screen: Screen, paths: tuple[str, ...]) -> None:
    """No barrier and no sideways scroll on any of these pages."""
    for path in paths:
        await screen.page.goto(f"/panel/{path}")
        assert await screen.barriers() == [], path
        assert not await screen.overflows(), path


async def let_go(screen: Screen, case_id: int, code: str) -> None:
    """Take the case, read why, and say that it is somebody else."""
    page = screen.page
    await page.goto(f"/panel/casos/{case_id}")
    await expect(page.locator("#coincidencias")).to_contain_text("VOLKOV")
    await expect(page.locator("#acciones")).to_contain_text("Tómalo primero")
    assert await screen.barriers() == []
    await page.locator("#acciones").get_by_role("button", name="Tomar caso").click()
    await screen.confirm()
    await page.locator("#acciones").get_by_role("button", name="Liberar: falsa alarma").click()
    await expect(page.locator("#dialogo dialog")).to_contain_text(f"{code} sigue.")
    await page.fill("#resolution", "Otra persona: su DNI es peruano")
    await screen.confirm()
    await expect(page.locator("#cabecera")).to_contain_text("Falsa alarma")
    await expect(page.locator("#historia")).to_contain_text("Otra persona: su DNI es peruano")


async def test_middle_office_lets_a_held_operation_go(screens: Screens, stack: Stack, town: Town, master: Desk):
    await eventually(lambda: lists_are_there(master), what="no lists")
    listed = await town.arrive()
    rename(stack, listed, "Arkadiy Semyonovich", "Volkov")
    code = (await listed.create())["codigo_operacion"]
    screen = await screens.of("oficial")

    async def opened() -> list[dict[str, Any]]:
        held = any(entry["event"] == "hold" for entry in (await master.look(code))["events"])
        cases = (await master.get(f"/api/staff/cases?client_id={listed.id}"))["items"] if held else []
        # Whom other tests invented may share its telephone: that is a case of its own.
        return [case for case in cases if case["kind"] == "lista"]

    (case,) = await eventually(opened, what="not held")
    await let_go(screen, case["id"], code)
    assert [entry["event"] for entry in (await master.look(code))["events"]].count("release_hold") == 1
    await clear(screen, BY_DAY)
    await clear(await screens.of("oficial", size=PHONE, theme="oscuro"), (*BY_NIGHT, f"casos/{case['id']}"))
