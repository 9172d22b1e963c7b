"""Writes the people of the demo into the database, through the same functions that the house uses."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db import accounts, clients, movements, passwords, risk, treasury, users
from db.session import make_engine, make_sessions
from db.settings import DatabaseSettings
from db.tables import ExchangeRate, HouseAccount
from demo_papers import picture
from demo_people import CLIENTS, HOUSE_BANKS, HOUSE_NAME, HOUSE_RUC, MASTER, STAFF, DemoClient, Person, cci
from demo_people import accounts as accounts_of
from domain.accounts import Region
from domain.calendar import business_day
from domain.clients import REQUIRED_DOCUMENTS, DocumentKind, PaperStatus
from domain.money import Currency
from domain.movements import Movement, MovementKind
from domain.operations import SYSTEM, Actor, ActorKind, StoredFile
from integrations.files import FileStore
from integrations.settings import FilesSettings

BUY, SELL = Decimal("3.7420"), Decimal("3.7680")
OPENING = {Currency.PEN: Decimal("250000.00"), Currency.USD: Decimal("80000.00")}


async def make() -> dict[str, Any]:
    """Make whoever is missing, give everybody a new password, and answer what `demo.json` holds."""
    papers = await _papers()
    secrets = [_secret() for _ in (*STAFF, *CLIENTS)]
    known = secrets[len(STAFF) :]
    engine = make_engine(DatabaseSettings())
    try:
        async with make_sessions(engine).begin() as session:
            staff = [await _staff(session, person, *secret) for person, secret in zip(STAFF, secrets, strict=False)]
            ids = {person.username: await _user_id(session, person.username) for person in STAFF}
            for place, (client, (_, hashed)) in enumerate(zip(CLIENTS, known, strict=True)):
                await _client(session, place, client, password_hash=hashed, traders=ids, papers=papers)
            await _house(session, ids[MASTER])
    finally:
        await engine.dispose()
    shown = [_shown(client, password) for client, (password, _) in zip(CLIENTS, known, strict=True)]
    return {"staff": staff, "clients": shown}


def _shown(client: DemoClient, password: str) -> dict[str, str]:
    return {
        "dni": client.number,
        "document_type": client.kind.value,
        "password": password,
        "status": client.status.value,
        "key": client.key,
    }


# What a hash costs is told in the hash itself. These people are invented and their passwords stand in demo.json: at a
# client's price, a fifth of the wait for the first page went into them, and a seventh of the tests that sign in.
CHEAP = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)


def _secret() -> tuple[str, str]:
    """A password and its hash."""
    password = passwords.temporary()
    return password, CHEAP.hash(password)


async def _staff(session: AsyncSession, person: Person, password: str, hashed: str) -> dict[str, str]:
    there = await users.by_username(session, person.username)
    if there:
        now = datetime.now(UTC)
        await users.reset_password(session, there.id, actor=SYSTEM, password_hash=hashed, now=now, must_change=False)
    else:
        await users.create_user(
            session,
            actor=SYSTEM,
            username=person.username,
            email=f"{person.username}@qoricash.example",
            full_name=person.name,
            role=person.role,
            password_hash=hashed,
        )
    return {"username": person.username, "role": person.role.value, "password": password}


async def _user_id(session: AsyncSession, username: str) -> int:
    person = await users.by_username(session, username)
    assert person is not None, "it was made a moment ago"
    return person.id


async def _client(
    session: AsyncSession,
    place: int,
    client: DemoClient,
    *,
    password_hash: str,
    traders: dict[str, int],
    papers: dict[DocumentKind, StoredFile],
) -> None:
    row = await clients.by_document(session, client.number)
    if row is not None:
        row.password_hash = password_hash
        return
    now = datetime.now(UTC)
    asked = await _request(session, place, client)
    row = await clients.register(session, asked, password_hash=password_hash, now=now)
    own = Actor(kind=ActorKind.CLIENT, id=row.id)
    row.status, row.kyc_status = client.status, client.kyc
    row.has_complete_documents = client.complete
    row.list_match = client.sanctioned
    row.trader_id = traders.get(client.trader)
    for account in accounts_of(place):
        new = accounts.NewAccount(
            bank=account.bank,
            account_type=account.kind,
            currency=account.currency,
            number=account.number,
            region=Region.LIMA,
        )
        await accounts.add(session, row.id, new, actor=own, now=now)
    if client.complete:
        sent = [(kind, papers[kind]) for kind in REQUIRED_DOCUMENTS[client.kind]]
        await clients.add_documents(session, row.id, sent, actor=own)
        for paper in (await clients.documents(session, row.id)).values():
            paper.status, paper.reviewed_at = PaperStatus.ACEPTADO, now
    await risk.recompute(session, row.id, occasion="demostración", at=now)


async def _request(session: AsyncSession, place: int, client: DemoClient) -> clients.NewClient:
    """What the client would have filled in when it registered."""
    names = ("", "", "") if client.company else client.names
    referrer = next((other.number for other in CLIENTS if other.key == client.referred_by), "")
    known = await clients.by_document(session, referrer) if referrer else None
    return clients.NewClient(
        document_type=client.kind,
        document_number=client.number,
        email=f"{client.key}@correo.example",
        given_names=names[0],
        paternal_surname=names[1],
        maternal_surname=names[2],
        company_name=client.company,
        contact_person="Gerencia" if client.company else "",
        phone=f"+519900000{place:02}",
        address=f"Av. Los Cedros {100 + place}",
        department="LIMA",
        province="LIMA",
        district="MIRAFLORES",
        referral_code=known.referral_code if known else "",
    )


async def _house(session: AsyncSession, master: int) -> None:
    """The published rate and the accounts that clients pay into, unless the house has them already."""
    if await session.scalar(select(ExchangeRate.id).limit(1)) is None:
        actor = Actor(kind=ActorKind.STAFF, id=master, role=STAFF[0].role)
        await treasury.set_rate(session, buy=BUY, sell=SELL, actor=actor)
    if await session.scalar(select(HouseAccount.id).limit(1)) is not None:
        return
    for place, bank in enumerate(HOUSE_BANKS):
        for digit, currency in enumerate((Currency.PEN, Currency.USD)):
            number = cci(bank, f"193{place:02}{digit}000000001")
            account = HouseAccount(
                bank=bank,
                currency=currency,
                number=number[6:18],
                cci=number,
                holder=HOUSE_NAME,
                holder_ruc=HOUSE_RUC,
            )
            session.add(account)
            await session.flush()
            await _open_with(session, account, OPENING[currency], master)


async def _open_with(session: AsyncSession, account: HouseAccount, amount: Decimal, master: int) -> None:
    """What the account holds before the first operation."""
    movement = Movement(
        kind=MovementKind.APERTURA,
        key=f"demo:{account.id}",
        house_account_id=account.id,
        amount=amount,
        day=business_day(datetime.now(UTC)),
        reason="saldo de la demostración",
    )
    await movements.carry_out(session, movement, actor=Actor(kind=ActorKind.STAFF, id=master, role=STAFF[0].role))


async def _papers() -> dict[DocumentKind, StoredFile]:
    """One sample image of each kind of document, in the file store."""
    store = FileStore(FilesSettings())
    try:
        return {
            kind: await store.put(picture("DOCUMENTO DE MUESTRA", kind), folder="dni", content_type="image/png")
            for kind in DocumentKind
        }
    finally:
        await store.aclose()
