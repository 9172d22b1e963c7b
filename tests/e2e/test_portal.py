"""The portal as its clients live it, page by page; from sign-up to the comprobante is test_journey.py."""

from __future__ import annotations

import asyncio
import time

import pytest
from playwright.async_api import Route, expect

from tests.e2e.conftest import PHONE, WIDE, Screens, with_authenticator
from tests.integration import people
from tests.integration.people import PASSWORD, Desk, Town
from tests.integration.running import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(150)]
AT_ONCE = 10.0


async def test_five_clicks_give_one_operation_and_time_over_closes_it(screens: Screens, town: Town):
    customer = await town.arrive()
    screen = await screens.at_home(customer)
    page = screen.page
    await page.goto("/cambiar/cuentas?quiero=vender&campo=envia&envia=80")
    await page.check("input[type=checkbox]")
    await page.locator(".actionbar button[type=submit]").dblclick()
    await page.wait_for_url("**/operaciones/EXP-*")
    assert len(await customer.operations()) == 1
    await page.goto("/cambiar")
    await expect(page.locator("main")).to_contain_text("en curso")
    await page.goto("/operaciones")
    await page.click("main li a")
    await page.click("[data-open=cancelar]")
    assert await screen.barriers() == []
    await page.click("dialog[open] button:not([type])")
    await expect(page.locator("h1")).to_contain_text("está cancelada")


async def test_a_passkey_opens_the_portal_without_password(screens: Screens, town: Town, stack: Stack):
    """The browser's own authenticator, by its name: an address without one can hold no key."""
    customer = await town.arrive()
    screen = await screens.stranger()
    page = screen.page
    named = stack.api.replace("127.0.0.1", "localhost")
    await with_authenticator(page)
    await page.goto(f"{named}/ingresar")
    assert await screen.barriers() == []
    await page.fill("#documento", customer.identity.document)
    await page.fill("#clave", PASSWORD)
    await page.click("form button[type=submit]")
    await page.wait_for_url("**/inicio")
    await page.goto(f"{named}/cuenta/llaves")
    await page.fill("#nombre", "Mi celular")
    await page.fill("#clave", "equivocada-7")
    await page.click("form[data-passkey-new] button")
    await expect(page.locator("[data-passkey-said]")).to_contain_text("Tu contraseña actual no es correcta")
    await page.fill("#clave", PASSWORD)
    await page.click("form[data-passkey-new] button")
    await expect(page.locator("main")).to_contain_text("sin usar")
    assert await screen.barriers() == []
    await page.context.clear_cookies()
    await page.goto(f"{named}/ingresar?siguiente=/cuenta/llaves")
    await page.click("[data-passkey-in]")
    await page.wait_for_url("**/cuenta/llaves")
    await expect(page.locator("main")).to_contain_text("usada hoy")
    await page.click("[aria-label='Quitar la llave Mi celular']")
    await page.click("dialog[open] form button")
    await expect(page.locator("main")).to_contain_text("Aún no tienes llaves")
    screen.complaints.clear()  # the browser notes the 422, which is what was asked for


async def test_a_new_rate_is_on_every_open_page_at_once(screens: Screens, town: Town, master: Desk):
    home, confirming = await screens.stranger(), await screens.at_home(await town.arrive())
    await home.page.goto("/")
    await confirming.page.goto("/cambiar/cuentas?quiero=comprar&campo=recibe&recibe=1000")
    await confirming.page.check("input[type=checkbox]")
    await expect(home.page.locator("#calc-send")).to_have_value("3,412.00")
    await home.page.wait_for_timeout(500)
    await master.post("/api/staff/rates", json={"buy": "3.4020", "sell": "3.4150"})
    began = time.monotonic()
    await expect(home.page.locator('[data-rate="venta"]').first).to_have_text("3.4150")
    assert time.monotonic() - began < AT_ONCE
    await expect(home.page.locator("#calc-send")).to_have_value("3,415.00")
    await expect(confirming.page.locator("[data-moved]")).to_contain_text("3.4150")
    await confirming.page.click(".actionbar button[type=submit]")
    await expect(confirming.page.locator("[role=alert]")).to_contain_text("pasó de 3.4120 a 3.4150")
    confirming.complaints.clear()  # the browser notes the 409, which is what was asked for
    await master.post("/api/staff/rates", json={"buy": "3.4010", "sell": "3.4120"})


# What test_journey.py meets on a desktop by day is not asked again.
WIDE_PAGES = ("", "inicio", "referidos", "avisos", "cuenta/avisos", "cuenta/llaves")
PHONE_PAGES = (
    *("inicio", "operaciones", "{operation}", "cuentas", "cuenta", "cuenta/clave", "alertas", "reclamaciones"),
    *("avisos", "cuenta/avisos"),
)


@pytest.mark.parametrize(
    ("size", "theme", "pages"), [(WIDE, "claro", WIDE_PAGES), (PHONE, "oscuro", PHONE_PAGES)], ids=["desktop", "phone"]
)
async def test_no_page_of_a_client_has_a_barrier_or_scrolls_sideways(
    screens: Screens, town: Town, size: dict[str, int], theme: str, pages: tuple[str, ...]
):
    customer = await town.arrive()
    operation = await customer.create("venta", 120)
    screen = await screens.at_home(customer, size=size, theme=theme)
    for page in pages:
        path = page.format(operation=f"operaciones/{operation['operation_id']}")
        await screen.page.goto(f"/{path}")
        assert await screen.barriers() == [], path
        assert not await screen.overflows(), path


async def test_the_bell_rings_on_an_open_page_and_reading_silences_it(screens: Screens, town: Town, master: Desk):
    customer = await town.arrive()
    bell, reading = await screens.at_home(customer), await screens.at_home(customer)
    count = bell.page.locator("[data-bell]")
    await expect(count).to_have_attribute("data-unread", "0")
    await bell.page.goto("/cuenta/avisos")
    await bell.page.uncheck('input[name="pasos:correo"]')
    await bell.page.click("form button[type=submit]")
    await expect(bell.page.locator('input[name="pasos:correo"]')).not_to_be_checked()
    operation = await customer.create("venta", 90)
    await expect(count).to_have_attribute("data-unread", "1")
    await customer.prove(operation)
    await expect(count).to_have_attribute("aria-label", "Avisos: 2 sin leer")
    await reading.page.goto("/avisos")
    await expect(reading.page.locator("main li .sr-only")).to_have_count(2)
    await expect(reading.page.locator("[data-bell]")).to_have_attribute("data-unread", "0")
    code = operation["codigo_operacion"]
    await master.attach(code)
    await master.command(code, "complete")
    await expect(reading.page.get_by_role("link", name=f"Te pagamos {code}")).to_be_visible()
    await expect(reading.page.locator("[data-bell]")).to_have_attribute("data-unread", "0")


async def test_what_is_told_while_a_page_is_being_read_is_read_too(screens: Screens, town: Town, master: Desk):
    """A slow line has the page's reading on its way when the next steps are told: none of them is lost."""
    customer = await town.arrive()
    screen = await screens.at_home(customer)
    operation = await customer.create("venta", 60)
    code, page = operation["codigo_operacion"], screen.page
    await page.goto(f"/operaciones/{code}")
    asked, told = asyncio.Event(), asyncio.Event()

    async def slow(route: Route) -> None:
        answer = await route.fetch()
        asked.set()
        await told.wait()
        await route.fulfill(response=answer)

    await page.route(f"**/operaciones/{code}", slow)
    await customer.prove(operation)
    await asyncio.wait_for(asked.wait(), AT_ONCE)
    await master.attach(code)
    await master.command(code, "complete")
    # Created, in process, paid, comprobante: the bell has heard of each, the page shows none of them yet.
    await expect(page.locator("[data-bell]")).to_have_attribute("data-unread", "4", timeout=30_000)
    await expect(page.locator("h1")).to_have_text("Transfiere el monto exacto")
    told.set()
    await expect(page.locator('a[href^="/api/web/invoices/"]')).to_be_visible()


async def test_what_is_told_before_the_line_of_a_page_is_open_is_told_to_it(screens: Screens, town: Town):
    """On a slow line the page is there seconds before its socket: what moved meanwhile moves it too."""
    customer = await town.arrive()
    screen = await screens.at_home(customer)
    operation = await customer.create("venta", 60)
    page, proved = screen.page, asyncio.Event()

    async def slow(route: Route) -> None:
        await proved.wait()
        await route.continue_()

    await page.route("**/sockets*.js", slow)
    await page.goto(f"/operaciones/{operation['codigo_operacion']}", wait_until="commit")
    await expect(page.locator("h1")).to_have_text("Transfiere el monto exacto")
    await customer.prove(operation)
    proved.set()
    await expect(page.locator("h1")).not_to_have_text("Transfiere el monto exacto")


async def test_money_moves_before_any_program_of_the_page_is_there(screens: Screens, town: Town):
    """A slow line brings the page first: signing in, quoting, confirming and sending the code are forms of HTML."""
    customer = await town.arrive()
    screen = await screens.stranger()
    page = screen.page
    await page.route("**/*.js", lambda route: route.abort())
    await page.goto("/ingresar")
    await page.fill("#documento", customer.identity.document)
    await page.fill("#clave", people.PASSWORD)
    await page.click("button[type=submit]")
    await page.wait_for_url("**/inicio")
    await page.goto("/cambiar")
    await page.fill("#calc-get", "75")
    await page.click("form[data-calculator] .btn-primary")
    await page.check("input[type=checkbox]")
    await page.click(".actionbar button[type=submit]")
    await page.wait_for_url("**/operaciones/EXP-*")
    await page.fill("#codigo", "07341982")
    await page.click("button[form=constancia]")
    await expect(page.locator("h1")).to_have_text("Estamos verificando tu operación")
    (made,) = await customer.operations()
    assert (made["monto_dolares"], made["estado"]) == (75, "en_proceso")
    screen.complaints.clear()  # that each program was refused is what the browser complains about


async def test_without_a_line_the_installed_app_says_so_and_shows_nothing_of_anybody(
    screens: Screens, town: Town, stack: Stack
):
    """And the first view weighs less than 100 KB of script and style, without its layout moving."""
    assert stack.api
    first = await screens.stranger()
    await first.page.goto("/")
    weights = await first.page.evaluate(
        "performance.getEntriesByType('resource').filter(r => /\\.(js|css)$/.test(r.name)).map(r => r.encodedBodySize)"
    )
    assert len(weights) >= 5
    assert sum(weights) < 100 * 1024
    screen = await screens.at_home(await town.arrive())
    page = screen.page
    await page.evaluate("navigator.serviceWorker.ready")
    await page.reload()
    kept = await page.evaluate(
        "caches.keys().then(n => Promise.all(n.map(k => caches.open(k).then(c => c.keys()))))"
        ".then(all => all.flat().map(r => new URL(r.url).pathname))"
    )
    assert kept
    assert [path for path in kept if not path.startswith("/assets/")] == ["/sin-conexion"]
    await page.context.set_offline(True)
    await page.goto("/inicio")
    await expect(page.locator("h2")).to_have_text("Estás sin conexión")
    await page.context.set_offline(False)
    await page.goto("about:blank")  # a socket that was trying meanwhile complains a moment later
    screen.complaints.clear()  # that the line was cut is what the browser complains about
