"""The stack of a bench: `temporal-dev/up.py` on free ports with its data in a folder that is gone afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import psutil
from temporalio.client import Client

from db.session import Sessions, make_engine, make_sessions
from db.settings import DatabaseSettings
from integrations.temporal import PLAIN_CONVERTER

UP = Path(__file__).resolve().parents[2] / "temporal-dev" / "up.py"
HOST = "127.0.0.1"
START_SECONDS, STOP_SECONDS = 120, 60
BLOCK = 9  # ports of a stack
MEGABYTE = 1024 * 1024
WORKERS = ("worker", "effects")  # pieces: what people wait for, and what follows by itself
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class BenchError(Exception):
    """The bench cannot go on; the message says why, in Spanish."""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A running house: `addresses` are those of `stack.json`."""

    data: Path
    addresses: Mapping[str, str]

    @property
    def api(self) -> str:
        """Where the API answers."""
        return self.addresses["api"]

    async def temporal(self) -> Client:
        """A client of its Temporal server."""
        return await Client.connect(self.addresses["temporal_address"], data_converter=PLAIN_CONVERTER)

    def kill(self, piece: str) -> None:
        """End a piece as a crash does (`kill -9`); the supervisor starts it again."""
        self._processes(piece)[0].kill()

    def faults(self) -> list[str]:
        """What the API's log tells of answers 500."""
        lines = (self.data / "logs" / "api.log").read_text(errors="replace").splitlines()
        return [line for line in lines if " fallo " in f" {line}"]

    def memory_mb(self, piece: str) -> float:
        """Resident memory of a piece (`api`, `worker`) with its children, in MB."""
        total: int = sum(process.memory_info().rss for process in self._processes(piece))
        return round(total / MEGABYTE, 1)

    def cpu_seconds(self, *, worker_of_floor: int | None = None) -> dict[str, float]:
        """Processor time that each piece has taken since its start, and this program (`banco`).

        The house's two workers count as one, `worker`; given the floor's, its time takes the place of theirs.
        """
        pieces = {file.name: self._processes(file.name) for file in (self.data / "pids").iterdir()}
        pieces["banco"] = [psutil.Process()]
        effects = pieces.pop("effects", [])
        pieces["worker"] += effects
        if worker_of_floor is not None:
            pieces["worker"] = [psutil.Process(worker_of_floor)]
        return {piece: sum(_seconds(process) for process in processes) for piece, processes in pieces.items()}

    def _processes(self, piece: str) -> list[psutil.Process]:
        process = psutil.Process(int((self.data / "pids" / piece).read_text().split()[0]))
        return [process, *process.children(recursive=True)]


# How a bench comes to its house.
House = Callable[[], AbstractContextManager[Stack]]


@contextlib.contextmanager
def running_stack(**settings: str) -> Iterator[Stack]:
    """Everything that `qoricash up` starts, on its own ports and with no demo data.

    `settings` are variables for the house. Raises BenchError when it does not start.
    """
    if not UP.exists():
        raise BenchError(
            "`qoricash bench` necesita el proyecto completo (la carpeta temporal-dev). Clona el repositorio."
        )
    with tempfile.TemporaryDirectory(prefix="qoricash-bench-") as folder:
        data = Path(folder) / "data"
        command = [sys.executable, str(UP), "--port", str(_free_base()), "--data", str(data), "--no-demo"]
        with (Path(folder) / "up.log").open("w") as log, _process(command, settings, log.fileno()) as up:
            yield Stack(data=data, addresses=_wait_for_house(up, data, Path(folder) / "up.log"))


@contextlib.contextmanager
def second_api(data: Path, **settings: str) -> Iterator[str]:
    """Another API process on the servers of this data folder, with other settings; yields its address."""
    port = _free_port()
    program = str(Path(sys.executable).with_name("qoricash"))
    command = [program, "--data", str(data), "api", "--port", str(port)]
    address = f"http://{HOST}:{port}"
    with _process(command, settings, subprocess.DEVNULL) as process:
        _wait_until_ready(process, address, time.monotonic() + START_SECONDS)
        yield address


@contextlib.asynccontextmanager
async def database(stack: Stack) -> AsyncIterator[Sessions]:
    """Sessions on the stack's database."""
    engine = make_engine(DatabaseSettings(url=stack.addresses["database_url"]))
    try:
        yield make_sessions(engine)
    finally:
        await engine.dispose()


def _seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:  # a backend of PostgreSQL that has just left
        return 0.0
    # Those of the children that have ended are in their parent's account.
    return float(times.user + times.system + times.children_user + times.children_system)


@contextlib.contextmanager
def _process(command: list[str], settings: Mapping[str, str], output: int) -> Iterator[subprocess.Popen[bytes]]:
    """A program of ours while the block runs; it is asked to stop, and killed when it does not."""
    process = subprocess.Popen(  # noqa: S603 - our own program
        command, env={**os.environ, **settings}, stdout=output, stderr=output, start_new_session=True
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for_house(up: subprocess.Popen[bytes], data: Path, log: Path) -> Mapping[str, str]:
    limit = time.monotonic() + START_SECONDS
    file = data / "stack.json"
    try:
        while not file.exists():
            _check_alive(up, limit)
        addresses: Mapping[str, str] = json.loads(file.read_text())
        _wait_until_ready(up, addresses["api"], limit)
    except BenchError as error:
        raise BenchError(f"{error}\n{log.read_text()}") from None
    return addresses


def _wait_until_ready(process: subprocess.Popen[bytes], address: str, limit: float) -> None:
    while not _ready(address):
        _check_alive(process, limit)


def _check_alive(process: subprocess.Popen[bytes], limit: float) -> None:
    if process.poll() is not None or time.monotonic() > limit:
        raise BenchError("La pila del banco de pruebas no arrancó.")
    time.sleep(0.1)


def _ready(address: str) -> bool:
    try:
        with _direct.open(f"{address}/readyz", timeout=2):
            return True
    except OSError:
        return False


def _free_base() -> int:
    """A block of free ports, below those that the kernel gives to clients; at random, so that two benches differ."""
    for _ in range(200):
        base = random.randrange(20_000, 31_000, BLOCK)  # noqa: S311 - a port, not a secret
        if all(_is_free(port) for port in range(base, base + BLOCK)):
            return base
    raise BenchError("No hay 9 puertos seguidos libres entre 20000 y 31000.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
