"""A client's bank accounts: listed, added and removed by their place in the list (contract #16 to #18, M16, M17)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.auth import CurrentClient, SignedClient
from api.public.identity import Json, Text, Whose, check_own
from api.public.objects import account_objects
from api.services import Services, ServicesDep
from db import accounts
from db.accounts import NewAccount
from db.tables import ClientAccount
from domain import accounts as rules
from domain.accounts import Bank
from domain.errors import Invalid

router = APIRouter(tags=["Contrato: cuentas"])


class AccountGiven(BaseModel):
    """An account as the clients' forms send it; `cci` comes only from the mobile and repeats the number."""

    bank_name: Text = Field(examples=["BCP"])
    account_number: Text = Field(examples=["19112345678012"])
    account_type: Text = Field(examples=["Ahorro"])
    currency: Text = Field(examples=["S/"])
    origen: Text = Field(default="Lima", examples=["Lima"])


class WebAccount(AccountGiven, Whose):
    """The web names the client in the body."""


class AccountPlace(Whose):
    """Which account, counted from 0."""

    account_index: int


@router.post("/api/web/my-accounts")
async def my_accounts(client: CurrentClient, services: ServicesDep, body: Whose | None = None) -> Json:
    """The client's accounts, in the order that `banco_cuenta_id` counts."""
    check_own(client, body.dni if body else None)
    async with services.sessions() as session:
        return {"success": True, "data": account_objects(await accounts.live(session, client.id))}


@router.post("/api/web/add-bank-account")
async def add_from_web(body: WebAccount, client: CurrentClient, services: ServicesDep) -> Json:
    """Add an account; answers the whole list."""
    check_own(client, body.dni)
    return await _add(services, client, read_account(body))


@router.post("/api/client/add-bank-account/{dni}")
async def add_from_mobile(dni: str, body: AccountGiven, client: CurrentClient, services: ServicesDep) -> Json:
    """Add an account. For a bank that is not in the list the mobile sends its typed name, which becomes OTROS."""
    check_own(client, dni)
    bank = _bank_or_other(body.bank_name)
    label = body.bank_name[:60] if bank is Bank.OTROS and body.bank_name.upper() != Bank.OTROS else ""
    return await _add(services, client, read_account(body, bank, label=label))


@router.post("/api/web/remove-bank-account")
async def remove_from_web(body: AccountPlace, client: CurrentClient, services: ServicesDep) -> Json:
    """Remove the account at a place of the list; one in each currency must be left."""
    check_own(client, body.dni)
    return await _remove(services, client, body.account_index)


@router.delete("/api/client/delete-bank-account/{dni}/{index}")
async def remove_from_mobile(dni: str, index: int, client: CurrentClient, services: ServicesDep) -> Json:
    """The same, for the mobile."""
    check_own(client, dni)
    return await _remove(services, client, index)


def read_account(given: AccountGiven, bank: Bank | None = None, *, label: str = "") -> NewAccount:
    """An account by the house's rules; `bank` where the name has been read already. Raises Invalid."""
    bank = bank or rules.bank(given.bank_name)
    kind = rules.account_type(given.account_type)
    region = rules.region(given.origen)
    rules.check_region(region, bank)
    return NewAccount(
        bank=bank,
        bank_label=label,
        account_type=kind,
        currency=rules.currency(given.currency),
        number=rules.account_number(bank, kind, given.account_number),
        region=region,
    )


def _bank_or_other(name: str) -> Bank:
    """A bank of the list, or OTROS for any other name that has letters."""
    try:
        return rules.bank(name)
    except Invalid:
        if not any(letter.isalpha() for letter in name):
            raise
        return Bank.OTROS


async def _add(services: Services, client: SignedClient, new: NewAccount) -> Json:
    async with services.sessions.begin() as session:
        return _answer(
            "Agregamos tu cuenta.",
            await accounts.add(session, client.id, new, actor=client.actor, now=datetime.now(UTC)),
        )


async def _remove(services: Services, client: SignedClient, index: int) -> Json:
    async with services.sessions.begin() as session:
        return _answer(
            "Quitamos la cuenta.",
            await accounts.remove(session, client.id, index, actor=client.actor, now=datetime.now(UTC)),
        )


def _answer(message: str, mine: Sequence[ClientAccount]) -> Json:
    return {"success": True, "message": message, "bank_accounts": account_objects(mine)}
