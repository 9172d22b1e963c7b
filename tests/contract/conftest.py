"""The public contract as the existing clients meet it: real application, database, files and, where asked, Temporal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, replace

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import select
from temporalio.testing import TimeSkipper

from api.auth import start_client_session
from api.settings import ApiSettings
from db.session import Sessions
from db.settings import DatabaseSettings
from db.tables import Client, HouseAccount
from demo_records import CHEAP
from domain.accounts import Bank
from domain.clients import ClientStatus, DocumentType
from domain.money import Currency
from integrations.files import FileStore
from integrations.settings import FilesSettings
from tests.applications import running_app
from tests.free_ports import free_port
from tests.people import add_client, add_rate
from tests.standins.programs import StandIn
from tests.temporal_server import TemporalServer
from tests.workflows.house import House, running_house

PASSWORD = "clave-de-prueba-1"
SITE = "http://casa.test"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360000002000100055fd1e60000000049454e44ae426082"
)


@pytest.fixture(scope="session")
def password_hash() -> str:
    """One hash for every invented person, cheap to look at."""
    return CHEAP.hash(PASSWORD)


@pytest.fixture(scope="session")
def shelf_of_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    running = StandIn("files", tmp_path_factory.mktemp("shelf"), ["--api-secret", "local"])
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def registry_of_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """RENIEC and SUNAT."""
    running = StandIn("lookup", tmp_path_factory.mktemp("lookup"), [])
    running.start()
    yield running
    running.stop()


@pytest.fixture
def shelf(shelf_of_session: StandIn) -> StandIn:
    """Where files go; `inject("500")` makes it refuse them."""
    return shelf_of_session.empty()


@pytest.fixture
def api_settings() -> ApiSettings:
    return ApiSettings(public_url=SITE, rate_limit_anonymous="", client_dates="lima")


@pytest.fixture
async def app(
    database_url: str, api_settings: ApiSettings, shelf: StandIn, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[FastAPI]:
    """The application with Temporal away."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{free_port()}")
    async with running_app(api_settings, DatabaseSettings(url=database_url)) as made:
        store = FileStore(FilesSettings(upload_prefix=shelf.url, api_secret=SecretStr("local")))
        made.state.services = replace(made.state.services, files=store)
        yield made
        await store.aclose()


@pytest.fixture
async def house(app: FastAPI, sessions: Sessions, temporal_of_tests: TemporalServer) -> AsyncIterator[House]:
    """Temporal with a worker of the house, for the same application."""
    async with running_house(await temporal_of_tests.env(), sessions) as made:
        app.state.services = replace(app.state.services, temporal=made.client)
        yield made


@pytest.fixture(scope="session")
async def empty_namespace(temporal_of_tests: TemporalServer) -> TimeSkipper:
    """A Temporal without workers: enough to promise a mail."""
    return await temporal_of_tests.env()


@pytest.fixture
def promises(app: FastAPI, empty_namespace: TimeSkipper) -> None:
    """The application can start workflows, and nobody carries them out."""
    app.state.services = replace(app.state.services, temporal=empty_namespace.client)


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A stranger."""
    async with browser(app) as made:
        yield made


def browser(app: FastAPI, **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, client=("203.0.113.7", 50_000))
    return httpx.AsyncClient(transport=transport, base_url=SITE, headers=headers)


@dataclass(frozen=True, kw_only=True)
class Customer:
    """A signed-in client: `usd` and `pen` are its accounts 0 and 1."""

    id: int
    dni: str
    http: httpx.AsyncClient

    async def post(self, path: str, **body: object) -> httpx.Response:
        return await self.http.post(path, json={"dni": self.dni, **body})

    async def send(self, path: str, data: dict[str, object], *files: tuple[str, bytes]) -> httpx.Response:
        parts = [(field, (f"{field}.png", content, "image/png")) for field, content in files]
        return await self.http.post(path, data={k: str(v) for k, v in data.items()}, files=parts or None)


Arrive = Callable[..., Awaitable[Customer]]


@pytest.fixture
async def arrive(app: FastAPI, sessions: Sessions, password_hash: str) -> AsyncIterator[Arrive]:
    """Adds a client, by its document, with a live session."""
    opened: list[httpx.AsyncClient] = []

    async def signed_in(
        dni: str = "40000001",
        *,
        kind: DocumentType = DocumentType.DNI,
        status: ClientStatus = ClientStatus.ACTIVO,
        referred_by: int | None = None,
    ) -> Customer:
        async with sessions.begin() as session:
            added = await add_client(session, dni, document_type=kind, status=status, referred_by=referred_by)
            row = await session.get_one(Client, added.id)
            row.password_hash, row.referral_code = password_hash, code_of(dni)
        token = await start_client_session(app.state.services, added.id)
        client = browser(app, Authorization=f"Bearer {token}")
        opened.append(client)
        return Customer(id=added.id, dni=dni, http=client)

    yield signed_in
    for client in opened:
        await client.aclose()


def code_of(dni: str) -> str:
    """A referral code of its own for each invented document."""
    return "".join("ABCDEFGHJK"[int(digit)] for digit in dni[-6:])


@pytest.fixture
async def rates(sessions: Sessions) -> None:
    async with sessions.begin() as session:
        await add_rate(session)
        session.add_all(
            HouseAccount(
                bank=bank,
                currency=currency,
                number=f"{number}{place}",
                cci=f"{number:020d}",
                holder="Casa de Prueba SAC",
                holder_ruc="20512333797",
            )
            for place, (bank, currency, number) in enumerate(
                (bank, currency, 191_000 + place)
                for place, bank in enumerate((Bank.BCP, Bank.INTERBANK))
                for currency in Currency
            )
        )


@pytest.fixture
async def client(arrive: Arrive) -> Customer:
    return await arrive("40000001")


async def row_of(sessions: Sessions, customer: Customer) -> Client:
    async with sessions() as session:
        return (await session.scalars(select(Client).where(Client.id == customer.id))).one()
