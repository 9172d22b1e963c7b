"""A service that answers what its manual does not say: real HTTP, and a different odd answer each time."""

from __future__ import annotations

import copy
import json
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 10**40, 1e308, "", "x", "-1", "NaN", "9" * 40, "31.Feb.26", "\U0001f4b8", "a" * 5000),
    *([], [[]], [None], ["x"], {}, {"x": []}, {"": None}),
)
BODIES = (b"", b"null", b"[]", b"{}", b'"x"', b"{", b"[1]", b"<html></html>", b"\xff\xfe", b"%PDF-1.4 cut", b"NaN")
STATUSES = (200, 200, 200, 200, 200, 201, 204, 400, 401, 404, 429, 500, 503)


class OddService:
    """`answers` is what it would say if it were well; `url` is where it listens."""

    def __init__(self, answers: list[Any], url: str) -> None:
        self.url = url
        self._answers, self._dice = answers, random.Random(7)

    def next(self) -> tuple[int, bytes]:
        """A whole answer with one odd piece, mostly; else no JSON of its own at all."""
        status = self._dice.choice(STATUSES)
        if self._dice.random() < 0.2:
            return status, self._dice.choice(BODIES)
        said = copy.deepcopy(self._dice.choice(self._answers))
        return status, json.dumps(self._spoilt(said) if self._dice.random() < 0.9 else said).encode()

    def _spoilt(self, said: Any) -> Any:
        places = list(said) if isinstance(said, dict) else list(range(len(said))) if isinstance(said, list) else []
        if not places or self._dice.random() < 0.1:
            return self._dice.choice(ODD)
        place = self._dice.choice(places)
        said[place] = self._spoilt(said[place])
        return said

    @classmethod
    @contextmanager
    def running(cls, *answers: Any) -> Iterator[Self]:
        """Serve on a free port while the block runs."""

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, body = service.next()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = handle_any  # noqa: N815 - the library's names

            def log_message(self, *_told: object) -> None:
                """Nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            service = cls(list(answers), f"http://127.0.0.1:{server.server_port}")
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
            try:
                yield service
            finally:
                server.shutdown()
