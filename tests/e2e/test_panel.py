"""The panel as its people live it: two browsers on one operation, a cut line, a new rate, no barrier on any page."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import PHONE, Screens
from tests.integration.people import Customer, Desk, Town
from tests.integration.running import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(150)]
# The house's own budget is a third of a second; a machine that runs every other test beside this one gets more.
AT_ONCE = 3.0


async def portfolio_of(master: Desk, customer: Customer, username: str) -> None:
    """Give a client to a Trader."""
    people = await master.get("/api/staff/users")
    trader = next(one["id"] for one in people if one["username"] == username)
    body = {"client_ids": [customer.id], "trader_id": trader, "reason": "Cartera de prueba"}
    assert (await master.post("/api/staff/clients/reassign", json=body)).status_code == 200


async def test_a_trader_and_an_operator_carry_an_operation_to_its_end(
    screens: Screens, town: Town, master: Desk, picture: Path
):
    """Each act of one is on the other's screen by itself, and every step is taken on the pages alone."""
    customer = await town.arrive()
    await portfolio_of(master, customer, "negociante")
    trader, operator = await screens.of("negociante"), await screens.of("operador")
    other = await screens.of("operadora")
    page = trader.page

    await page.goto(f"/panel/operaciones/nueva?cliente={customer.id}")
    await page.fill("#monto", "1,250.00")
    await expect(page.locator("#cotizacion")).to_contain_text("4,251.25")
    assert await trader.barriers() == []
    await page.click("#nueva button[type=submit]")
    await page.wait_for_url("**/panel/operaciones/EXP-*")
    code = page.url.rpartition("/")[2]
    await expect(operator.page.locator(f"#pendientes #op-{code}")).to_be_visible()

    await page.click("#acciones .btn-main")
    await page.fill("#codigo", "00984512")
    await trader.confirm()
    began = time.monotonic()
    card = f"#en-proceso #op-{code}"
    await operator.page.wait_for_selector(card)
    assert time.monotonic() - began < AT_ONCE

    # The least loaded has it: whoever it is goes on, and only that one sees it as its own.
    mine = await operator.page.locator(f'{card}[data-mine="si"]').count()
    holder, onlooker = (operator, other) if mine else (other, operator)
    for screen in (holder, onlooker):
        await screen.page.goto(f"/panel/operaciones/{code}")
    await expect(onlooker.page.locator("#acciones .btn-main")).to_have_attribute("aria-disabled", "true")
    await expect(onlooker.page.locator("#acciones")).to_contain_text("No la tienes asignada")

    # Two pagos: the difference runs while typing, and a sum that does not tie can't be completed.
    lines = holder.page.locator("#payouts")
    await lines.locator("[data-amount]").first.fill("4,000.00")
    await expect(lines.locator("[data-diff]")).to_have_text("Faltan 251.25")
    await lines.locator("[data-add-line]").click()
    await expect(lines.locator("[data-diff]")).to_have_text("Diferencia 0.00")
    await lines.locator("button[type=submit]").click()
    await expect(onlooker.page.locator("#payouts")).to_contain_text("251.25")
    await expect(holder.page.locator("#payouts [data-save]")).to_be_hidden()

    await expect(holder.page.locator("#acciones .btn-main")).to_have_attribute("aria-disabled", "true")
    await holder.page.keyboard.press("a")
    await holder.page.set_input_files("#archivo", picture)
    await holder.confirm()
    await expect(holder.page.locator("#constancias .thumb")).to_have_count(1)
    assert await holder.barriers() == []
    await holder.page.locator("#acciones .btn-main:not([aria-disabled])").click()
    await expect(holder.page.locator("#dialogo dialog")).to_contain_text("Después no se puede editar ni devolver")
    await holder.confirm()
    began = time.monotonic()
    await page.wait_for_selector("#cabecera .badge-st.st-completada")
    assert time.monotonic() - began < AT_ONCE
    await expect(page.locator("#envios")).to_contain_text("Aceptado", timeout=30_000)
    assert (await master.look(code))["state"] == "Completada"


async def test_a_screen_whose_line_was_cut_shows_what_it_missed(screens: Screens, town: Town, master: Desk):
    screen = await screens.of("maestra")
    customer = await town.arrive()
    await expect(screen.page.locator("#conexion")).to_contain_text("En vivo")
    await screen.page.context.set_offline(True)
    await screen.page.evaluate("window.dispatchEvent(new Event('offline'))")
    code = await master.write_down(customer, "Compra", "120.00")
    await asyncio.sleep(1)
    assert await screen.page.locator(f"#op-{code}").count() == 0
    await screen.page.context.set_offline(False)
    await expect(screen.page.locator(f"#op-{code}")).to_be_visible(timeout=30_000)
    screen.complaints.clear()  # that the line was cut is what the browser complains about


async def test_a_refusal_is_said_where_the_person_typed_and_cancelling_says_what_follows(
    screens: Screens, town: Town, master: Desk
):
    customer = await town.arrive()
    code = await master.write_down(customer, "Venta", "80.00")
    screen = await screens.of("maestra")
    page = screen.page
    await page.goto(f"/panel/operaciones/{code}")
    await page.get_by_role("button", name="Cancelar operación").click()
    await expect(page.locator("#dialogo dialog")).to_contain_text("Esta acción no se deshace")
    await screen.confirm()
    await expect(page.locator("#motivo")).to_have_attribute("aria-invalid", "true")
    assert await screen.barriers() == []
    await page.fill("#motivo", "El cliente se arrepintió")
    await screen.confirm()
    await page.wait_for_selector("#cabecera .badge-st.st-cancelado")
    assert (await master.look(code))["reason"] == "El cliente se arrepintió"
    screen.complaints.clear()  # the browser notes every 422, which is what was asked for


async def test_a_new_rate_is_in_everybodys_header_at_once(screens: Screens):
    master, operator = await screens.of("maestra"), await screens.of("operador")
    await master.page.goto("/panel/tasas")
    await master.page.fill("#compra", "3.4020")
    await master.page.fill("#venta", "3.4180")
    await master.page.click("#tasa button[type=submit]")
    await expect(master.page.locator("#dialogo dialog")).to_contain_text("sube 10 pips")
    await master.confirm()
    await expect(operator.page.locator("#tasas")).to_contain_text("3.4180")
    await expect(master.page.locator("#historial")).to_contain_text("3.4180")
    # What other tests reckon with.
    await master.page.fill("#compra", "3.4010")
    await master.page.fill("#venta", "3.4120")
    await master.page.click("#tasa button[type=submit]")
    await master.confirm()
    await expect(operator.page.locator("#tasas")).to_contain_text("3.4120")


@pytest.mark.parametrize(("size", "theme"), [(None, "claro"), (PHONE, "oscuro")])
async def test_no_page_has_a_barrier_or_scrolls_sideways(
    screens: Screens, town: Town, master: Desk, size: dict[str, int] | None, theme: str
):
    customer = await town.arrive()
    code = await master.write_down(customer, "Compra", "90.00")
    screen = await screens.of("maestra", theme=theme, **({"size": size} if size else {}))
    pages = ["tablero", "operaciones", f"operaciones/{code}", f"clientes/{customer.id}", "auditoria"]
    if size is None:
        pages += [f"operaciones/nueva?cliente={customer.id}", "clientes", "clientes/nuevo", "usuarios", "parametros"]
    for path in pages:
        await screen.page.goto(f"/panel/{path}")
        assert await screen.barriers() == [], path
        assert not await screen.overflows(), path


async def test_the_first_view_weighs_less_than_its_budget(screens: Screens, stack: Stack):
    """Scripts and styles of the first page, compressed: under 120 KB."""
    assert stack.api
    screen = await screens.of("operador")
    weights = await screen.page.evaluate(
        "performance.getEntriesByType('resource').filter(r => /\\.(js|css)$/.test(r.name)).map(r => r.encodedBodySize)"
    )
    assert len(weights) >= 5
    assert sum(weights) < 120 * 1024
