"""A stand-in as it really runs: a program on a free port, with a folder that outlives it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx

from tests.free_ports import free_port

# One client for all: a TLS context of its own would cost each call 30 ms. Nothing is kept open between calls.
HTTP = httpx.Client(limits=httpx.Limits(max_keepalive_connections=0), timeout=10)
PROGRAMS = Path(__file__).parents[2] / "temporal-dev"


@dataclass
class StandIn:
    """One running program; `flags` are what it was started with beyond its port and folder."""

    name: str
    data: Path
    flags: list[str]
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, PROGRAMS / f"{self.name}.py", "--port", str(self.port), "--data", self.data]
        self.process = subprocess.Popen([*command, *self.flags])
        limit = time.monotonic() + 30
        while time.monotonic() < limit and self.process.poll() is None:
            try:
                if HTTP.get(f"{self.url}/healthz").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError(f"{self.name} did not answer")

    def stop(self, number: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=10)

    def received(self) -> list[dict[str, Any]]:
        return list(HTTP.get(f"{self.url}/received").json())

    def inject(self, failure: str, **details: Any) -> None:
        HTTP.post(f"{self.url}/admin/inject", json={"failure": failure, **details}).raise_for_status()

    def sunat(self, outcome: str, **about: Any) -> list[str]:
        """NubeFact's only: SUNAT answers now what is pending and `about` names; the documents' names."""
        answer = HTTP.post(f"{self.url}/admin/sunat", json={"outcome": outcome, **about})
        named: list[str] = answer.raise_for_status().json()["answered"]
        return named

    def empty(self) -> StandIn:
        """As if just started, so that a test may have it without waiting for a start."""
        HTTP.delete(f"{self.url}/received").raise_for_status()
        self.forget_failures()
        return self

    def forget_failures(self) -> None:
        HTTP.delete(f"{self.url}/admin/inject").raise_for_status()


class Starter(Protocol):
    def __call__(self, name: str, *flags: str) -> StandIn: ...
