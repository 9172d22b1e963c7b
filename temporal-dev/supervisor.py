"""Starts the pieces of the stack, keeps them up, and stops them, the last ones first; leaves nothing running.

Every piece has a session of its own, so that Ctrl-C in the terminal (or a signal to the whole group) reaches only this
program, which then stops the pieces in the order in which they can still finish their work. Should this program itself
be killed, the kernel sends each piece its stop signal (Linux), and the next start ends whatever is still alive.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import psutil

from ports import Refused

FIRST_DELAY, LONGEST_DELAY, HEALTHY_AFTER = 0.5, 30.0, 60.0  # seconds
START_LIMIT = 60.0
LOG_LIMIT = 20_000_000  # bytes; past this a log starts again and the old one keeps one name
PR_SET_PDEATHSIG = 1


class Stopped(Exception):
    """Somebody asked the stack to stop while it was starting."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One process of the stack.

    `ready` says whether it answers yet; `waiting_for` explains, when it does not, what it lacks; `patience` is how long
    (seconds) it may take to stop before it is killed; with a `niceness` (up to 19) it leaves others the processor.
    """

    name: str
    title: str
    command: list[str]
    env: dict[str, str]
    ready: Callable[[], bool] = lambda: True
    waiting_for: Callable[[], str] = lambda: ""
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 10.0
    niceness: int = 0


@dataclass
class Child:
    """A piece with its present process and its record of falls. Those of one `turn` were started together."""

    piece: Piece
    process: subprocess.Popen[bytes]
    started: float
    turn: int
    delay: float = FIRST_DELAY
    restart_at: float | None = None
    recovering: bool = False


@dataclass
class Supervisor:
    """The pieces of one data folder. One thread only: the kernel's death signal follows it."""

    data: Path
    say: Callable[[str], None]
    children: list[Child] = field(default_factory=list)
    stopping: bool = False

    def listen(self) -> None:
        """Take SIGINT, SIGTERM and SIGHUP as the request to stop; more of them change nothing."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)

    def _asked_to_stop(self, _number: int, _frame: object) -> None:
        self.stopping = True

    def start(self, *pieces: Piece) -> None:
        """Start the pieces together and wait until each one answers; raises as `wait` does."""
        self.launch(*pieces)
        self.wait(*pieces)

    def launch(self, *pieces: Piece) -> None:
        """Start the pieces, without waiting for them."""
        turn = self._next_turn()
        self.children += [self._spawn(piece, turn) for piece in pieces]

    def wait(self, *pieces: Piece) -> None:
        """Wait until each of these pieces answers.

        Raises:
            Refused: one of them ended, or did not answer in a minute.
            Stopped: a stop was asked for meanwhile.
        """
        for child in self.children:
            if child.piece in pieces:
                self._wait_ready(child)

    def run(self, piece: Piece) -> None:
        """Run a program to its end (migrations, demo data)."""
        began = time.monotonic()
        child = self._spawn(piece, self._next_turn())
        self.children.append(child)
        while child.process.poll() is None:
            self._breathe()
        self.children.remove(child)
        self._pid_file(piece).unlink()
        if child.process.returncode:
            raise Refused(f"Falló: {piece.title}.\n{self._tail(piece.name)}")
        self.say(f"  ✓ {piece.title} ({time.monotonic() - began:.1f} s)")

    def _next_turn(self) -> int:
        return self.children[-1].turn + 1 if self.children else 0

    def watch(self) -> None:
        """Restart what falls, until a stop is asked for."""
        while not self.stopping:
            for child in self.children:
                self._look_after(child)
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop everything, together what was started together, last come first; who outlives its patience is killed."""
        self.stopping = True
        for _, started_together in groupby(reversed(self.children), key=lambda child: child.turn):
            going = list(started_together)
            for child in going:
                ask(child.process, child.piece.stop_signal)
            for child in going:
                see_off(child.process, child.piece.patience)
                self._pid_file(child.piece).unlink(missing_ok=True)
        self.children.clear()

    def stop_leftovers(self) -> None:
        """End the pieces that an earlier run of this data folder left alive (killed, and not on Linux)."""
        for file in sorted((self.data / "pids").glob("*")):
            number, created = file.read_text().split()
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(int(number))
                # The number may have passed to a stranger since: the time of birth tells.
                if abs(process.create_time() - float(created)) < 1:
                    ask(process, signal.SIGINT if file.name == "postgres" else signal.SIGTERM)
                    see_off(process, 10)
            file.unlink()

    def _spawn(self, piece: Piece, turn: int) -> Child:
        logs, pids = self.data / "logs", self.data / "pids"
        logs.mkdir(exist_ok=True)
        pids.mkdir(exist_ok=True)
        log = logs / f"{piece.name}.log"
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as output:
            process = subprocess.Popen(
                piece.command,
                env=piece.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_begins(os.getpid(), piece),  # noqa: PLW1509 - this program has one thread
            )
        self._pid_file(piece).write_text(f"{process.pid} {psutil.Process(process.pid).create_time()}")
        return Child(piece, process, time.monotonic(), turn)

    def _pid_file(self, piece: Piece) -> Path:
        return self.data / "pids" / piece.name

    def _wait_ready(self, child: Child) -> None:
        piece, limit = child.piece, child.started + START_LIMIT
        while not piece.ready():
            fallen = next((other.piece for other in self.children if other.process.poll() is not None), None)
            if fallen:
                raise Refused(f"No arrancó: {fallen.title}.\n{self._tail(fallen.name)}")
            if time.monotonic() > limit:
                reason = piece.waiting_for() or self._tail(piece.name)
                raise Refused(f"No respondió en {START_LIMIT:.0f} segundos: {piece.title}.\n{reason}")
            self._breathe()
        self.say(f"  ✓ {piece.title} ({time.monotonic() - child.started:.1f} s)")

    def _breathe(self) -> None:
        if self.stopping:
            raise Stopped
        time.sleep(0.1)

    def _look_after(self, child: Child) -> None:
        now, piece = time.monotonic(), child.piece
        if child.process.poll() is None:
            if child.recovering and piece.ready():
                child.recovering = False
                self.say(f"{piece.title}: de vuelta.")
            if now - child.started > HEALTHY_AFTER:
                child.delay = FIRST_DELAY
        elif child.restart_at is None:
            child.restart_at = now + child.delay
            cause = _cause(child.process.returncode)
            self.say(
                f"{piece.title}: se cayó ({cause}). Vuelve en {child.delay:g} s. Registro: {self._log(piece.name)}"
            )
        elif now >= child.restart_at:
            again = self._spawn(piece, child.turn)
            child.process, child.started, child.restart_at, child.recovering = again.process, again.started, None, True
            child.delay = min(child.delay * 2, LONGEST_DELAY)

    def _log(self, name: str) -> Path:
        return self.data / "logs" / f"{name}.log"

    def _tail(self, name: str, lines: int = 15) -> str:
        log = self._log(name)
        last = log.read_text(errors="replace").splitlines()[-lines:]
        return "\n".join([f"Lo último de {log}:", *(f"  {line}" for line in last)])


def ask(process: subprocess.Popen[bytes] | psutil.Process, stop_signal: signal.Signals) -> None:
    """Ask a process to stop; it may have ended already."""
    with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
        process.send_signal(stop_signal)


def see_off(process: subprocess.Popen[bytes] | psutil.Process, patience: float) -> None:
    """Wait for a process that was asked to stop, and kill its whole session when it does not."""
    with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
        try:
            process.wait(patience)
        except (subprocess.TimeoutExpired, psutil.TimeoutExpired):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)


def _begins(parent: int, piece: Piece) -> Callable[[], None]:
    """What a new process does first: take its place behind the others, and ask to be stopped should we die before it.

    The kernel sends that stop signal on Linux only.
    """
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def first() -> None:
        os.nice(piece.niceness)
        if libc is None:
            return
        libc.prctl(PR_SET_PDEATHSIG, piece.stop_signal)
        if os.getppid() != parent:  # it died in between: there is nobody left to signal us
            os._exit(1)

    return first


def _cause(code: int) -> str:
    return f"señal {signal.Signals(-code).name}" if code < 0 else f"código {code}"
