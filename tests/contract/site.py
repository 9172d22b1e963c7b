"""One running site for the recorded contract: the real application over real HTTP, with everything behind it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
import httpx
import socketio
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import select

from api.auth import start_client_session
from db.session import Sessions
from db.tables import Client, EmailCode, Operation, ReferralEntry
from domain.clients import ClientStatus, KycStatus
from domain.operations import State
from domain.referrals import LedgerKind
from integrations.files import FileStore
from integrations.lookups import Lookup
from integrations.settings import FilesSettings, LookupSettings
from tests.contract.conftest import PNG, code_of
from tests.contract.rows import NEW_ACCOUNT, Row
from tests.free_ports import free_port
from tests.people import add_client
from tests.standins.programs import StandIn
from tests.workflows.house import House, eventually

STATES = {"pending": State.PENDIENTE, "friend": State.COMPLETADA}


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who calls: nobody (an empty token), or a client with what it was given."""

    id: int
    dni: str
    token: str = ""
    operation: int | str = 0
    code: str = ""

    def filled(self, value: Any) -> Any:
        """The text with its own document, operation and code in it."""
        if value == "{id}":
            return self.operation
        if not isinstance(value, str):
            return value
        return value.format(dni=self.dni, new=self.dni, id=self.operation, code=self.code)


@dataclass
class Site:
    """Where it answers, and ways to come to it."""

    app: FastAPI
    url: str
    sessions: Sessions
    house: House
    http: httpx.AsyncClient
    password_hash: str
    _numbers: Any = field(default_factory=lambda: itertools.count(41_000_001))

    async def caller(self, given: str) -> Caller:
        """Somebody new in the situation that a row names."""
        dni = str(next(self._numbers))
        if given in {"", "code"}:
            return Caller(id=0, dni=dni, code=await self._mailed_code() if given else "")
        async with self.sessions.begin() as session:
            status = ClientStatus.INACTIVO if given == "new" else ClientStatus.ACTIVO
            added = await add_client(session, dni, status=status)
            row = await session.get_one(Client, added.id)
            row.password_hash, row.referral_code = self.password_hash, code_of(dni)
            if given == "new":
                row.kyc_status, row.has_complete_documents = KycStatus.PENDIENTE, False
            if given == "pips":
                session.add(ReferralEntry(client_id=added.id, pips=60, kind=LedgerKind.MANUAL))
        token = await start_client_session(self.app.state.services, added.id)
        me = Caller(id=added.id, dni=dni, token=token)
        return replace(me, operation=await self._prepared(me, given))

    async def _prepared(self, me: Caller, given: str) -> int:
        if given == "live":
            answer = await self.post(me, "/api/client/create-operation", self._app_order(me))
            return int(answer["operation"]["id"])
        if given == "3":
            await self.post(me, "/api/web/add-bank-account", NEW_ACCOUNT)
        if given == "friend":
            async with self.sessions.begin() as session:
                await add_client(session, str(next(self._numbers)), referred_by=me.id)
        if given in STATES:
            return await self._stored(me, STATES[given])
        return 0

    def _app_order(self, me: Caller) -> dict[str, Any]:
        account = {"source_account": "19110012345601", "destination_account": "19110012345602"}
        return {"client_dni": me.dni, "operation_type": "Compra", "amount_usd": 100, **account}

    async def _stored(self, me: Caller, state: State) -> int:
        from tests.contract.test_operations import stored

        async with self.sessions.begin() as session:
            row: Operation = await stored(session, me, me.id, state)
            session.add(row)
            await session.flush()
            return row.id

    async def _mailed_code(self) -> str:
        """The code of a mail that has just left; the post is not there, so it is read where it waits."""
        from db.deliveries import opened

        body = {"email": "codigo@example.test"}
        assert (await self.http.post("/api/web/send-verification-code", json=body)).status_code == 200
        async with self.sessions() as session:
            row = (await session.scalars(select(EmailCode).order_by(EmailCode.id.desc()).limit(1))).one()
        return opened(row.sealed, self.app.state.services.settings.secret_key.get_secret_value())

    async def post(self, me: Caller, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self.http.post(path, json=body, headers=self.headers(me))
        assert answer.status_code < 300, answer.text
        return dict(answer.json())

    def headers(self, me: Caller) -> dict[str, str]:
        return {"Authorization": f"Bearer {me.token}"} if me.token else {}

    async def send(self, row: Row, me: Caller) -> httpx.Response:
        """The row's request, as this caller makes it."""
        # The login of another case left its cookie in this one connection.
        self.http.cookies.clear()
        more: dict[str, Any] = {"headers": self.headers(me)}
        if row.body is not None:
            more["json"] = {key: me.filled(value) for key, value in row.body.items()}
        if row.query is not None:
            more["params"] = {key: me.filled(value) for key, value in row.query.items()}
        if row.form is not None:
            more["data"] = {key: str(me.filled(value)) for key, value in row.form.items()}
        if row.files:
            contents = [(name, (f"{n}.png", PNG + bytes([n]), "image/png")) for n, name in enumerate(row.files)]
            more["files"] = contents
        return await self.http.request(row.method, me.filled(row.path), **more)

    @contextlib.asynccontextmanager
    async def ear(self, me: Caller, namespace: str = "/") -> AsyncIterator[Ear]:
        """A socket of this caller and what it hears."""
        socket = socketio.AsyncClient(reconnection=False, http_session=aiohttp.ClientSession())
        ear = Ear(socket, namespace)
        socket.on("*", ear.keep, namespace=namespace)
        await socket.connect(
            self.url, headers=self.headers(me), namespaces=[namespace], transports=["websocket"], wait_timeout=5
        )
        try:
            yield ear
        finally:
            await socket.eio.disconnect(abort=True)
            await socket.eio.http.close()


@dataclass(eq=False)
class Ear:
    """A socket and all that it has heard."""

    socket: socketio.AsyncClient
    namespace: str
    heard: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def keep(self, name: str, *payload: Any) -> None:
        self.heard.append((name, payload[0] if payload and isinstance(payload[0], dict) else {}))

    async def hears(self, name: str) -> dict[str, Any]:
        """The first event of this name."""

        async def told() -> bool:
            return any(event == name for event, _ in self.heard)

        await eventually(told, within=10)
        return next(payload for event, payload in self.heard if event == name)


@contextlib.asynccontextmanager
async def running_site(
    app: FastAPI, sessions: Sessions, house: House, *, shelf: StandIn, registry: StandIn, password_hash: str
) -> AsyncIterator[Site]:
    """The application served on a port, with its store, its look-ups and its Temporal in place."""
    port = free_port()
    config = uvicorn.Config(app, port=port, log_level="error", ws="websockets-sansio", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())

    async def started() -> bool:
        return server.started

    await eventually(started)
    store = FileStore(FilesSettings(upload_prefix=shelf.url, api_secret=SecretStr("local")))
    lookup = Lookup(LookupSettings(api_url=registry.url, token=SecretStr("local")))
    services = app.state.services
    app.state.services = replace(services, files=store, lookup=lookup, temporal=house.client)
    url = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=20) as http:
        yield Site(app, url, sessions, house, http, password_hash)
    await store.aclose()
    await lookup.aclose()
    server.should_exit = True
    await serving
