"""The house's bank accounts on the screen: what each holds, one with its movements, and what is changed of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from api.auth import SignedUser, requires
from api.pages.refusals import problem_of
from api.panel import movements, pages, words
from api.panel import treasury_words as said
from api.panel.acts import Act, Call, attempt, known, offered
from api.panel.acts import asked as dialog
from api.panel.errors import PanelRoute
from api.panel.questions import Ask, Question, Typed, ask, done
from api.panel.sheets import Format, sheet
from api.panel.tables import asked_of, chosen, day_of
from api.services import Services, ServicesDep
from api.staff import house_accounts as staff
from api.staff.house_accounts import AccountId, BalanceView
from domain.accounts import Bank
from domain.errors import Missing, Refused
from domain.ledger import Source
from domain.money import Currency
from domain.permissions import Permission

router = APIRouter(prefix="/panel/cuentas", route_class=PanelRoute)
Reader = Annotated[SignedUser, requires(Permission.TREASURY_READ)]
Keeper = Annotated[SignedUser, requires(Permission.TREASURY_ACCOUNTS)]
ActName = Annotated[str, Path(max_length=30, pattern=r"^[a-z-]+$")]
PATH = "/panel/cuentas"
HERE = "Cuentas"
BANKS = tuple((bank.value, words.bank(bank)) for bank in Bank)
CURRENCIES = tuple((one.value, one.words.capitalize()) for one in Currency)


@router.get("")
async def balances_page(request: Request, user: Reader, services: ServicesDep) -> Response:
    """Every account with what it holds now, or at the end of a day."""
    day = day_of(request.query_params.get("dia", ""))
    known_now: dict[str, Any] = {
        "held": await staff.list_balances(user, services, day),
        "day": day,
        "tabs": movements.TABS,
        "registers": movements.offered_kinds(user),
    }
    if pages.wants_parts(request):
        return pages.fragment(request, user, "house_accounts.html", "live", **known_now)
    return await pages.page(request, services, user, "house_accounts.html", here=HERE, **known_now)


@router.get("/nueva")
async def ask_account(request: Request, user: Keeper) -> Response:
    """What an account is made of."""
    return ask(request, user, _new())


@router.post("/nueva")
async def add_account(request: Request, user: Keeper, services: ServicesDep) -> Response:
    """Add it to the catalogue."""
    typed = Typed(form=await request.form())
    names = ("bank", "currency", "number", "cci", "holder", "holder_ruc")
    try:
        body = staff.HouseAccountBody.model_validate({name: typed.text(name) for name in names})
        await staff.add_house_account(body, user, services)
    except (Refused, ValidationError) as refused:
        return ask(request, user, _new(), typed=typed.texts(), problem=problem_of(request, refused))
    return done("Cuenta agregada")


@router.get("/{account_id}")
async def account_page(
    request: Request, account_id: AccountId, user: Reader, services: ServicesDep, formato: Format = None
) -> Response:
    """One account with its movements; with `formato`, their sheet."""
    held = await _one(user, services, account_id)
    asked = asked_of(request.query_params, sorts=("dia",))
    if formato is not None:
        rows = await movements.every(user, services, asked, account_id)
        return await sheet(
            formato, f"movimientos-{account_id}", chosen(movements.of_account(held.account.currency), asked), rows
        )
    known_now: dict[str, Any] = {
        "held": held,
        "table": await movements.table(user, services, asked, held.account),
        "buttons": offered(ACTS, user, held),
        "registers": movements.offered_kinds(user) if held.account.active else [],
        "SOURCES": said.SOURCES,
        "Source": Source,
    }
    if pages.wants_parts(request):
        return pages.fragment(request, user, "house_account.html", "live", **known_now)
    return await pages.page(request, services, user, "house_account.html", here=HERE, **known_now)


@router.get("/{account_id}/{act}")
async def ask_act(
    request: Request, account_id: AccountId, act: ActName, user: Keeper, services: ServicesDep
) -> Response:
    """The dialog of a change."""
    return dialog(request, user, known(ACTS, user, act), await _one(user, services, account_id))


@router.post("/{account_id}/{act}")
async def do_act(
    request: Request, account_id: AccountId, act: ActName, user: Keeper, services: ServicesDep
) -> Response:
    """Change it."""
    order = known(ACTS, user, act)
    return await attempt(request, order, await _one(user, services, account_id), user, services)


async def _one(user: SignedUser, services: Services, account_id: int, day: date | None = None) -> BalanceView:
    held = (await staff.list_balances(user, services, day)).items
    found = next((one for one in held if one.account.id == account_id), None)
    if found is None:
        raise Missing("HOUSE_ACCOUNT_UNKNOWN", "No existe esa cuenta de la casa.")
    return found


def _new() -> Question:
    return Question(
        title="Nueva cuenta de la casa",
        lead="Los clientes podrán depositar en ella desde ahora.",
        asks=(
            Ask(name="bank", label="Banco", kind="choice", options=BANKS),
            Ask(name="currency", label="Moneda", kind="choice", options=CURRENCIES),
            Ask(name="number", label="Número", most=30),
            Ask(name="cci", label="CCI", hint="20 dígitos. Vacío si no tiene.", most=20),
            Ask(name="holder", label="Titular", most=120),
            Ask(name="holder_ruc", label="RUC del titular", most=11),
        ),
        ok="Agregar cuenta",
    )


def _correct(held: BalanceView) -> Question:
    account = held.account
    return Question(
        title=f"Corregir {name_of(held)}",
        lead="Sus movimientos no cambian: es la misma cuenta.",
        effects=(("users", "Los clientes verán el número nuevo desde ahora."),),
        asks=(
            Ask(name="number", label="Número", value=account.number, most=30),
            Ask(name="cci", label="CCI", value=account.cci, hint="20 dígitos. Vacío si no tiene.", most=20),
            Ask(name="ledger_account", label="Cuenta contable", value=account.ledger_account, most=8),
            Ask(name="reason", label="Motivo", kind="area", hint="Queda en la auditoría.", most=300),
        ),
        ok="Guardar cuenta",
    )


def _to_others(held: BalanceView) -> Question:
    return Question(
        title=f"¿Que los demás bancos depositen en {name_of(held)}?",
        effects=(("arrow-left-right", "La marca pasa a esta cuenta desde la que la tenía en la misma moneda."),),
        ok="Usar para otros bancos",
    )


def _stop(held: BalanceView) -> Question:
    return Question(
        title=f"¿Dejar de usar {name_of(held)}?",
        effects=(
            ("ban", "Los clientes ya no la ven y nadie puede elegirla."),
            ("history", "Su saldo y sus movimientos se conservan."),
        ),
        ok="Dejar de usar",
        danger=True,
    )


def _use(held: BalanceView) -> Question:
    return Question(title=f"¿Volver a usar {name_of(held)}?", ok="Volver a usar")


def name_of(held: BalanceView) -> str:
    """`BCP dólares 1931234567101`."""
    account = held.account
    return f"{words.bank(account.bank)} {account.currency.words} {account.number}"


async def _change(call: Call[BalanceView], **wanted: Any) -> None:
    body = staff.HouseAccountChange(**wanted)
    await staff.change_house_account(call.view.account.id, body, call.user, call.services)


async def _do_correct(call: Call[BalanceView]) -> None:
    names: Sequence[str] = ("number", "cci", "ledger_account", "reason")
    await _change(call, **{name: call.typed.text(name) for name in names})


async def _do_to_others(call: Call[BalanceView]) -> None:
    await _change(call, for_other_banks=True)


async def _do_stop(call: Call[BalanceView]) -> None:
    await _change(call, active=False)


async def _do_use(call: Call[BalanceView]) -> None:
    await _change(call, active=True)


ACTS: dict[str, Act[BalanceView]] = {
    "corregir": Act(
        permission=Permission.TREASURY_ACCOUNTS,
        icon="pencil",
        text="Corregir datos",
        done="Cuenta guardada",
        question=_correct,
        run=_do_correct,
    ),
    "otros-bancos": Act(
        permission=Permission.TREASURY_ACCOUNTS,
        icon="arrow-left-right",
        text="Usar para otros bancos",
        done="Los demás bancos depositan aquí",
        question=_to_others,
        run=_do_to_others,
        why_not=lambda held: "" if held.account.active and not held.account.for_other_banks else None,
    ),
    "dejar": Act(
        permission=Permission.TREASURY_ACCOUNTS,
        icon="ban",
        text="Dejar de usar",
        done="Cuenta fuera de uso",
        question=_stop,
        run=_do_stop,
        why_not=lambda held: "" if held.account.active else None,
        danger=True,
    ),
    "usar": Act(
        permission=Permission.TREASURY_ACCOUNTS,
        icon="check",
        text="Volver a usar",
        done="Cuenta en uso",
        question=_use,
        run=_do_use,
        why_not=lambda held: None if held.account.active else "",
    ),
}
