"""The Temporal server of a test process, in which each test has a namespace of its own.

A server for each took a third of a second of processor time a test, besides its own start.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from temporalio.client import Client
from temporalio.testing import TimeSkipper, TimeSkippingConfig

import temporal
from integrations.temporal import PLAIN_CONVERTER
from tests.free_ports import free_port

NAMESPACES = 100


class TemporalServer:
    """Namespaces that nobody has used yet; another server is started when they are over."""

    def __init__(self, running: contextlib.ExitStack) -> None:
        self._running = running
        self._free: list[tuple[str, str]] = []

    async def env(self, *, skipping: bool = False) -> TimeSkipper:
        """A client of a new namespace. Its time passes as a test says, or `skipping` whatever is only waited for."""
        address, namespace = self._namespace()
        client = await Client.connect(address, namespace=namespace, data_converter=PLAIN_CONVERTER)
        return TimeSkipper(client, config=TimeSkippingConfig(enabled=skipping))

    def _namespace(self) -> tuple[str, str]:
        if not self._free:
            wanted = [f"prueba-{number}" for number in range(NAMESPACES)]
            options = [word for name in wanted for word in ("--namespace", name)]
            address = self._running.enter_context(
                temporal.running(free_port(), options=[*temporal.TIME_SKIPPING, *options])
            )
            self._free = [(address, name) for name in wanted]
        return self._free.pop()


@contextlib.contextmanager
def temporal_server() -> Iterator[TemporalServer]:
    """Servers while the block runs."""
    with contextlib.ExitStack() as running:
        yield TemporalServer(running)
