"""The supervisor with small programs in the place of servers."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from ports import Refused
from supervisor import FIRST_DELAY, Piece, Supervisor

HERE = Path(__file__).resolve().parent
WAITS = "import time; time.sleep(60)"
# Writes its name when it is asked to stop.
SIGNS = """
import pathlib, signal, sys, time
def leave(*_):
    with open(sys.argv[2], "a") as book: book.write(sys.argv[1] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
pathlib.Path(sys.argv[2] + "." + sys.argv[1]).touch()
time.sleep(60)
"""


def piece(name: str, program: str, *arguments: str, **more) -> Piece:
    return Piece(
        name=name, title=name, command=[sys.executable, "-c", program, *arguments], env=dict(os.environ), **more
    )


def supervise(data: Path) -> tuple[Supervisor, list[str]]:
    said: list[str] = []
    return Supervisor(data, say=said.append), said


def test_pieces_stop_in_the_reverse_order_of_their_starts(tmp_path):
    supervisor, _ = supervise(tmp_path)
    book = tmp_path / "book"
    names = ("database", "engine", "worker")
    signed = [piece(n, SIGNS, n, str(book), ready=Path(f"{book}.{n}").exists) for n in names]

    supervisor.start(*signed[:1])
    supervisor.start(*signed[1:])
    supervisor.stop()

    *first, last = book.read_text().split()
    assert (sorted(first), last) == (["engine", "worker"], "database")
    assert list((tmp_path / "pids").iterdir()) == []


def test_a_piece_that_dies_comes_back_and_the_supervisor_says_so(tmp_path):
    supervisor, said = supervise(tmp_path)
    supervisor.start(piece("worker", WAITS))
    first = supervisor.children[0].process.pid
    os.kill(first, signal.SIGKILL)

    def listen(line: str) -> None:
        said.append(line)
        supervisor.stopping = "de vuelta" in line

    supervisor.say = listen
    supervisor.watch()

    assert supervisor.children[0].process.pid != first
    assert f"worker: se cayó (señal SIGKILL). Vuelve en {FIRST_DELAY:g} s." in said[-2]
    assert supervisor.children[0].delay == 2 * FIRST_DELAY
    supervisor.stop()


def test_a_piece_that_does_not_start_is_told_with_the_end_of_its_log(tmp_path):
    supervisor, _ = supervise(tmp_path)
    with pytest.raises(Refused, match="No arrancó: worker") as refused:
        supervisor.start(piece("worker", "raise SystemExit('falta la tabla')", ready=lambda: False))
    assert "falta la tabla" in str(refused.value)


def test_a_piece_deaf_to_its_signal_is_killed_when_its_patience_ends(tmp_path):
    supervisor, _ = supervise(tmp_path)
    deaf = "import signal, pathlib, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    deaf += "pathlib.Path(sys.argv[1]).touch(); time.sleep(60)"
    supervisor.start(piece("worker", deaf, str(tmp_path / "up"), ready=(tmp_path / "up").exists, patience=0.2))
    process = supervisor.children[0].process

    supervisor.stop()

    assert process.poll() == -signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the next start ends the leftovers")
def test_pieces_do_not_outlive_a_supervisor_that_is_killed(tmp_path):
    program = textwrap.dedent(f"""
        import os, sys, time
        from pathlib import Path
        sys.path.insert(0, {str(HERE.parent.parent / "temporal-dev")!r})
        from supervisor import Piece, Supervisor
        wait = [sys.executable, "-c", {WAITS!r}]
        Supervisor(Path({str(tmp_path)!r}), say=print).start(Piece(name="worker", title="", command=wait, env={{}}))
        time.sleep(60)
    """)
    with subprocess.Popen([sys.executable, "-c", program]) as supervisor:
        child = _wait_for(lambda: _pid(tmp_path))
        supervisor.kill()

    assert _wait_for(lambda: not psutil.pid_exists(child))


def test_what_an_earlier_run_left_alive_is_ended_by_the_next(tmp_path):
    with (
        subprocess.Popen([sys.executable, "-c", WAITS]) as left,
        subprocess.Popen([sys.executable, "-c", WAITS]) as other,
    ):
        born = psutil.Process(left.pid).create_time()
        (tmp_path / "pids").mkdir()
        (tmp_path / "pids" / "worker").write_text(f"{left.pid} {born}")
        # The number of a stranger: it was born at another time.
        (tmp_path / "pids" / "api").write_text(f"{other.pid} {born - 1000}")

        supervise(tmp_path)[0].stop_leftovers()

        assert other.poll() is None
        other.kill()
    assert not psutil.pid_exists(left.pid)


def _pid(data: Path) -> int:
    file = data / "pids" / "worker"
    return int(file.read_text().split()[0]) if file.exists() and file.read_text() else 0


def _wait_for(condition):
    limit = time.monotonic() + 10
    while not (found := condition()):
        assert time.monotonic() < limit
        time.sleep(0.05)
    return found
