"""Who takes part in a bench: invented people, written directly into its database, each with a session.

They do not sign in: argon2id is made to cost a quarter of a second of a core, and would measure itself. Everything else
of a request is as in real life: the token is looked up in the database at every call.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from stdnum.pe import ruc
from temporalio.client import Client as TemporalClient

from db.push_subscriptions import EXPO
from db.session import Sessions
from db.sessions import token_hash
from db.tables import Client, ClientAccount, ExchangeRate, HouseAccount, PushSubscription, Session, User
from domain.accounts import AccountType, Bank, Region
from domain.clients import ClientStatus, DocumentType, KycStatus
from domain.money import Currency
from domain.permissions import Role
from workflows import names
from workflows.screening_messages import RescreeningStart, RunOrder

BUY, SELL = Decimal("3.7420"), Decimal("3.7680")
SESSION_LIFE = timedelta(hours=12)
# Of nobody: the local restrictive lists hold some invented numbers that begin with 98 and 99.
FIRST_DOCUMENT = 97_000_000


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody with a session; `document` is empty for staff."""

    token: str
    document: str = ""


@dataclass(frozen=True, kw_only=True)
class People:
    """`operator` is the only Operador of the house, so every operation is assigned to it."""

    clients: Sequence[Person]
    operator: Person


async def move_in(sessions: Sessions, clients: int, *, companies: bool = False) -> People:
    """Open a house with rates, accounts, one person of each role, and `clients` clients.

    Clients have complete documents (no limit), an account in each currency and a phone; every second one was referred
    by the one before, so that half the completions post pips. With `companies` every third one has a RUC.
    """
    async with sessions.begin() as session:
        session.add(ExchangeRate(buy=BUY, sell=SELL))
        session.add_all(_house_account(currency) for currency in Currency)
        staff = [_user(role) for role in Role]
        rows = [_company(place) if companies and place % 3 == 2 else _client(place) for place in range(clients)]  # noqa: PLR2004 - the last of three
        session.add_all([*staff, *rows])
        await session.flush()
        await _refer(session, rows)
        session.add_all(account for row in rows for account in _accounts(row.id))
        session.add_all(_phone(row.id) for row in rows)
        operator = next(user for user in staff if user.role is Role.OPERADOR)
        known = [_sign_in(session, document=row.document_number, client_id=row.id) for row in rows]
        people = People(clients=known, operator=_sign_in(session, user_id=operator.id))
        await session.flush()
        # In life people come one by one and autovacuum keeps the count. Told of none of 300, the planner compared each
        # account with each client in every assessment: four times the database's work.
        await session.execute(text("ANALYZE"))
        return people


async def looked_at(temporal: TemporalClient) -> None:
    """Have everybody compared with the restrictive lists, as each is when it registers: nobody is new to them then."""
    look = await temporal.start_workflow(
        names.RESCREENING,
        RescreeningStart(),
        id=names.RESCREENING_ID,
        task_queue=names.OPERATIONS_QUEUE,
        start_signal=names.LOOK_AT_ALL,
        start_signal_args=[RunOrder(cause="Banco de pruebas")],
    )
    await look.result()


async def _refer(session: AsyncSession, rows: Sequence[Client]) -> None:
    for referrer, referred in zip(rows[::2], rows[1::2], strict=False):
        referred.referred_by = referrer.id
    await session.flush()


def _sign_in(session: AsyncSession, *, document: str = "", **whose: int) -> Person:
    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    session.add(Session(token_hash=token_hash(token), last_seen_at=now, expires_at=now + SESSION_LIFE, **whose))
    return Person(token=token, document=document)


def _user(role: Role) -> User:
    name = role.name.lower()
    return User(username=name, email=f"{name}@casa.example", full_name=name.title(), role=role, password_hash="!")  # noqa: S106 - opens nothing


def _client(place: int) -> Client:
    return Client(
        document_type=DocumentType.DNI,
        document_number=str(FIRST_DOCUMENT + place),
        given_names="Persona",
        paternal_surname="De Banco",
        maternal_surname="De Pruebas",
        # Each at its own: many at one address is what a rule of the house looks for.
        address=f"Av. Los Cedros {100 + place}",
        email=f"c{place}@correo.example",
        status=ClientStatus.ACTIVO,
        kyc_status=KycStatus.APROBADO,
        has_complete_documents=True,
        password_hash="!",  # noqa: S106 - opens nothing
        referral_code=f"B{place:05}",
    )


def _accounts(client_id: int) -> list[ClientAccount]:
    return [
        ClientAccount(
            client_id=client_id,
            position=position,
            bank=Bank.BCP,
            account_type=AccountType.AHORRO,
            currency=currency,
            number=f"191{client_id:09}{position:02}",
            region=Region.LIMA,
        )
        for position, currency in enumerate((Currency.USD, Currency.PEN))
    ]


def _company(place: int) -> Client:
    row, digits = _client(place), f"20{FIRST_DOCUMENT + place}"
    row.document_type = DocumentType.RUC
    row.document_number = digits + ruc.calc_check_digit(digits)
    row.company_name = f"Empresa de Banco {place} S.A.C."
    return row


def _phone(client_id: int) -> PushSubscription:
    return PushSubscription(client_id=client_id, kind=EXPO, endpoint=f"ExponentPushToken[banco{client_id:012}]")


def _house_account(currency: Currency) -> HouseAccount:
    digits = f"193000000{currency is Currency.USD:d}"
    return HouseAccount(
        bank=Bank.BCP,
        currency=currency,
        number=digits,
        cci=digits * 2,
        holder="Casa de Banco SAC",
        holder_ruc="20990000001",
    )
