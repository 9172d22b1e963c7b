"""`qoricash up` as a newcomer meets it: clear refusals, and a stop that leaves nothing behind."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from ports import HOST, free_base

UP = Path(__file__).resolve().parents[2] / "temporal-dev" / "up.py"


def command(base: int, data: Path) -> list[str]:
    return [sys.executable, str(UP), "--port", str(base), "--data", str(data), "--no-demo"]


def refusal(base: int, data: Path) -> str:
    done = subprocess.run(command(base, data), capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert not list((data / "pids").glob("*"))
    return done.stderr


def test_a_taken_port_is_named_with_the_flag_that_moves_it(tmp_path):
    base = free_base()
    with socket.socket() as taken:
        # As servers bind: connections that a past server of this port has just closed are not in the way.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((HOST, base + 3))
        taken.listen()
        said = refusal(base, tmp_path)
    assert f"el puerto {base + 3} (PostgreSQL) está ocupado" in said
    assert "--postgres-port" in said
    assert "(Temporal)" not in said


def test_a_database_of_another_version_is_refused_untouched(tmp_path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("12\n")
    said = refusal(free_base(), tmp_path)
    assert "es de PostgreSQL 12" in said
    assert "--data" in said
    assert [file.name for file in (tmp_path / "postgres").iterdir()] == ["PG_VERSION"]


def test_workflows_of_another_version_are_refused(tmp_path):
    (tmp_path / "temporal").mkdir()
    (tmp_path / "temporal" / "VERSION").write_text("0.9.0")
    assert "es de Temporal 0.9.0" in refusal(free_base(), tmp_path)


def test_a_folder_in_use_by_another_up_is_refused(tmp_path):
    with (tmp_path / "lock").open("w") as lock:
        lock.write("proceso 4321, puerto 8000")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = refusal(free_base(), tmp_path)
    assert "ya está en uso por otro `qoricash up` (proceso 4321, puerto 8000)" in said


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "data").write_text("a file, not a folder")
    said = refusal(free_base(), tmp_path / "data")
    assert "No se puede escribir" in said


@pytest.mark.stack
def test_a_stop_asked_twice_of_the_whole_group_ends_cleanly_and_leaves_nothing(tmp_path):
    base = free_base()
    with (tmp_path / "said").open("w+") as said:
        up = subprocess.Popen(command(base, tmp_path / "var"), stdout=said, stderr=said, start_new_session=True)
        _wait_ready(base, up)
        places = json.loads((tmp_path / "var" / "stack.json").read_text())
        os.killpg(up.pid, signal.SIGTERM)
        time.sleep(0.2)
        os.killpg(up.pid, signal.SIGTERM)
        assert up.wait(40) == 0
        said.seek(0)
        assert "Todo detenido" in said.read()
    assert places["api"] == f"http://{HOST}:{base}"
    assert _alive(tmp_path) == []
    assert oct((tmp_path / "var" / "secrets.json").stat().st_mode & 0o777) == "0o600"


def _wait_ready(base: int, up: subprocess.Popen[bytes]) -> None:
    limit = time.monotonic() + 90
    while time.monotonic() < limit:
        assert up.poll() is None
        try:
            with urllib.request.urlopen(f"http://{HOST}:{base}/readyz", timeout=2) as answer:
                assert answer.status == 200
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail("the stack did not become ready")


def _alive(data: Path) -> list[list[str]]:
    lines = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    return [line for line in lines if any(str(data) in word for word in line)]
