"""A client from sign-up to its comprobante, and the people of the house on the other side, each before its own browser.

Nobody calls the API: what one does on its pages is on the other's by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from tests.e2e.conftest import PHONE, WIDE, Screen, Screens
from tests.integration.people import Desk, eventually
from tests.integration.running import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]
# The house's own budget is a third of a second; a machine that runs every other test beside this one gets more.
AT_ONCE = 10_000
# A notice of what was just done stays six seconds; the next act must not wait for it to go.
UNHIDDEN = 4_000
PHRASE = "una frase que recuerdo"


@dataclass(frozen=True, kw_only=True)
class Newcomer:
    """Somebody who is not a client yet, the screen before it, and what it wants to change."""

    size: dict[str, int]
    dni: str
    names: tuple[str, str, str]
    email: str
    phone: str
    wish: str
    dollars: str
    pays: str
    accounts: tuple[tuple[str, str], tuple[str, str]]


BUYER = Newcomer(
    size=PHONE,
    dni="78123456",
    names=("Juana", "Ccori", "Huanca"),
    email="juana@correo.example",
    phone="987654321",
    wish="comprar",
    dollars="350.50",
    pays="PEN",
    accounts=(("S/", "19312345678012"), ("$", "19312345678013")),
)
SELLER = Newcomer(
    size=WIDE,
    dni="78123457",
    names=("Toribio", "Mamani", "Cusihuallpa"),
    email="toribio@correo.example",
    phone="987654322",
    wish="vender",
    dollars="1200",
    pays="USD",
    accounts=(("S/", "19312345678022"), ("$", "19312345678023")),
)


async def clean(screen: Screen) -> None:
    """No barrier on the page as it stands, and nothing of it beyond its side."""
    assert await screen.barriers() == [], screen.page.url
    assert not await screen.overflows(), screen.page.url


async def seen(picture: Locator) -> None:
    """The picture itself came, not only its frame."""
    await expect(picture).to_be_visible()
    assert await picture.evaluate("img => img.decode().then(() => img.naturalWidth)") > 0


async def sign_up(screen: Screen, stack: Stack, who: Newcomer) -> None:
    """The four steps, with the code that the mail brought."""
    page = screen.page
    await page.goto("/registro")
    await page.fill("#dni", who.dni)
    for field, name in zip(("nombres", "apellido_paterno", "apellido_materno"), who.names, strict=True):
        await page.fill(f"#{field}", name)
    await clean(screen)
    await page.click("#paso .btn-primary")
    await page.fill("#email", who.email)
    await page.fill("#telefono", who.phone)
    await page.click("#paso .btn-primary")
    await page.wait_for_selector("#code")

    async def mailed() -> str:
        subjects = [mail["subject"] for mail in stack.received("mail", who.email)]
        found = re.search(r"\b[A-Z0-9]{6}\b", subjects[-1]) if subjects else None
        return found[0] if found else ""

    await page.fill("#code", await eventually(mailed, what="the code by mail"))
    await page.click("#paso .btn-primary")
    await page.fill("#password", PHRASE)
    await expect(page.locator("[data-strength-word]")).to_have_text("Muy buena")
    await page.check("input[name=acepta]")
    await page.click("#paso .btn-primary")
    await page.wait_for_url("**/cuenta/documentos")


async def send_papers(screen: Screen, picture: Path) -> None:
    page = screen.page
    await expect(page.locator(".by-camera").first).to_be_hidden()  # these browsers have a mouse
    await clean(screen)
    for kind in ("dni_front", "dni_back"):
        await page.set_input_files(f'[data-one="{kind}"] [data-one-pick] >> nth=1', picture)
    await page.click("form[data-papers] button[type=submit]")
    await expect(page.locator("h2", has_text="En revisión")).to_be_visible()


async def approve(screen: Screen, who: Newcomer) -> None:
    """Middle Office finds it in the queue, looks at both sides, accepts them, approves."""
    page = screen.page
    await page.goto("/panel/kyc")
    await page.locator("#cola a", has_text=who.names[0]).click()
    await expect(page.locator("#decision")).to_contain_text("Acepta cada documento antes de aprobar")
    await seen(page.locator(".viewer-paper img"))
    assert await page.locator("#documentos").evaluate("pane => pane.scrollWidth - pane.clientWidth") <= 1
    await page.click('[aria-label="Acercar"]')
    await page.click('[aria-label="Girar a la derecha"]')
    await expect(page.locator(".viewer-paper img")).to_have_attribute(
        "style", "transform: translate(0px, 0px) scale(1.25) rotate(90deg);"
    )
    await clean(screen)
    accept = page.locator("#documentos").get_by_role("button", name="Aceptar", exact=True)
    for left in (1, 0):
        await accept.first.click()
        await expect(accept).to_have_count(left)
    await page.locator("#decision").get_by_role("button", name="Aprobar").click(timeout=UNHIDDEN)
    await expect(page.locator("#dialogo dialog")).to_contain_text("Queda Activo y sin tope")
    await screen.confirm()
    await expect(page.locator("#decision")).to_contain_text("Cliente aprobado")


async def add_accounts(screen: Screen, who: Newcomer) -> None:
    page = screen.page
    for currency, number in who.accounts:
        await page.goto("/cuentas")
        await page.select_option("#currency", currency)
        await page.fill("#account_number", number)
        await page.check("input[name=propia]")
        await page.click("#agregar button[type=submit]")
        await expect(page.locator("main")).to_contain_text(number)


async def create(screen: Screen, who: Newcomer) -> str:
    """Quote, accounts, confirm; answers the code."""
    page = screen.page
    await page.goto("/cambiar")
    await page.click(f'[data-side="{who.wish}"]')
    field = "#calc-get" if who.wish == "comprar" else "#calc-send"
    await page.fill(field, who.dollars)
    await page.locator(field).blur()
    await clean(screen)
    await page.click("form[data-calculator] .btn-primary")
    await page.check("input[type=checkbox]")
    await clean(screen)
    await page.click(".actionbar button[type=submit]")
    await page.wait_for_url("**/operaciones/EXP-*")
    await expect(page.locator("h1")).to_have_text("Transfiere el monto exacto")
    await expect(page.locator(".clock b")).to_have_text(re.compile(r"1[45]:\d\d"))
    await expect(page.locator(".copyrows")).not_to_contain_text("CCI")  # this account has none to copy
    await clean(screen)
    return page.url.rpartition("/")[2]


async def prove(page: Page, picture: Path) -> None:
    """The client says that it has transferred."""
    await page.fill("#codigo", "07341982")
    await page.set_input_files("#constancia [data-pick] >> nth=1", picture)
    await page.click("button[form=constancia]")


async def take(screen: Screen) -> None:
    """The Trader saw the money come in before the client said so."""
    await screen.page.locator(".btn-main:visible").click()
    await screen.page.fill("#codigo", "00984512")
    await screen.confirm()


async def pay_and_complete(screen: Screen, code: str, picture: Path) -> None:
    """The Operador attaches the proof of the payment, then says that it is done."""
    page = screen.page
    await page.goto(f"/panel/operaciones/{code}")
    await page.locator("#constancias").get_by_role("button", name="Adjuntar pago").click()
    await page.set_input_files("#archivo", picture)
    await screen.confirm()
    await expect(page.locator("#constancias")).to_contain_text("1 de la casa")
    await seen(page.locator("#constancias .viewer img"))
    await clean(screen)
    await page.locator(".btn-main:visible:not([aria-disabled])").click(timeout=UNHIDDEN)
    await expect(page.locator("#dialogo dialog")).to_contain_text("Después no se puede editar ni devolver")
    await screen.confirm()


async def by_itself(shown: Locator, text: str) -> None:
    """What somebody else did is on this page at once, without its person doing anything."""
    await expect(shown).to_contain_text(text, timeout=AT_ONCE)


async def paid_into(master: Desk, who: Newcomer) -> None:
    """An account of the house where this client can transfer."""
    holder = {"bank": "BCP", "holder": "QoriCash SAC", "holder_ruc": "20990000009"}
    body = {**holder, "currency": who.pays, "number": f"1939{who.dni}00"}
    assert (await master.post("/api/staff/house-accounts", json=body)).status_code == 200


async def traders_own(master: Desk, who: Newcomer) -> None:
    """A Master gives the new client to the Trader."""
    (client,) = (await master.post("/api/staff/clients/search", json={"search": who.dni})).json()["items"]
    people = await master.get("/api/staff/users")
    trader = next(one["id"] for one in people if one["username"] == "negociante")
    body = {"client_ids": [client["id"]], "trader_id": trader, "reason": "Cliente nuevo"}
    assert (await master.post("/api/staff/clients/reassign", json=body)).status_code == 200


@pytest.mark.parametrize("who", [SELLER, BUYER], ids=["desktop", "phone"])
async def test_from_sign_up_to_the_comprobante(
    screens: Screens, stack: Stack, master: Desk, picture: Path, who: Newcomer
):
    """Client, Middle Office, Trader and Operador, all on screens of this size."""
    await paid_into(master, who)
    client = await screens.stranger(size=who.size)
    page, title = client.page, client.page.locator("h1")
    await sign_up(client, stack, who)
    await send_papers(client, picture)
    await approve(await screens.of("oficial", size=who.size), who)
    await by_itself(page.locator("main"), "Están aprobados")
    await clean(client)
    await traders_own(master, who)
    await add_accounts(client, who)
    code = await create(client, who)

    trader = await screens.of("negociante", size=who.size)
    await trader.page.goto(f"/panel/operaciones/{code}")
    if who is BUYER:
        await prove(page, picture)
    else:
        await take(trader)
    await by_itself(title, "Estamos verificando tu operación")
    await by_itself(trader.page.locator("#cabecera"), "En proceso")
    await clean(client)

    holder = (await master.look(code))["operator"]["name"].lower()
    await pay_and_complete(await screens.of(holder, size=who.size), code, picture)
    await by_itself(title, "Listo. Te pagamos")
    await by_itself(trader.page.locator("#cabecera"), "Completada")
    invoice = page.locator('a[href^="/api/web/invoices/"]')
    await expect(invoice).to_be_visible(timeout=30_000)
    await clean(client)
    await clean(trader)
    document = await page.context.request.get(f"{stack.api}{await invoice.get_attribute('href')}")
    assert document.headers["content-type"] == "application/pdf"
