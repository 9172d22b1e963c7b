"""The panel as its people live it: two browsers on one operation, a cut line, a new rate, no barrier on any page."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from tests.e2e.conftest import PHONE, WIDE, Screen, Screens, with_authenticator
from tests.integration.people import PASSWORD, Customer, Desk, Town
from tests.integration.running import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(150)]
FIRST_VIEW = 120 * 1024
PAGES = (
    "operaciones/{code}",
    "clientes/{client}",
    "operaciones",
    "clientes",
    "operaciones/nueva?cliente={client}",
    "clientes/nuevo",
    "usuarios",
    "parametros",
    "auditoria",
    "sesiones",
    "hoy",
    "comprobantes",
    "comprobantes/cuenta",
    "avisos",
    "avisos/mios",
    "referidos?cliente={client}",
    "tasas",
    "cuentas",
    "cuentas/{account}",
    "movimientos",
    "movimientos/pendientes",
    "posicion",
    "aprobaciones",
    "control",
    "cierre",
    "conciliacion",
    "conciliacion/{account}",
    "conciliacion/{account}/conciliadas",
    "calce",
    "calce/sugerencias",
    "calce/calces",
    "calce/lotes",
    "libros",
    "libros/mayor",
    "libros/balance",
    "libros/resultado",
    "libros/resultados?por=trader",
    "libros/operaciones",
    "libros/plan",
    "libros/meses",
    "metas",
)
# The house's own budget is a third of a second; a machine that runs every other test beside this one gets more.
AT_ONCE = 10.0


async def portfolio_of(master: Desk, customer: Customer, username: str) -> None:
    """Give a client to a Trader."""
    people = await master.get("/api/staff/users")
    trader = next(one["id"] for one in people if one["username"] == username)
    body = {"client_ids": [customer.id], "trader_id": trader, "reason": "Cartera de prueba"}
    assert (await master.post("/api/staff/clients/reassign", json=body)).status_code == 200


async def account_of(master: Desk, size: dict[str, int]) -> int:
    """An account of the house; each screen size has its own, since both tests meet in one house."""
    number = f"19300000{size['width']:05}"
    holder = {"holder": "QoriCash SAC", "holder_ruc": "20990000009"}
    body = {"bank": "BCP", "currency": "USD", "number": number, **holder}
    made = await master.post("/api/staff/house-accounts", json=body)
    assert made.status_code == 200
    return int(made.json()["id"])


async def split_the_payment(holder: Screen, onlooker: Screen) -> None:
    """Two pagos: the difference runs while typing, and a sum that does not tie can't be completed."""
    lines = holder.page.locator("#payouts")
    await lines.locator("[data-amount]").first.fill("4,000.00")
    await expect(lines.locator("[data-diff]")).to_have_text("Faltan 251.25")
    await expect(onlooker.page.locator("#presencia")).to_contain_text("la está editando ahora mismo")
    await lines.locator("[data-add-line]").click()
    await expect(lines.locator("[data-diff]")).to_have_text("Diferencia 0.00")
    await lines.locator("button[type=submit]").click()
    await expect(onlooker.page.locator("#payouts")).to_contain_text("251.25")
    await expect(holder.page.locator("#payouts [data-save]")).to_be_hidden()


async def show_and_complete(holder: Screen, picture: Path) -> None:
    """The proof of the payment by keyboard, and a dialog that spells out what completing means."""
    await holder.page.keyboard.press("a")
    await holder.page.set_input_files("#archivo", picture)
    await holder.confirm()
    await expect(holder.page.locator("#constancias .thumb")).to_have_count(1)
    assert await holder.barriers() == []
    await holder.page.locator("#acciones .btn-main:not([aria-disabled])").click()
    await expect(holder.page.locator("#dialogo dialog")).to_contain_text("Después no se puede editar ni devolver")
    await holder.confirm()


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
    # Three people on one operation see each other.
    await expect(onlooker.page.locator("#presencia")).to_contain_text("Negociante")

    await split_the_payment(holder, onlooker)
    await expect(holder.page.locator("#acciones .btn-main")).to_have_attribute("aria-disabled", "true")
    await show_and_complete(holder, picture)
    began = time.monotonic()
    await page.wait_for_selector("#cabecera .badge-st.st-completada")
    assert time.monotonic() - began < AT_ONCE
    await expect(page.locator("#envios")).to_contain_text("Aceptado", timeout=30_000)
    assert (await master.look(code))["state"] == "Completada"


async def choose_and_find(screen: Screen) -> None:
    """A search inside the filters arrives with its words, a row can be chosen, and Enter means what was just typed."""
    page = screen.page
    await page.goto("/panel/clientes")
    await page.check("[name=n] >> nth=0")
    await page.click("text=Reasignar elegidos")
    await expect(page.locator("#dlg-t")).to_have_text("Reasignar 1 cliente")
    await page.keyboard.press("Escape")
    await page.fill("[data-first-filter]", "nadie con ese nombre")
    await expect(page.locator("#lista")).to_contain_text("Ningún cliente así")
    waits = iter((1.5,))

    async def late(route: Route) -> None:
        await asyncio.sleep(next(waits, 0))
        await route.continue_()

    # The answer to the empty palette comes after Enter: it opened "Nueva operación".
    await page.route("**/panel/buscar", late)
    await page.keyboard.press("Control+k")
    await page.keyboard.type("publicar ta")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/panel/tasas")
    await page.unroute("**/panel/buscar")


async def test_a_masters_morning_a_cut_line_a_refusal_and_a_new_rate(screens: Screens, town: Town, master: Desk):
    """What was missed during the cut is shown, a refusal stands where it was typed, a rate reaches everybody."""
    screen, operator = await screens.of("maestra"), await screens.of("operador")
    page, customer = screen.page, await town.arrive()
    await expect(page.locator("#conexion")).to_contain_text("En vivo")
    await page.context.set_offline(True)
    await page.evaluate("window.dispatchEvent(new Event('offline'))")
    code = await master.write_down(customer, "Venta", "80.00")
    await expect(operator.page.locator(f"#op-{code}")).to_be_visible()
    assert await page.locator(f"#op-{code}").count() == 0
    await page.context.set_offline(False)
    await expect(page.locator(f"#op-{code}")).to_be_visible(timeout=30_000)
    await choose_and_find(screen)

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
    screen.complaints.clear()  # the browser notes the cut line and every 422, which is what was asked for

    await page.goto("/panel/tasas")
    await publish(screen, "3.4020", "3.4180", says="sube 10 pips")
    await expect(operator.page.locator("#tasas")).to_contain_text("3.4180")
    await expect(page.locator("#historial")).to_contain_text("3.4180")
    await publish(screen, "3.4010", "3.4120", says="baja")  # what other tests reckon with
    await expect(operator.page.locator("#tasas")).to_contain_text("3.4120")


async def publish(screen: Screen, buy: str, sell: str, *, says: str) -> None:
    """Set the rates on the page, reading what the dialog says of them."""
    await screen.page.fill("#compra", buy)
    await screen.page.fill("#venta", sell)
    await screen.page.click("#tasa button[type=submit]")
    await expect(screen.page.locator("#dialogo dialog")).to_contain_text(says)
    await screen.confirm()
    await expect(screen.page.locator("#dialogo dialog")).to_have_count(0)


async def test_a_passkey_opens_the_panel_without_password_and_is_taken_away(screens: Screens, stack: Stack):
    """The browser's own authenticator, by its name: an address without one can hold no key."""
    screen = await screens.of("negociante", theme="oscuro")
    page = screen.page
    named = stack.api.replace("127.0.0.1", "localhost")
    await with_authenticator(page)
    await page.goto(f"{named}/panel/ingresar")
    await page.fill("#usuario", "negociante")
    await page.fill("#clave", PASSWORD)
    await page.click("form button[type=submit]")
    await page.wait_for_selector("#tablero")
    await page.goto(f"{named}/panel/sesiones")
    await page.click("[data-passkey-new]")
    await expect(page.locator("#pasos")).to_contain_text("Llave creada")
    await page.context.clear_cookies()
    await page.goto(f"{named}/panel/ingresar?siguiente=/panel/sesiones")
    await page.click("[data-passkey-in]")
    await page.wait_for_url("**/panel/sesiones")
    await expect(page.locator("#pasos")).to_contain_text("usada hoy")
    await page.locator("#pasos button", has_text="Quitar").click()
    await screen.confirm()
    await expect(page.locator("#pasos")).not_to_contain_text("Llave creada")


@pytest.mark.parametrize(("size", "theme"), [(WIDE, "claro"), (PHONE, "oscuro")])
async def test_no_page_has_a_barrier_or_scrolls_sideways(
    screens: Screens, town: Town, master: Desk, size: dict[str, int], theme: str
):
    """And the first view's scripts and styles weigh less than their budget, compressed: 120 KB."""
    customer = await town.arrive()
    code = await master.write_down(customer, "Compra", "90.00")
    screen = await screens.of("maestra", theme=theme, size=size)
    assert 0 < await screen.weight() < FIRST_VIEW
    account = await account_of(master, size)
    for path in PAGES:
        await screen.page.goto(f"/panel/{path.format(code=code, client=customer.id, account=account)}")
        assert await screen.barriers() == [], path
        assert not await screen.overflows(), path
