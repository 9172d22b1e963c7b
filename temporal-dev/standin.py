"""What every stand-in shares: it keeps all that reached it, fails on request, and stops when told to.

A stand-in is a server on 127.0.0.1 that speaks the protocol of an outside service, so that the real client code runs on
one machine without credentials. It is never used in production.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import uvicorn
from fastapi import Body, FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict, Field, field_validator

Json = dict[str, Any]
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class Repeated(Exception):
    """A record of that kind and key is already kept."""


class Store:
    """Records of one stand-in in one SQLite file; a record is on disk (kill -9 included) when the call returns."""

    def __init__(self, data: Path, service: str) -> None:
        """Open or create `<data>/<service>.db`; each service has its own name, so that they may share a folder."""
        data.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(data / f"{service}.db", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        # Survives the death of the process; only a power cut may lose the last records of a stand-in.
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS records"
            " (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT, at TEXT NOT NULL, body TEXT NOT NULL,"
            " UNIQUE (kind, key))",
        )

    def add(self, kind: str, body: Json, *, key: str | None = None) -> int:
        """Keep a new record and return its id. Raises Repeated when `key` is taken."""
        values = (kind, key, datetime.now(UTC).isoformat(timespec="milliseconds"), json.dumps(body))
        try:
            row = self._db.execute("INSERT INTO records (kind, key, at, body) VALUES (?, ?, ?, ?)", values)
        except sqlite3.IntegrityError as error:
            raise Repeated(key) from error
        return int(row.lastrowid or 0)

    def replace(self, kind: str, body: Json, *, key: str) -> None:
        """Keep `body` as the present state under `key`; the time of the first record stays."""
        text = json.dumps(body)
        if not self._db.execute("UPDATE records SET body = ? WHERE kind = ? AND key = ?", (text, kind, key)).rowcount:
            self.add(kind, body, key=key)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Keep all the records of the block, or none of them."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def empty(self) -> int:
        """Forget everything and return how many records there were."""
        return self._db.execute("DELETE FROM records").rowcount

    def remove(self, kind: str, *, key: str) -> bool:
        """Drop the state under `key`; True when there was one."""
        return bool(self._db.execute("DELETE FROM records WHERE kind = ? AND key = ?", (kind, key)).rowcount)

    def get(self, kind: str, *, key: str) -> Json | None:
        """The record under `key`, with its `id` and the instant `at` (UTC) it was first kept; None when unknown."""
        return next(self._rows("kind = ? AND key = ?", kind, key), None)

    def numbered(self, kind: str, number: int) -> Json | None:
        """The record with that `id`; None when unknown."""
        return next(self._rows("kind = ? AND id = ?", kind, number), None)

    def all(self, kind: str) -> list[Json]:
        """Every record of a kind, oldest first."""
        return list(self._rows("kind = ?", kind))

    def _rows(self, where: str, *values: str | int) -> Iterator[Json]:
        query = f"SELECT id, at, body FROM records WHERE {where} ORDER BY id"  # noqa: S608 - two literals of this class
        for number, at, body in self._db.execute(query, values):
            yield {"id": number, "at": at, **json.loads(body)}


class Fault(BaseModel):
    """A failure to show to the next `times` calls; `down` lasts until it is deleted.

    `detail` is the code that goes with it, where the service has several.
    """

    model_config = ConfigDict(extra="forbid")

    failure: str
    operacion: str | None = None
    times: int = Field(default=1, ge=1)
    seconds: float = Field(default=30, ge=0, le=600)
    detail: str = ""


class Chance(BaseModel):
    """A failure that befalls a call by luck: `percent` of those of its `operacion`."""

    model_config = ConfigDict(extra="forbid")

    failure: str
    percent: float = Field(gt=0, le=100)
    seconds: float = Field(default=30, ge=0, le=600)


class Chances(BaseModel):
    """What befalls calls at random, at most one failure a call; the same `seed` draws the same lots."""

    model_config = ConfigDict(extra="forbid")

    seed: int
    operacion: str | None = None
    chances: list[Chance]


class Faults:
    """The failures that a stand-in was asked to show: one by one in the order in which they were asked, or by luck."""

    def __init__(self, *allowed: str) -> None:
        """`allowed` are the failures this service can show, `down` always among them."""
        self.allowed = ("down", *allowed)
        self._queue: list[Fault] = []
        self._luck: Chances | None = None
        self._dice = random.Random(0)  # noqa: S311 - lots of a rehearsal, not a secret

    def leave_to_luck(self, luck: Chances) -> None:
        """From now on calls fail at random as well."""
        self._luck = luck
        self._dice.seed(luck.seed)

    def add(self, fault: Fault) -> None:
        """Queue a failure."""
        self._queue.append(fault)

    def clear(self) -> int:
        """Forget them all and return how many there were."""
        count, self._queue, self._luck = len(self._queue), [], None
        return count

    def pending(self) -> list[Json]:
        """The failures still to be shown."""
        return [fault.model_dump() for fault in self._queue]

    def take(self, operacion: str) -> Fault | None:
        """The failure that this call has to show, if any; it is used up, `down` excepted."""
        for fault in self._queue:
            if fault.operacion in (None, operacion):
                self._use(fault)
                return fault
        return self._drawn(operacion)

    def _drawn(self, operacion: str) -> Fault | None:
        if self._luck is None or self._luck.operacion not in (None, operacion):
            return None
        lot = self._dice.uniform(0, 100)
        for chance in self._luck.chances:
            if lot < chance.percent:
                return Fault(failure=chance.failure, seconds=chance.seconds)
            lot -= chance.percent
        return None

    def _use(self, fault: Fault) -> None:
        if fault.failure == "down":
            return
        fault.times -= 1
        if not fault.times:
            self._queue.remove(fault)


def application(
    store: Store, received: Callable[[], list[Json]], *, faults: Faults, lifespan: Lifespan | None = None
) -> FastAPI:
    """An application with the routes that every stand-in answers: /healthz, /received, /admin/inject, /admin/luck.

    `DELETE` on /received empties it; on /admin/inject it ends every failure, those by luck too.
    """
    app = FastAPI(openapi_url=None, lifespan=lifespan)

    @app.get("/healthz")
    async def healthz() -> Json:
        return {"status": "ok"}

    @app.get("/received")
    async def everything_received() -> list[Json]:
        return received()

    @app.delete("/received")
    async def forget_everything() -> Json:
        return {"removed": store.empty()}

    _add_failures(app, faults)
    return app


def _add_failures(app: FastAPI, faults: Faults) -> None:
    class Injection(Fault):
        @field_validator("failure")
        @classmethod
        def known(cls, value: str) -> str:
            if value not in faults.allowed:
                raise ValueError(f"failure: {', '.join(faults.allowed)}")
            return value

    @app.get("/admin/inject")
    async def pending() -> list[Json]:
        return faults.pending()

    async def inject(fault: Annotated[BaseModel, Body()]) -> list[Json]:
        faults.add(Fault(**fault.model_dump()))
        return faults.pending()

    # The model closes over this service's own failures, which an annotation evaluated later could not see.
    inject.__annotations__["fault"] = Injection
    app.post("/admin/inject")(inject)

    @app.post("/admin/luck")
    async def leave_to_luck(luck: Chances) -> Json:
        if not {chance.failure for chance in luck.chances} <= set(faults.allowed):
            raise HTTPException(422, f"failure: {', '.join(faults.allowed)}")
        faults.leave_to_luck(luck)
        return luck.model_dump()

    @app.delete("/admin/inject")
    async def clear() -> Json:
        return {"removed": faults.clear()}


def arguments(description: str) -> argparse.ArgumentParser:
    """A parser with what every stand-in takes: --port and --data."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, required=True, help="HTTP port on 127.0.0.1")
    parser.add_argument("--data", type=Path, required=True, help="folder that keeps what reaches it")
    return parser


class _Server(uvicorn.Server):
    """Leaves signals to `serve`: uvicorn's own handling dies of the signal, which a supervisor reads as a failure."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def serve(app: FastAPI, *, port: int) -> None:
    """Answer on 127.0.0.1 until SIGTERM or Ctrl-C, then return; calls asleep in an injected time-out are cut."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=1
    )
    asyncio.run(_serve(_Server(config)))


async def _serve(server: uvicorn.Server) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: setattr(server, "should_exit", True))
    await server.serve()
