"""Netting by keyboard and mouse: a Compra with a Venta, too much is said at the field, a lote closes for good."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import PHONE, Screen, Screens
from tests.integration.people import Customer, Desk, Town, eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(150)]


async def complete(master: Desk, customer: Customer, kind: str, dollars: str) -> str:
    """An operation from its start to its end."""
    code = await master.write_down(customer, kind, dollars)
    await master.command(code, "submit-proof", data={"transfer_code": f"00{code[-4:]}"})
    await master.attach(code)

    async def done() -> bool:
        answer = await master.post(f"/api/staff/operations/{code}/complete", key=f"fin-{code}", json={})
        return answer.status_code == 200

    await eventually(done, what=f"{code} completed")
    return code


async def choose(screen: Screen, buy: str, sell: str) -> None:
    """By the client's name, as by its button: both are one label."""
    await screen.page.goto("/panel/calce")
    await screen.page.locator(f'label[for="{buy}"]').click()
    await expect(screen.page.locator("#pareja")).to_contain_text("Falta elegir la otra operación.")
    await screen.page.locator(f'label[for="{sell}"]').click()
    await expect(screen.page.locator("#pareja")).to_contain_text("quedan")


async def test_a_compra_is_matched_with_a_venta_and_their_lote_closes_for_good(
    screens: Screens, town: Town, master: Desk
):
    customer = await town.arrive()
    buy = await complete(master, customer, "Compra", "120.00")
    sell = await complete(master, customer, "Venta", "80.00")
    screen = await screens.of("maestra")
    page = screen.page
    await choose(screen, buy, sell)
    # The smaller remainder is proposed; what is typed beyond it is refused where it was typed.
    await expect(page.locator("#monto")).to_have_value("80.00")
    await page.fill("#monto", "80.01")
    await expect(page.locator("#monto-e")).to_contain_text(f"A {sell} le quedan US$ 80.00 por calzar.")
    assert await screen.barriers() == []
    await page.fill("#monto", "50")
    await expect(page.locator("#pareja")).to_contain_text("Utilidad")
    await page.locator("#pareja button").click()
    await expect(page.locator("#dialogo dialog")).to_contain_text(f"¿Calzar US$ 50.00 de {buy} con {sell}?")
    await expect(page.locator("#dialogo dialog")).to_contain_text("para la casa.")
    assert await screen.barriers() == []
    await screen.confirm()
    await expect(page.locator("#por-calzar")).to_contain_text("de 120.00")

    await page.goto("/panel/calce/calces?estado=sin-lote")
    await page.locator("tr", has_text=buy).locator("[name=n]").check()
    await page.get_by_role("button", name="Abrir lote con los elegidos").click()
    await screen.confirm()
    await page.wait_for_url("**/panel/calce/lotes/LOTE-*")
    assert await screen.barriers() == []
    await page.get_by_role("button", name="Cerrar lote").click()
    await expect(page.locator("#dialogo dialog")).to_contain_text("Un lote cerrado no se vuelve a abrir.")
    await screen.confirm()
    await expect(page.locator("#lote")).to_contain_text("Cerrado")
    await expect(page.locator("#lote")).not_to_contain_text("Anular")

    phone = await screens.of("maestra", theme="oscuro", size=PHONE)
    await choose(phone, buy, sell)
    assert await phone.barriers() == []
    assert not await phone.overflows()
    number = (await master.get("/api/staff/accounting/operations?since=2026-01-01"))["items"][0]["entry"]
    for path in (f"libros/asientos/{number}", "libros", "libros/mayor", "metas"):
        await phone.page.goto(f"/panel/{path}")
        assert await phone.barriers() == [], path
        assert not await phone.overflows(), path
