"""One operation over HTTP, as its client and its operator live it."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from temporalio.client import Client

from cli.benches.people import People, Person
from cli.benches.stack import BenchError
from domain.operations import State
from workflows.messages import OperationOutcome

Json = dict[str, Any]
# A constancia is a screenshot of a phone. Each one differs, so that the content-addressed store keeps every one.
PNG_START = bytes.fromhex("89504e470d0a1a0a0000000d49484452")
PICTURE_BYTES = 50_000
STILL_ASSESSING, AGAIN_SECONDS = "ASSESSMENT_PENDING", 0.5
DOWN_PATIENCE = 90  # seconds that a person insists while the house answers 503
CENTS = 100


class GaveUp(BenchError):
    """Somebody insisted for DOWN_PATIENCE and left, or met a fault of the house."""


@dataclass
class Timings:
    """What the people waited for each answer, in milliseconds, by step.

    `busy` counts the times that the house asked somebody to come back, `given_up` the operations of who did not.
    """

    steps: dict[str, list[float]] = field(default_factory=dict)
    busy: int = 0
    given_up: int = 0

    def add(self, step: str, milliseconds: float) -> None:
        """One answer."""
        self.steps.setdefault(step, []).append(milliseconds)


@dataclass(frozen=True, kw_only=True)
class Journey:
    """The way through the API. `http` keeps its connections alive, as browsers and phones do."""

    http: httpx.AsyncClient
    temporal: Client
    people: People
    timings: Timings = field(default_factory=Timings)

    async def complete(self, client: Person, *, kind: str) -> str:
        """Create, prove, pay and complete one operation; answers its code once its workflow owes nothing."""
        made = await self.create(client, kind=kind)
        code = str(made["codigo_operacion"])
        form = {"operation_id": str(made["id"]), "voucher_code": secrets.token_hex(4)}
        await self._send("submit_proof", "/api/web/submit-proof", client, data=form, files=_picture("files"))
        path, operator = f"/api/staff/operations/{code}", self.people.operator
        await self._send("attach_proof", f"{path}/attach-proof", operator, files=_picture("file"))
        await self._send("complete", f"{path}/complete", operator, json={})
        await self.nothing_owed(code)
        return code

    async def create(self, client: Person, *, kind: str) -> Json:
        """Ask for an operation from the web; answers it."""
        # The accounts are in dollars and in soles, in this order; the client names the one that receives.
        destination = 1 if kind == "compra" else 0
        dollars = (10_000 + secrets.randbelow(90_000)) / CENTS
        body = {"dni": client.document, "tipo": kind, "monto_dolares": dollars, "banco_cuenta_id": destination}
        answer = await self._send("create", "/api/web/create-operation", client, json=body)
        made: Json = answer["data"]["operation"]
        return made

    async def nothing_owed(self, code: str) -> None:
        """Wait until the operation's every effect is done."""
        handle = self.temporal.get_workflow_handle(code, result_type=OperationOutcome)
        outcome = await handle.result()
        if outcome.outcome != State.COMPLETADA:
            raise BenchError(f"{code} terminó {outcome.outcome}.")

    async def _send(self, step: str, path: str, who: Person, **body: Any) -> Json:
        """The API's answer, and how long the person waited for it.

        Told that the house is busy or down, it sends the same again when the house asked it to, and goes on waiting.
        Told that compliance is still looking, it presses again and waits anew. Raises GaveUp when it has insisted
        enough or the house failed, and BenchError for a refusal.
        """
        headers = {"Authorization": f"Bearer {who.token}", "Idempotency-Key": secrets.token_hex(16)}
        began, patience = time.perf_counter(), time.monotonic() + DOWN_PATIENCE
        while time.monotonic() < patience:
            try:
                answer = await self.http.post(path, headers=headers, **body)
            except httpx.TransportError:
                self.timings.busy += 1
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            if answer.is_success:
                self.timings.add(step, (time.perf_counter() - began) * 1000)
                said: Json = answer.json()
                return said
            if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                self.timings.busy += 1
                await asyncio.sleep(float(answer.headers.get("Retry-After", AGAIN_SECONDS)))
            elif answer.is_server_error:
                raise GaveUp(f"{path}: {answer.status_code} {answer.text[:300]}")
            elif STILL_ASSESSING in answer.text:
                await asyncio.sleep(AGAIN_SECONDS)
                began = time.perf_counter()
            else:
                raise BenchError(f"{path}: {answer.status_code} {answer.text[:300]}")
        raise GaveUp(f"{path}: la casa no atiende desde hace {DOWN_PATIENCE} segundos.")


def kinds() -> Callable[[], str]:
    """Compra and Venta by turns."""
    turn = 0

    def following() -> str:
        nonlocal turn
        turn += 1
        return "compra" if turn % 2 else "venta"

    return following


@contextlib.asynccontextmanager
async def browser(address: str) -> AsyncIterator[httpx.AsyncClient]:
    """Kept-alive connections to the API, as many as there are people waiting."""
    # The server hangs up after 5 idle seconds: a request sent at that very moment would be lost.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=3)
    async with httpx.AsyncClient(base_url=address, timeout=60, limits=limits, trust_env=False) as http:
        yield http


def _picture(name: str) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [(name, ("constancia.png", PNG_START + secrets.token_bytes(PICTURE_BYTES), "image/png"))]
