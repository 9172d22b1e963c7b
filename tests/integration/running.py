"""The whole house as `qoricash up` starts it: its process, its addresses, its pieces and what they wrote."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from ports import free_base

UP = [str(Path(sys.executable).with_name("qoricash")), "up"]
SERVICES = ("nubefact", "mail", "files", "push", "lookup")
# Calls of strangers and failed sign-ins are counted by address, and here everybody has the same one.
ENVIRONMENT = {
    "RATE_LIMIT_ANONYMOUS": "",
    "RATE_LIMIT_LOGIN": "",
    "RATE_LIMIT_LOOKUP": "",
    "RATE_LIMIT_PARTNER": "",
    "NUBEFACT_TIMEOUT": "2",
}


def wait_until(condition: Callable[[], object], *, within: float, what: str) -> None:
    """Look again and again; fails with `what` when the time is over."""
    limit = time.monotonic() + within
    while not condition():
        if time.monotonic() > limit:
            raise AssertionError(f"{within:.0f} s later: {what}")
        time.sleep(0.1)


@dataclass
class Stack:
    """One house in one folder; it may be stopped and started again."""

    data: Path
    demo: bool = True
    settings: dict[str, str] = field(default_factory=dict)
    base: int = field(default_factory=free_base)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> Stack:
        """Start it and wait until it says that everything is ready."""
        options = ["--port", str(self.base), "--data", str(self.data), *([] if self.demo else ["--no-demo"])]
        self.data.mkdir(exist_ok=True, parents=True)
        said = self.data / "up.log"
        said.write_text("")
        with said.open("ab") as output:
            self.process = subprocess.Popen(
                [*UP, *options],
                env={**os.environ, **ENVIRONMENT, **self.settings},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        wait_until(lambda: "todo listo" in said.read_text() or self._ended(), within=240, what=said.read_text())
        assert not self._ended(), said.read_text()
        assert "Falló" not in said.read_text(), said.read_text()
        return self

    def _ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def stop(self) -> None:
        """Ask it to stop, as Ctrl-C does, and wait."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == 0

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.base}"

    @property
    def place(self) -> dict[str, str]:
        """What `stack.json` says."""
        return dict(json.loads((self.data / "stack.json").read_text()))

    @property
    def people(self) -> dict[str, Any]:
        """What `demo.json` says."""
        return dict(json.loads((self.data / "demo.json").read_text()))

    def pid(self, piece: str) -> int:
        return int((self.data / "pids" / piece).read_text().split()[0])

    def kill(self, piece: str) -> int:
        """kill -9 of a piece and of whatever it started; answers the pid that is no more."""
        parent = psutil.Process(self.pid(piece))
        for process in [parent, *parent.children(recursive=True)]:
            process.kill()
        return parent.pid

    def crash(self) -> None:
        """kill -9 of everything at once, as a power cut."""
        assert self.process is not None
        pieces = [file.name for file in (self.data / "pids").iterdir() if file.name not in SERVICES]
        self.process.kill()
        self.process.wait(10)
        for piece in pieces:
            with contextlib.suppress(psutil.NoSuchProcess):
                self.kill(piece)

    def ready(self) -> bool:
        """The house says that database, Temporal and worker are there."""
        try:
            return httpx.get(f"{self.api}/readyz", trust_env=False, timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def logs(self) -> dict[str, str]:
        """Everything that every process wrote."""
        return {file.name: file.read_text(errors="replace") for file in (self.data / "logs").iterdir()}

    # --- the outside services, as their stand-ins know them -------------------------------------------------------

    def received(self, service: str, about: str = "") -> list[dict[str, Any]]:
        """What reached a service and mentions `about`."""
        with self._http() as http:
            everything = http.get(f"{self.place[service]}/received").json()
        return [one for one in everything if about in json.dumps(one)]

    def mails(self, code: str, *words: str) -> list[dict[str, Any]]:
        """The mails about an operation whose subject has all of `words`."""
        found = self.received("mail")
        return [mail for mail in found if code in mail["subject"] and all(word in mail["subject"] for word in words)]

    def documents(self, codes: list[str] | None = None) -> list[dict[str, Any]]:
        """The comprobantes that NubeFact has, oldest first; only those of `codes` when given."""
        everything = self.received("nubefact")
        return [d for d in everything if codes is None or d["request"]["codigo_unico"] in codes]

    def gaps(self) -> list[list[int]]:
        """The numbers that a series of NubeFact skipped."""
        with self._http() as http:
            series = http.get(f"{self.place['nubefact']}/admin/gaps").json()
        return [hole for line in series for hole in line["huecos"]]

    def inject(self, service: str, failure: str, **details: Any) -> None:
        with self._http() as http:
            http.post(f"{self.place[service]}/admin/inject", json={"failure": failure, **details}).raise_for_status()

    def sunat(self, outcome: str, **about: Any) -> None:
        """SUNAT answers now what is pending and `about` names."""
        with self._http() as http:
            answer = http.post(f"{self.place['nubefact']}/admin/sunat", json={"outcome": outcome, **about})
            assert answer.raise_for_status().json()["answered"]

    def heal(self) -> None:
        """Every service works again."""
        with self._http() as http:
            for service in SERVICES:
                http.delete(f"{self.place[service]}/admin/inject").raise_for_status()

    def _http(self) -> httpx.Client:
        return httpx.Client(trust_env=False, timeout=20)
