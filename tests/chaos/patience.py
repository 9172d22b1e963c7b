"""Clients who insist: the same request with the same key, until somebody gives a definite answer."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx

from tests.integration.people import PNG, Customer, Desk, new_key

PAUSE, LONGEST = 0.25, 180.0
# The house asks to be called again; everything else is an answer.
COME_BACK = frozenset({429, 502, 503, 504})
# After a kill the review that runs beside the operation is taken up again in seconds; until then nobody completes it.
NOT_YET = "ASSESSMENT_PENDING"


@dataclass
class Crowd:
    """How far everybody has come, and what it took."""

    steps: int = 0
    _awaited: tuple[int, asyncio.Event] = field(default_factory=lambda: (0, asyncio.Event()))
    answers: Counter[str] = field(default_factory=Counter)

    async def insist(self, call: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        """A definite answer; it must be a success, since nobody asks for what may not be."""
        limit = asyncio.get_running_loop().time() + LONGEST
        while asyncio.get_running_loop().time() < limit:
            try:
                answer = await call()
            except httpx.TransportError as error:
                self.answers[type(error).__name__] += 1
            else:
                not_yet = NOT_YET in answer.text
                self.answers[NOT_YET if not_yet else str(answer.status_code)] += 1
                if not not_yet and answer.status_code not in COME_BACK:
                    assert answer.is_success, answer.text
                    self._step()
                    return answer
            await asyncio.sleep(PAUSE)
        raise AssertionError(f"no answer in {LONGEST} s: {self.answers}")

    async def live(self, customer: Customer, boss: Desk, kind: str) -> str:
        """An operation of this customer, from its wish to Completada; answers its code."""
        keys = [new_key() for _ in range(4)]
        wish = customer.wish(kind, 100)
        made = await self.insist(lambda: customer.post("/api/web/create-operation", key=keys[0], json=wish))
        operation = made.json()["data"]["operation"]
        code = str(operation["codigo_operacion"])
        proof = {"operation_id": str(operation["id"]), "voucher_code": "00123456"}
        mine = [("files", ("c.png", PNG, "image/png"))]
        await self.insist(lambda: customer.post("/api/web/submit-proof", key=keys[1], data=proof, files=mine))
        path, paid = f"/api/staff/operations/{code}", [("file", ("p.png", PNG, "image/png"))]
        await self.insist(lambda: boss.post(f"{path}/attach-proof", key=keys[2], files=paid))
        await self.insist(lambda: boss.post(f"{path}/complete", key=keys[3], json={}))
        return code

    def reached(self, steps: int) -> asyncio.Event:
        """Set as soon as so many steps have been made in all."""
        self._awaited = (steps, asyncio.Event())
        return self._awaited[1]

    def _step(self) -> None:
        self.steps += 1
        wanted, event = self._awaited
        if self.steps >= wanted:
            event.set()
