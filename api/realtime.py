"""Real time: what the database announces, emitted to the sockets of this process.

Every API process LISTENs on its own connection and emits only to its own sockets, so that no process depends on
another. Rooms are given at the handshake by the session of the cookie or bearer, never by what a socket claims. Nothing
relies on a socket being up: who reconnects asks for what it missed (`missed {last_id}`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import psycopg
import socketio
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from api import presence, progress
from api.auth import Identity, SignedClient, SignedUser, alive, resolve, token_of
from api.errors import places
from api.origins import allowed_origins, same_origin
from api.services import Services
from api.settings import ApiSettings
from db import clients, notifications, sessions
from db.tables import Notification
from domain.notifications import ACCOUNT_APPROVED, EVERYBODY, client_room, role_room, user_room

log = logging.getLogger(__name__)
# For each packet of a stranger that is none, the library would write ten lines.
_silent = logging.getLogger(f"{__name__}.packets")
_silent.setLevel(logging.CRITICAL + 1)

# A web address that ends in /api/flask makes the existing client ask for that namespace (client contract, 0.17).
NAMESPACES = ("/", "/api/flask")
REMEMBERED = 2_000
FIRST_WAIT, LONGEST_WAIT = 0.2, 10.0
SWEEP_EVERY = 30.0
WRONG_PACKET, COME_AGAIN = 1002, 1013  # RFC 6455, section 7.4.1, and IANA's registry of its codes
# A row is announced when its transaction commits, so its `at` may be older than the moment the line was lost.
OVERLAP = timedelta(seconds=60)
# A page says when it was written; what it shows was read a moment before. One older than this is read anew by itself.
READING, OLDEST_PAGE = timedelta(seconds=3), timedelta(hours=1)


def make_server(settings: ApiSettings) -> socketio.AsyncServer:
    """The Socket.IO server, for the origins that may also call the API."""
    listed = allowed_origins(settings)

    def allowed(origin: str | None, environ: dict[str, Any]) -> bool:
        return origin is None or origin in listed or same_origin(origin, environ.get("HTTP_HOST", ""))

    return socketio.AsyncServer(
        async_mode="asgi",
        cors_allowed_origins=allowed,
        namespaces=list(NAMESPACES),
        logger=_silent,
        engineio_logger=_silent,
    )


class SocketApp:
    """The Socket.IO application. The library raises for a packet that is none: here the line that sent it is cut."""

    def __init__(self, server: socketio.AsyncServer) -> None:
        """Answer at /socket.io."""
        self._app = socketio.ASGIApp(server, socketio_path="/socket.io")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A long-polling request that makes no sense is a bad request."""
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:  # noqa: BLE001 - whatever the library stumbled over came from the line
            log.info("línea cortada: %s", type(error).__name__)
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": WRONG_PACKET})
            elif not begun:
                await PlainTextResponse("", HTTPStatus.BAD_REQUEST)(scope, receive, send)


def session_room(session_id: int) -> str:
    """The sockets of one sign-in, to close them when it ends."""
    return f"session_{session_id}"


def rooms_of(identity: Identity | None) -> tuple[str, ...]:
    """What this person may hear. A stranger hears only what is told to everybody."""
    if isinstance(identity, SignedUser):
        return EVERYBODY, role_room(identity.role), user_room(identity.id), session_room(identity.session_id)
    if isinstance(identity, SignedClient):
        return EVERYBODY, client_room(identity.id), session_room(identity.session_id)
    return (EVERYBODY,)


Named = Mapping[Any, str]
# Events of a client's own room that its pages check against the document that they know.
NAMED = frozenset({ACCOUNT_APPROVED, "client_deleted"})
FIGURES = ("amount_usd", "amount_pen", "exchange_rate", "compra", "venta")


class Sockets(socketio.AsyncNamespace):  # type: ignore[misc]
    """The events that sockets send, in one namespace."""

    def __init__(self, namespace: str, services: Services) -> None:
        """Answer in `namespace`."""
        super().__init__(namespace)
        self._services = services
        self._asked = {"join_client_room": self.join_client_room, "looking": self.looking, "missed": self.missed}

    async def trigger_event(self, event: object, *args: Any) -> object:
        """Only what is asked here, whatever a socket sends, and with however many values.

        A socket may also send an event by the name of the server's own, `connect`, with an `environ` that it made up.
        Who can not be let in now (the database is away) is cut, so that it comes again: else it would wait for ever.
        """
        try:
            if isinstance(event, str) and event in self._asked:
                return await self._asked[event](args[0], args[1] if len(args) > 1 else None)
            if event == "connect" and len(args) > 1 and args[1] is self.server.get_environ(args[0], self.namespace):
                await self.connect(*args)
        except Exception as error:  # noqa: BLE001 - told in our words, and never with the data
            log.error("fallo de un socket: %s en %s", type(error).__name__, places(error))  # noqa: TRY400
            if event == "connect":
                await self._hang_up(args[0], args[1])
            return {"success": False, "message": "Algo falló de nuestro lado. Intenta de nuevo."}
        return None

    async def connect(self, sid: str, environ: dict[str, Any], auth: object = None) -> None:
        """Everybody may connect; rooms come from the session."""
        identity = await self._identity(environ, auth)
        await self.save_session(sid, {"identity": identity})
        for room in rooms_of(identity):
            await self.enter_room(sid, room)

    async def join_client_room(self, sid: str, data: object = None) -> dict[str, Any]:
        """The existing clients ask by document: it must be the one of their own session."""
        identity = await self._who(sid)
        dni = str(data.get("dni", "")) if isinstance(data, dict) else ""
        if not isinstance(identity, SignedClient) or dni != identity.document_number:
            return {"success": False, "message": "Ingresa a tu cuenta para recibir tus avisos."}
        # Named as the client named it; the room itself goes by our own id and was given at the handshake.
        await self.emit("joined_room", {"room": f"client_{dni}", "dni": dni}, to=sid)
        return {"success": True}

    async def looking(self, sid: str, data: object = None) -> dict[str, Any]:
        """A person of the house has an operation on its screen; those who have the same one see it."""
        identity = await self._who(sid)
        code = await presence.look(self._services, identity, data) if isinstance(identity, SignedUser) else None
        if code is None:
            return {"success": False}
        await self.enter_room(sid, presence.room(code))
        return {"success": True}

    async def missed(self, sid: str, data: object = None) -> dict[str, Any]:
        """Send again what this socket's rooms were told after `last_id`, or `since` the instant a page was written."""
        asked = data if isinstance(data, dict) else {}
        written = _instant(asked.get("since"))
        last_id = 0 if written else asked.get("last_id")
        if not isinstance(last_id, int) or isinstance(last_id, bool) or not 0 <= last_id < 2**63:
            return {"success": False, "message": "Envía last_id, el número del último aviso que recibiste."}
        async with self._services.sessions() as session:
            if written:
                now = datetime.now(UTC)
                written = min(max(written, now - OLDEST_PAGE), now).astimezone(UTC)
                last_id = await notifications.last_before(session, written - READING)
            rows = await notifications.missed(session, rooms_of(await self._who(sid)), last_id)
            named = await _named(session, rows)
        for row in rows:
            await self.emit(row.event, _payload(row, named), to=sid)
        return {"success": True, "sent": len(rows)}

    async def _hang_up(self, sid: str, environ: dict[str, Any]) -> None:
        """Who asks again and again understands the library's packet; on a WebSocket it only ends what it says."""
        if environ["asgi.scope"]["type"] == "websocket":
            await environ["asgi.send"]({"type": "websocket.close", "code": COME_AGAIN})
        else:
            await self.server.eio.disconnect(self.server.manager.eio_sid_from_sid(sid, self.namespace))

    async def _who(self, sid: str) -> Identity | None:
        kept = await self.get_session(sid)
        identity: Identity | None = kept.get("identity")
        return identity

    async def _identity(self, environ: dict[str, Any], auth: object) -> Identity | None:
        token = auth.get("token") if isinstance(auth, dict) else None
        if not isinstance(token, str) or not token:
            token = token_of(HTTPConnection(environ["asgi.scope"]))
        return await resolve(self._services, token) if token else None


def register(server: socketio.AsyncServer, services: Services) -> None:
    """Answer in every namespace that the existing clients use."""
    for namespace in NAMESPACES:
        server.register_namespace(Sockets(namespace, services))


class Listener:
    """The process's own line to the database: hears of rows, emits them once, catches up after a cut."""

    def __init__(self, server: socketio.AsyncServer, services: Services, conninfo: str) -> None:
        """Listen at `conninfo` (postgresql://…) and emit on `server`."""
        self._server = server
        self._services = services
        self._conninfo = conninfo
        self._seen: deque[int] = deque(maxlen=REMEMBERED)
        self._heard_until: datetime | None = None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Listen while the block runs."""
        tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._sweep())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self) -> None:
        wait = FIRST_WAIT
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True) as line:
                    await line.execute(f"LISTEN {notifications.CHANNEL}")
                    await line.execute(f"LISTEN {sessions.ENDED_CHANNEL}")
                    await line.execute(f"LISTEN {presence.CHANNEL}")
                    await line.execute(f"LISTEN {progress.CHANNEL}")
                    await self._catch_up()
                    wait = FIRST_WAIT
                    while True:
                        # At least one, and all those that came with it: a step of an operation tells several rooms.
                        await self._heard([heard async for heard in line.notifies(stop_after=1)])
            except Exception as error:  # noqa: BLE001 - the line must come back whatever cut it
                log.warning("avisos en pausa, se reintenta en %.1f s: %s", wait, type(error).__name__)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    async def _heard(self, told: Sequence[psycopg.Notify]) -> None:
        numbers = {int(one.payload) for one in told if one.channel == notifications.CHANNEL} - {*self._seen}
        if numbers:
            async with self._services.sessions() as session:
                rows = await notifications.by_ids(session, numbers)
                named = await _named(session, rows)
            for row in rows:
                await self._emit(row, named)
        for one in told:
            if one.channel == sessions.ENDED_CHANNEL:
                await self._close(int(one.payload))
            elif one.channel == presence.CHANNEL:
                place, looks = presence.heard(one.payload)
                await self._server.emit("presencia", looks, room=place)
            elif one.channel == progress.CHANNEL:
                place, far = progress.heard(one.payload)
                await self._server.emit(progress.EVENT, far, room=place)
        self._heard_until = datetime.now(UTC)

    async def _catch_up(self) -> None:
        """After a cut, what was told meanwhile; at the start, nothing: sockets ask by themselves."""
        if self._heard_until is not None:
            async with self._services.sessions() as session:
                rows = await notifications.since(session, self._heard_until - OVERLAP)
                named = await _named(session, rows)
            for row in rows:
                if row.id not in self._seen:
                    await self._emit(row, named)
        self._heard_until = datetime.now(UTC)

    async def _emit(self, row: Notification, named: Named) -> None:
        self._seen.append(row.id)
        for namespace in NAMESPACES:
            await self._server.emit(row.event, _payload(row, named), room=row.room, namespace=namespace)

    async def _sweep(self) -> None:
        """Sessions also end by themselves: a screen left open stops hearing when its session is over."""
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            try:
                await self.sweep(datetime.now(UTC))
            except Exception as error:  # noqa: BLE001 - tried again at the next round
                log.warning("no se revisaron las sesiones de los sockets: %s", type(error).__name__)

    async def sweep(self, now: datetime) -> None:
        """Close the sockets whose session is no longer alive."""
        open_ids = {session_id for namespace in NAMESPACES for session_id in self._sessions_in(namespace)}
        if not open_ids:
            return
        async with self._services.sessions() as session:
            known = await sessions.by_ids(session, open_ids)
        living = {signed.session.id for signed in known if alive(self._services, signed, now)}
        for session_id in open_ids - living:
            await self._close(session_id)

    def _sessions_in(self, namespace: str) -> set[int]:
        rooms = self._server.manager.rooms.get(namespace, {})
        named = (room for room in rooms if isinstance(room, str) and room.startswith("session_"))
        return {int(room.removeprefix("session_")) for room in named}

    async def _close(self, session_id: int) -> None:
        room = session_room(session_id)
        for namespace in NAMESPACES:
            for sid, _ in list(self._server.manager.get_participants(namespace, room)):
                await self._server.disconnect(sid, namespace=namespace)


def _instant(text: object) -> datetime | None:
    """An instant with its time zone; None for anything else."""
    try:
        read = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return read if read is not None and read.tzinfo is not None else None


async def _named(session: AsyncSession, rows: Sequence[Notification]) -> Named:
    """The documents of the clients that these events are about, where the existing pages compare them with their own.

    Rooms and rows go by our own ids; the document is added here and stored nowhere.
    """
    ids = {int(row.payload["client_id"]) for row in rows if row.event in NAMED}
    return await clients.documents_by_id(session, ids) if ids else {}


def _payload(row: Notification, named: Named) -> dict[str, Any]:
    """The event's own payload with its number, which a client gives back as `last_id`.

    Money is stored as exact text; the existing clients call number methods on it (client contract, section 7).
    """
    figures = {key: float(row.payload[key]) for key in FIGURES if row.payload.get(key) is not None}
    about = {"client_dni": named.get(row.payload.get("client_id"))} if row.event in NAMED else {}
    return {**row.payload, **figures, **about, "notification_id": row.id}
