"""How many commands may wait for the engine at once: past that a person hears "try again" at once, not in ten seconds.

Each waiting command adds to the wait of those behind it. Past what the engine answers within its time limit, taking
one more only makes it, too, time out, after having cost as much as one that succeeds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from domain.errors import Unavailable

# Measured on two cores: the engine answers ten to twenty commands a second, and each may wait ten seconds.
AT_ONCE = 64


class Crowd:
    """The commands under way in this process."""

    def __init__(self, limit: int = AT_ONCE) -> None:
        """Nobody waits yet."""
        self._limit = limit
        self._inside = 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place while the block runs. Raises Unavailable when there is none: nothing was done, nothing is kept."""
        if self._inside >= self._limit:
            raise Unavailable("TOO_BUSY", "Hay muchas operaciones a la vez. Intenta de nuevo en unos segundos.")
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
