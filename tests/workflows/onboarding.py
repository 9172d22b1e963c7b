"""A client's onboarding in the tests' house: registered as the API does, then commanded by its updates."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from temporalio.client import WithStartWorkflowOperation, WorkflowHandle, WorkflowUpdateFailedError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from db import clients
from db.clients import NewClient
from db.tables import Client, ClientDocument
from domain.clients import DocumentKind, DocumentType
from domain.operations import Actor, ActorKind, StoredFile
from integrations.temporal import update_with_start
from tests.workflows.house import House, _said, eventually
from workflows import client_messages as c
from workflows import names

SIDES = (DocumentKind.DNI_FRONT, DocumentKind.DNI_BACK)


@dataclass
class Newcomer:
    """A client whose onboarding runs."""

    house: House
    id: int

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        return self.house.client.get_workflow_handle(names.onboarding_id(self.id))

    async def command(self, update: str, command: Any, *, key: str = "") -> c.OnboardingState:
        """By update-with-start, as the API. Raises Said."""
        opening = WithStartWorkflowOperation(
            names.CLIENT_ONBOARDING,
            c.OnboardingStart(client_id=self.id),
            id=names.onboarding_id(self.id),
            task_queue=names.OPERATIONS_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        )
        try:
            state: c.OnboardingState = await update_with_start(
                self.house.client,
                update,
                command,
                opening=opening,
                id=key or uuid.uuid4().hex,
                result_type=c.OnboardingState,
            )
        except WorkflowUpdateFailedError as error:
            raise _said(error) from error
        return state

    async def sends(self, *kinds: DocumentKind, content: str = "a") -> c.OnboardingState:
        papers = tuple(
            c.SentPaper(kind=kind, file=StoredFile(key=f"dni/{kind}-{content}", content_type="image/png", size=9))
            for kind in kinds
        )
        own = Actor(kind=ActorKind.CLIENT, id=self.id)
        return await self.command(names.SEND_PAPERS, c.SendPapers(actor=own, papers=papers))

    async def papers(self) -> Sequence[ClientDocument]:
        async with self.house.sessions() as session:
            wanted = select(ClientDocument).where(ClientDocument.client_id == self.id).order_by(ClientDocument.id)
            return (await session.scalars(wanted)).all()

    async def reviewed(self, officer: Actor, *, accepted: bool = True, reason: str = "") -> c.OnboardingState:
        """Every paper, the same way."""
        state = None
        for paper in await self.papers():
            review = c.ReviewPaper(actor=officer, paper_id=paper.id, accepted=accepted, reason=reason)
            state = await self.command(names.REVIEW_PAPER, review)
        assert state is not None
        return state

    async def decide(self, update: str, actor: Actor, words: str = "", *, key: str = "") -> c.OnboardingState:
        return await self.command(update, c.Decision(actor=actor, words=words), key=key)

    async def row(self) -> Client:
        async with self.house.sessions() as session:
            return await session.get_one(Client, self.id)

    async def told(self, notice: str) -> None:
        """Wait until this notice has left."""

        async def left() -> bool:
            return any(order.notice == notice for order in self.house.outside.told)

        await eventually(left)

    async def screened(self) -> None:
        async def done() -> bool:
            return self.house.outside.done[names.SCREEN_CLIENT] > 0

        await eventually(done)


async def register(house: House, document: str = "40000088", *, registered_by: int | None = None) -> Newcomer:
    """As the API: the start comes before the commit."""
    new = NewClient(
        document_type=DocumentType.DNI,
        document_number=document,
        email=f"n{document}@example.test",
        given_names="PERSONA",
        paternal_surname="NUEVA",
        registered_by=registered_by,
    )
    async with house.sessions.begin() as session:
        client = await clients.register(session, new, password_hash="!", now=datetime.now(UTC))
        await house.client.start_workflow(
            names.CLIENT_ONBOARDING,
            c.OnboardingStart(client_id=client.id, welcome=True),
            id=names.onboarding_id(client.id),
            task_queue=names.OPERATIONS_QUEUE,
            start_delay=timedelta(milliseconds=200),
            static_summary=f"Cliente {client.id}: alta y revisión",
        )
    return Newcomer(house, client.id)
