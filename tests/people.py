"""Invented people, accounts and rates for tests: every number has valid check digits, nobody exists."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from db.tables import Client, ClientAccount, ExchangeRate, User
from domain.accounts import AccountType, Bank, Region
from domain.clients import ClientStatus, DocumentType, KycStatus
from domain.money import Currency
from domain.permissions import Role

BUY = Decimal("3.4010")
SELL = Decimal("3.4120")


@dataclass(frozen=True, kw_only=True)
class Customer:
    """A client's ids: its own, and its accounts by currency."""

    id: int
    usd: int
    pen: int


async def add_user(session: AsyncSession, username: str, role: Role) -> int:
    """An active person of the house; its password hash opens nothing."""
    user = User(
        username=username,
        email=f"{username}@example.test",
        full_name=username.title(),
        role=role,
        password_hash="!",
    )
    session.add(user)
    await session.flush()
    return user.id


async def add_client(
    session: AsyncSession,
    document: str,
    *,
    document_type: DocumentType = DocumentType.DNI,
    status: ClientStatus = ClientStatus.ACTIVO,
    complete: bool = True,
    trader_id: int | None = None,
    referred_by: int | None = None,
    list_match: bool = False,
) -> Customer:
    """A client with an account in each currency."""
    client = Client(
        document_type=document_type,
        document_number=document,
        given_names="Persona",
        paternal_surname="De Prueba",
        company_name="Empresa de Prueba SAC" if document_type is DocumentType.RUC else "",
        address="Av. Inventada 123",
        email=f"c{document}@example.test",
        status=status,
        kyc_status=KycStatus.APROBADO,
        has_complete_documents=complete,
        password_hash="!",
        referral_code=f"R{document[-5:]}",
        trader_id=trader_id,
        referred_by=referred_by,
        list_match=list_match,
    )
    session.add(client)
    await session.flush()
    usd = _account(client.id, 0, Currency.USD, "19110012345601")
    pen = _account(client.id, 1, Currency.PEN, "19110012345602")
    session.add_all([usd, pen])
    await session.flush()
    return Customer(id=client.id, usd=usd.id, pen=pen.id)


async def add_rate(session: AsyncSession, buy: Decimal = BUY, sell: Decimal = SELL) -> None:
    """Publish a pair of rates."""
    session.add(ExchangeRate(buy=buy, sell=sell))
    await session.flush()


def _account(client_id: int, position: int, currency: Currency, number: str) -> ClientAccount:
    return ClientAccount(
        client_id=client_id,
        position=position,
        bank=Bank.BCP,
        account_type=AccountType.AHORRO,
        currency=currency,
        number=number,
        region=Region.LIMA,
    )
