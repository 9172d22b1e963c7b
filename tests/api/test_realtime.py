"""Sockets: what each person hears, over a real server and the real Socket.IO client."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
import socketio
import uvicorn
from fastapi import FastAPI
from sqlalchemy import text, update

from api.auth import COOKIE, end_session, resolve, start_client_session, start_user_session
from api.main import create_app
from api.settings import SEED_ORIGINS, ApiSettings
from db.notifications import notify
from db.session import Sessions
from db.settings import DatabaseSettings
from db.tables import Notification
from db.treasury import set_rate
from db.users import deactivate
from domain.notifications import EVERYBODY, client_room, role_room, user_room
from domain.operations import SYSTEM, Actor, ActorKind
from domain.permissions import Role
from tests.api.conftest import HOUSE
from tests.free_ports import free_port
from tests.people import add_client, add_user

PATIENCE = 20
EVENTS = ("tipos_cambio_actualizados", "operation_expired", "nueva_operacion", "joined_room")


async def _until(holds: Callable[[], object]) -> None:
    """Looks again and again: neither uvicorn nor the socket library sets an event that could be awaited."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.02)


@dataclass
class Screen:
    """A connected socket and what it has heard."""

    socket: socketio.AsyncClient
    namespace: str
    heard: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def waits_for(self, event: str) -> dict[str, Any]:
        def found() -> list[dict[str, Any]]:
            return [payload for name, payload in self.heard if name == event]

        await _until(found)
        return found()[0]

    async def asks(self, event: str, data: object) -> dict[str, Any]:
        answer: dict[str, Any] = await self.socket.call(event, data, namespace=self.namespace, timeout=PATIENCE)
        return answer

    async def closes(self) -> bool:
        await _until(lambda: not self.socket.connected)
        return True


@dataclass
class House:
    """A running API."""

    app: FastAPI
    url: str


@pytest.fixture
async def house(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{free_port()}")
    app = create_app(
        ApiSettings(public_url=HOUSE, rate_limit_anonymous=""), database=DatabaseSettings(url=database_url)
    )
    port = free_port()
    config = uvicorn.Config(app, port=port, log_level="error", ws="websockets-sansio", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await _until(lambda: server.started)
    yield House(app=app, url=f"http://127.0.0.1:{port}")
    server.should_exit = True
    await serving


Connect = Callable[..., Awaitable[Screen]]


@pytest.fixture
async def connect(house: House) -> AsyncIterator[Connect]:
    opened: list[socketio.AsyncClient] = []

    async def connected(
        *, namespace: str = "/", transports: tuple[str, ...] = ("websocket",), auth: object = None, **headers: str
    ) -> Screen:
        socket = socketio.AsyncClient(reconnection=False, http_session=aiohttp.ClientSession())
        opened.append(socket)
        screen = Screen(socket, namespace)
        for event in EVENTS:

            def hear(payload: dict[str, Any], event: str = event) -> None:
                screen.heard.append((event, payload))

            socket.on(event, hear, namespace=namespace)
        await socket.connect(
            house.url,
            headers=headers,
            namespaces=[namespace],
            transports=list(transports),
            auth=auth,
            wait_timeout=PATIENCE,
        )
        return screen

    yield connected
    for socket in opened:
        await socket.eio.disconnect(abort=True)
        await socket.eio.http.close()


@asynccontextmanager
async def _client(house: House, sessions: Sessions, document: str = "40000001") -> AsyncIterator[tuple[int, str]]:
    async with sessions.begin() as session:
        client = await add_client(session, document)
    yield client.id, await start_client_session(house.app.state.services, client.id)


async def _tell(sessions: Sessions, room: str, event: str, key: str = "k", **payload: object) -> None:
    async with sessions.begin() as session:
        await notify(session, key=key, room=room, event=event, payload=dict(payload))


@pytest.mark.parametrize("namespace", ["/", "/api/flask"])
@pytest.mark.parametrize("transports", [("websocket",), ("polling",), ("polling", "websocket")])
async def test_a_new_rate_reaches_a_stranger_as_numbers(
    connect: Connect, sessions: Sessions, namespace: str, transports: tuple[str, ...]
):
    """F194: websocket first or polling first, both connect. Contract 0.17: the namespace of a badly set address."""
    screen = await connect(namespace=namespace, transports=transports)
    async with sessions.begin() as session:
        await set_rate(session, buy=Decimal("3.7000"), sell=Decimal("3.7200"), actor=SYSTEM)
    told = await screen.waits_for("tipos_cambio_actualizados")
    assert (told["compra"], told["venta"]) == (3.7, 3.72)
    assert told["updated_at"]


async def test_a_clients_event_reaches_its_session_and_nobody_else(house: House, connect: Connect, sessions: Sessions):
    """F189, and the predecessor's broadcasts of every operation to every socket."""
    async with _client(house, sessions) as (client_id, token), _client(house, sessions, "40000002") as (_, other):
        mine = await connect(Cookie=f"{COOKIE}={token}")
        theirs = await connect(Authorization=f"Bearer {other}")
        stranger = await connect()
        await _tell(sessions, client_room(client_id), "operation_expired", operation_id="EXP-1001")
        assert (await mine.waits_for("operation_expired"))["operation_id"] == "EXP-1001"
        await _tell(sessions, EVERYBODY, "nueva_operacion", key="fin")
        for screen in (theirs, stranger):
            await screen.waits_for("nueva_operacion")
            assert "operation_expired" not in [name for name, _ in screen.heard]


async def test_a_room_is_joined_only_with_the_document_of_ones_own_session(
    house: House, connect: Connect, sessions: Sessions
):
    """Anybody could join any client's room by sending a document."""
    async with _client(house, sessions) as (_, token):
        mine = await connect(auth={"token": token})
        stranger = await connect()
        assert (await mine.asks("join_client_room", {"dni": "40000001"}))["success"] is True
        joined = await mine.waits_for("joined_room")
        assert joined == {"room": "client_40000001", "dni": "40000001"}
        assert (await mine.asks("join_client_room", {"dni": "40000002"}))["success"] is False
        for bad in ({"dni": "40000001"}, {}, None, "40000001", []):
            assert (await stranger.asks("join_client_room", bad))["success"] is False


async def test_staff_hears_its_role_and_itself(house: House, connect: Connect, sessions: Sessions):
    async with sessions.begin() as session:
        user_id = await add_user(session, "oscar", Role.OPERADOR)
    screen = await connect(auth={"token": await start_user_session(house.app.state.services, user_id)})
    await _tell(sessions, role_room(Role.MASTER), "operation_expired")
    await _tell(sessions, role_room(Role.OPERADOR), "nueva_operacion", n=1)
    assert (await screen.waits_for("nueva_operacion"))["n"] == 1
    await _tell(sessions, user_room(user_id), "joined_room", n=2)
    assert (await screen.waits_for("joined_room"))["n"] == 2
    assert "operation_expired" not in [name for name, _ in screen.heard]


async def test_a_reconnected_screen_gets_what_its_rooms_were_told_meanwhile(
    house: House, connect: Connect, sessions: Sessions
):
    async with _client(house, sessions) as (client_id, token):
        await _tell(sessions, client_room(client_id), "nueva_operacion", key="antes")
        await _tell(sessions, client_room(client_id + 1), "operation_expired", key="ajena")
        await _tell(sessions, client_room(client_id), "operation_expired", key="mia", n=3)
        screen = await connect(auth={"token": token})
        assert await screen.asks("missed", {"last_id": 1}) == {"success": True, "sent": 1}
        told = await screen.waits_for("operation_expired")
        assert (told["n"], told["notification_id"]) == (3, 3)
        for bad in ({"last_id": "uno"}, {"last_id": True}, {"last_id": -1}, {"last_id": 2**80}, None):
            assert (await screen.asks("missed", bad))["success"] is False


async def test_a_page_hears_what_was_told_while_it_was_on_its_way(house: House, connect: Connect, sessions: Sessions):
    """Between the writing of a page and the opening of its line an operation moved, and the page stood still."""
    async with _client(house, sessions) as (client_id, token):
        await _tell(sessions, client_room(client_id), "nueva_operacion", key="ayer")
        async with sessions.begin() as session:
            await session.execute(update(Notification).values(at=Notification.at - timedelta(days=1)))
        written = datetime.now(UTC).isoformat(timespec="seconds")
        await _tell(sessions, client_room(client_id + 1), "operation_expired", key="ajena")
        await _tell(sessions, client_room(client_id), "operation_expired", key="mia", n=3)
        screen = await connect(auth={"token": token})
        assert await screen.asks("missed", {"since": written}) == {"success": True, "sent": 1}
        assert (await screen.waits_for("operation_expired"))["n"] == 3
        odd = datetime.now(timezone(timedelta(hours=23, minutes=59))).isoformat()
        for strange in ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", odd):
            assert (await screen.asks("missed", {"since": strange}))["success"] is True
        for bad in ("ayer", "2026-01-01T00:00:00", 7, None):
            assert (await screen.asks("missed", {"since": bad}))["success"] is False


async def test_the_same_cause_is_told_once(connect: Connect, sessions: Sessions):
    """F192: toasts came twice."""
    screen = await connect()
    for _ in range(3):
        await _tell(sessions, EVERYBODY, "nueva_operacion", key="una")
    await _tell(sessions, EVERYBODY, "joined_room", key="fin")
    await screen.waits_for("joined_room")
    assert [name for name, _ in screen.heard] == ["nueva_operacion", "joined_room"]


async def test_a_cut_line_comes_back_with_what_was_said_meanwhile(connect: Connect, sessions: Sessions):
    """F191: a stream that looked connected showed frozen prices."""
    screen = await connect()
    await _tell(sessions, EVERYBODY, "joined_room", key="antes")
    await screen.waits_for("joined_room")
    async with sessions.begin() as session:
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
        await session.execute(text(cut))
    await _tell(sessions, EVERYBODY, "nueva_operacion", key="durante")
    await screen.waits_for("nueva_operacion")
    assert [name for name, _ in screen.heard] == ["joined_room", "nueva_operacion"]


async def test_the_sockets_of_an_ended_session_close(house: House, connect: Connect, sessions: Sessions):
    services = house.app.state.services
    async with sessions.begin() as session:
        first, second = await add_user(session, "oscar", Role.OPERADOR), await add_user(session, "marta", Role.MASTER)
    token = await start_user_session(services, first)
    screen = await connect(auth={"token": token})
    identity = await resolve(services, token)
    assert identity is not None
    await end_session(services, identity)
    assert await screen.closes()
    again = await connect(auth={"token": await start_user_session(services, first)})
    async with sessions.begin() as session:
        actor = Actor(kind=ActorKind.STAFF, id=second, role=Role.MASTER)
        await deactivate(session, first, actor=actor, now=datetime.now(UTC))
    assert await again.closes()


ODD_PACKETS = (
    *("", "4", "9", "\x00", "40[", '40{"token":[]}', "40/nada,", "42", "42[]", "42[1]", "42{}", '42["missed"]'),
    *(
        '42["connect"]',
        '42["connect",{}]',
        '42["connect",{"asgi.scope":{}},{"token":[]}]',
        '42["looking",1,2,3]',
        '42[{"a":1}]',
        "44",
    ),
    *('451-["x",{"_placeholder":true,"num":0}]', '459999-["x"]', "42" + "9" * 90 + '["missed"]', "b4AAAA", "bx"),
)


@pytest.mark.parametrize("known", [True, False])
async def test_a_line_that_sends_what_is_no_packet_is_cut_and_nobody_else_notices(
    house: House, connect: Connect, sessions: Sessions, caplog: pytest.LogCaptureFixture, known: bool
):
    """Each of a stranger's was ten lines of the log, or a 500 to who asks without a WebSocket."""
    async with _client(house, sessions) as (_, token), aiohttp.ClientSession() as http:
        other, line = await connect(auth={"token": token}), f"{house.url}/socket.io/?EIO=4&transport="
        for odd in ODD_PACKETS:
            async with http.ws_connect(f"{line}websocket") as socket:
                await socket.receive()
                if known:
                    await socket.send_json({"token": token}, dumps=lambda said: f"40{json.dumps(said)}")
                    await socket.receive()
                await socket.send_str(odd)
                await socket.send_bytes(odd.encode())
            opened = json.loads((await (await http.get(f"{line}polling")).text())[1:])["sid"]
            asked = (
                *((http.post, place) for place in (f"{line}polling&sid={opened}", f"{line}x", f"{line}websocket")),
                *((http.get, place) for place in (f"{line}websocket", f"{line}websocket&sid={opened}", f"{line}x")),
            )
            for verb, place in asked:
                async with verb(place, **({"data": odd} if verb == http.post else {})) as answer:
                    assert answer.status < 500, (odd, place)
        assert (await other.asks("missed", {"last_id": 0}))["success"] is True
    assert [one for one in caplog.records if one.exc_info or one.levelno >= logging.ERROR] == []


async def test_who_comes_while_the_database_is_away_is_cut_so_that_it_comes_again(house: House, sessions: Sessions):
    """It was left waiting for an answer that never came, on a line that looked well."""
    async with _client(house, sessions) as (_, token), aiohttp.ClientSession() as http, sessions() as session:
        for table, other in (("sessions", "away"), ("away", "sessions")):
            await session.execute(text(f"ALTER TABLE {table} RENAME TO {other}"))
            async with http.ws_connect(f"{house.url}/socket.io/?EIO=4&transport=websocket") as socket:
                await socket.receive()
                await socket.send_str(f"40{json.dumps({'token': token})}")
                said = await socket.receive(timeout=PATIENCE)
            assert said.data == 1013 if other == "away" else said.data.startswith('40{"sid"')


async def test_a_foreign_page_gets_no_socket(connect: Connect):
    assert (await connect(Origin=SEED_ORIGINS[0])).socket.connected
    with pytest.raises(socketio.exceptions.ConnectionError):
        await connect(Origin="https://malo.example")
