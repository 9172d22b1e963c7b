"""Ports for the servers of tests."""

from __future__ import annotations

import random
import socket

# Below what the kernel gives to clients (from 32768), and below the blocks of whole houses (from 20000).
FIRST, LAST = 10_000, 19_999
_GIVEN: set[int] = set()


def free_port() -> int:
    """A port of the loopback that nobody listens on, and that this process was not given before.

    The kernel's own choice may be the same twice in a row: a program then got one port for two of its listeners.
    """
    while True:
        port = random.randint(FIRST, LAST)
        if port not in _GIVEN and _is_free(port):
            _GIVEN.add(port)
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As a server would: a port where an earlier one just left is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
