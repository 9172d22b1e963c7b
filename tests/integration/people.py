"""Those who use the running house, each with its own connection: clients that arrive with an account, and the desk.

Clients and the desk act over HTTP only. Their rows are written into the database beforehand, because a client that has
just registered waits for its KYC, which is another story.
"""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx
from stdnum.pe import ruc

from db import accounts, clients, treasury, users
from db.session import make_engine, make_sessions
from db.settings import DatabaseSettings
from demo_people import cci
from demo_records import CHEAP
from domain.accounts import AccountType, Bank, Region
from domain.clients import ClientStatus, DocumentType, KycStatus
from domain.money import Currency
from domain.operations import SYSTEM, Actor, ActorKind
from domain.permissions import Role
from tests.people import BUY, SELL

PASSWORD = "clave-De-prueba-7"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49144154789c6360000002000100055fd1e60000000049454e44ae426082"
)
_places = itertools.count(1)
Found = TypeVar("Found")


async def eventually(look: Callable[[], Awaitable[Found]], *, within: float = 30, what: str = "") -> Found:
    """What `look` finds, as soon as it finds something; fails when the time is over."""
    limit = asyncio.get_running_loop().time() + within
    while not (found := await look()):
        assert asyncio.get_running_loop().time() < limit, f"{within} s later: {what or look}"
        await asyncio.sleep(0.1)
    return found


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Everything of a person that must be in no log and in no history."""

    document: str
    kind: DocumentType
    names: tuple[str, ...]
    email: str
    phone: str
    pen: str
    usd: str

    @property
    def private(self) -> tuple[str, ...]:
        """The words to look for."""
        return (self.document, *self.names, self.email, self.phone.removeprefix("+51"), self.pen, self.usd)


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Somebody at the API."""

    http: httpx.AsyncClient

    async def post(self, path: str, *, key: str = "", **more: Any) -> httpx.Response:
        return await self.http.post(path, headers={"Idempotency-Key": key} if key else {}, **more)

    async def get(self, path: str) -> Any:
        return (await self.http.get(path)).raise_for_status().json()


@dataclass(frozen=True, kw_only=True)
class Customer(Visitor):
    """A signed-in client. Its accounts: 0 in PEN, 1 in USD."""

    id: int
    identity: Identity
    accounts: tuple[int, int]
    token: str

    async def create(self, kind: str = "compra", dollars: float = 100, *, key: str = "") -> dict[str, Any]:
        """An operation from the web, to the account in what the client receives."""
        answer = await self.post("/api/web/create-operation", key=key or new_key(), json=self.wish(kind, dollars))
        assert answer.status_code == 201, answer.text
        return dict(answer.json()["data"]["operation"])

    def wish(self, kind: str = "compra", dollars: float = 100) -> dict[str, Any]:
        place = 0 if kind == "compra" else 1
        return {"dni": self.identity.document, "tipo": kind, "monto_dolares": dollars, "banco_cuenta_id": place}

    async def prove(self, operation: dict[str, Any], *, key: str = "") -> None:
        """Say that it has transferred, with a picture."""
        answer = await self.post(
            "/api/web/submit-proof",
            key=key or new_key(),
            data={"operation_id": str(operation["id"]), "voucher_code": "00123456"},
            files=[("files", ("constancia.png", PNG, "image/png"))],
        )
        assert answer.status_code == 200, answer.text

    async def operations(self) -> list[dict[str, Any]]:
        return list((await self.post("/api/web/my-operations", json={})).json()["data"])


@dataclass(frozen=True, kw_only=True)
class Desk(Visitor):
    """A Master of the house."""

    async def command(self, code: str, command: str, *, key: str = "", **more: Any) -> dict[str, Any]:
        more = more or {"json": {}}
        answer = await self.post(f"/api/staff/operations/{code}/{command}", key=key or new_key(), **more)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def attach(self, code: str, *, key: str = "") -> None:
        """The proof that the client has been paid."""
        file = [("file", ("pago.png", PNG, "image/png"))]
        await self.command(code, "attach-proof", key=key, data={"comentario": "pago"}, files=file)

    async def look(self, code: str) -> dict[str, Any]:
        """Everything about one operation."""
        return dict(await self.get(f"/api/staff/operations/{code}"))

    async def write_down(self, customer: Customer, kind: str, dollars: str) -> str:
        """An operation that staff creates for a client."""
        pen, usd = customer.accounts
        source, destination = (usd, pen) if kind == "Compra" else (pen, usd)
        ids = {"client_id": customer.id, "source_account_id": source, "destination_account_id": destination}
        body = {**ids, "kind": kind, "amount_usd": dollars}
        answer = await self.post("/api/staff/operations", key=new_key(), json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["code"])


def new_key() -> str:
    return uuid.uuid4().hex


def visit(api: str, token: str = "") -> httpx.AsyncClient:
    """A connection to the API, of a stranger unless it brings a token."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.AsyncClient(base_url=api, headers=headers, timeout=30, trust_env=False)


class Town:
    """Where the people of one house come from, each of them unlike any other."""

    def __init__(self, api: str, database_url: str) -> None:
        self._api = api
        self._engine = make_engine(DatabaseSettings(url=database_url))
        self._sessions = make_sessions(self._engine)
        self._hash = ""
        self._opened: list[httpx.AsyncClient] = []
        self.residents: list[Customer] = []

    async def close(self) -> None:
        for http in self._opened:
            await http.aclose()
        await self._engine.dispose()

    async def arrive(
        self,
        kind: DocumentType = DocumentType.DNI,
        *,
        referred_by: str = "",
        status: ClientStatus = ClientStatus.ACTIVO,
        complete: bool = True,
    ) -> Customer:
        """A client with its two accounts, signed in over HTTP."""
        one = _invented(kind, next(_places))
        hashed, now = self._password(), datetime.now(UTC)
        async with self._sessions.begin() as session:
            row = await clients.register(session, _request(one, referred_by), password_hash=hashed, now=now)
            row.status, row.kyc_status, row.has_complete_documents = status, KycStatus.APROBADO, complete
            for number, currency in ((one.pen, Currency.PEN), (one.usd, Currency.USD)):
                account = accounts.NewAccount(
                    bank=Bank.BCP,
                    account_type=AccountType.AHORRO,
                    currency=currency,
                    number=number,
                    region=Region.LIMA,
                )
                await accounts.add(session, row.id, account, actor=SYSTEM, now=now)
            mine = [account.id for account in await accounts.live(session, row.id)]
            client_id = row.id
        token = await self._sign_in("/api/client/login", {"dni": one.document, "password": PASSWORD})
        http = self._open(token)
        made = Customer(http=http, id=client_id, identity=one, accounts=(mine[0], mine[1]), token=token)
        self.residents.append(made)
        return made

    async def desk(self, username: str, password: str) -> Desk:
        """A person of the house, signed in over HTTP."""
        return Desk(
            http=self._open(await self._sign_in("/api/staff/login", {"username": username, "password": password}))
        )

    async def found(self) -> Desk:
        """A house without demo data: a Master, two Operadores and a rate; answers the Master."""
        hashed = self._password()
        people = (("maestra", Role.MASTER), ("operador", Role.OPERADOR), ("operadora", Role.OPERADOR))
        async with self._sessions.begin() as session:
            for username, role in people:
                await users.create_user(
                    session,
                    actor=SYSTEM,
                    username=username,
                    email=f"{username}@casa.example",
                    full_name=username.title(),
                    role=role,
                    password_hash=hashed,
                )
            master = await users.by_username(session, "maestra")
            assert master is not None
            actor = Actor(kind=ActorKind.STAFF, id=master.id, role=Role.MASTER)
            await treasury.set_rate(session, buy=BUY, sell=SELL, actor=actor)
        return await self.desk("maestra", PASSWORD)

    def _password(self) -> str:
        self._hash = self._hash or CHEAP.hash(PASSWORD)
        return self._hash

    async def _sign_in(self, path: str, body: dict[str, str]) -> str:
        async with visit(self._api) as stranger:
            answer = await stranger.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    def _open(self, token: str) -> httpx.AsyncClient:
        http = visit(self._api, token)
        self._opened.append(http)
        return http


def _invented(kind: DocumentType, place: int) -> Identity:
    names: Sequence[str] = (f"Wilfreda{_letters(place)}", f"Ccallohuanca{_letters(place)}", f"Ñaupari{_letters(place)}")
    document = {
        DocumentType.DNI: f"77{place:06}",
        DocumentType.CE: f"0077{place:05}",
        DocumentType.RUC: _ruc(f"2077{place:06}"),
        DocumentType.PASAPORTE: f"XW{place:06}",
    }[kind]
    return Identity(
        document=document,
        kind=kind,
        names=(f"Comercial Wallqa {_letters(place)} SAC",) if kind is DocumentType.RUC else tuple(names),
        email=f"wilfreda{place}@correo.example",
        phone=f"+51977{place:06}",
        pen=cci(Bank.BCP, f"177{place:010}01"),
        usd=cci(Bank.BCP, f"177{place:010}02"),
    )


def _request(one: Identity, referral_code: str) -> clients.NewClient:
    company = one.names[0] if one.kind is DocumentType.RUC else ""
    given, paternal, maternal = ("", "", "") if company else one.names
    return clients.NewClient(
        document_type=one.kind,
        document_number=one.document,
        email=one.email,
        given_names=given,
        paternal_surname=paternal,
        maternal_surname=maternal,
        company_name=company,
        contact_person="Gerencia" if company else "",
        phone=one.phone,
        address="Av. Inventada 123",
        department="LIMA",
        province="LIMA",
        district="MIRAFLORES",
        referral_code=referral_code,
    )


def _letters(place: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in f"{place:03}")


def _ruc(body: str) -> str:
    return str(body + ruc.calc_check_digit(body))
