"""The writes of a client's onboarding: load, decide by the domain's rules under the row's lock, record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.refusals import refusals
from db import onboarding, parameters, risk
from db.onboarding import ClientFile
from db.session import Sessions
from domain.calendar import business_day
from domain.risk import ListStatus
from workflows import client_messages as c
from workflows import messages as m
from workflows import names


class OnboardingActivities:
    """One short transaction each."""

    def __init__(self, sessions: Sessions) -> None:
        """Use the worker's pool."""
        self._sessions = sessions

    def all(self) -> Sequence[Callable[..., Any]]:
        """Every activity of this file, for the worker's list."""
        return (
            self.open_onboarding,
            self.read_onboarding,
            self.record_papers,
            self.record_review,
            self.record_approval,
            self.record_rejection,
            self.record_reopening,
            self.activate_client,
            self.assess_risk,
        )

    @activity.defn(name=names.OPEN_ONBOARDING)
    async def open_onboarding(self, order: m.ClientOrder) -> c.OnboardingOpened | None:
        """The file and the terms in force; None while the registration has not committed."""
        async with self._sessions() as session:
            file = await onboarding.read(session, order.client_id)
            if file is None:
                return None
            day = business_day(datetime.now(UTC))
            terms = c.OnboardingTerms(
                automatic=bool(await parameters.value(session, "auto_activation", day)),
                remind_after=timedelta(days=int(await parameters.value(session, "documents_reminder_days", day))),
                reminders=int(await parameters.value(session, "documents_reminders", day)),
            )
        return c.OnboardingOpened(state=_state(order.client_id, file), terms=terms)

    @activity.defn(name=names.READ_ONBOARDING)
    async def read_onboarding(self, order: m.ClientOrder) -> c.OnboardingState:
        """The file as it is now."""
        async with self._sessions() as session:
            file = await onboarding.read(session, order.client_id)
        if file is None:
            raise ApplicationError("El cliente no existe.", type="NotYet")
        return _state(order.client_id, file)

    @activity.defn(name=names.RECORD_PAPERS)
    async def record_papers(self, order: c.RecordPapers) -> c.OnboardingState:
        """Keep the documents."""
        papers = [(paper.kind, paper.file) for paper in order.command.papers]
        with refusals():
            async with self._sessions.begin() as session:
                file = await onboarding.add_papers(session, order.client_id, papers, actor=order.command.actor)
        return _state(order.client_id, file)

    @activity.defn(name=names.RECORD_REVIEW)
    async def record_review(self, order: c.RecordReview) -> c.OnboardingState:
        """Accept a document or ask for it again."""
        command = order.command
        with refusals():
            async with self._sessions.begin() as session:
                file = await onboarding.review_paper(
                    session,
                    order.client_id,
                    command.paper_id,
                    actor=command.actor,
                    accepted=command.accepted,
                    reason=command.reason,
                    at=order.at,
                )
        return _state(order.client_id, file)

    @activity.defn(name=names.RECORD_APPROVAL)
    async def record_approval(self, order: c.RecordDecision) -> c.OnboardingState:
        """Approve."""
        with refusals():
            async with self._sessions.begin() as session:
                file = await onboarding.approve(
                    session,
                    order.client_id,
                    actor=order.command.actor,
                    notes=order.command.words,
                    key=order.key,
                    at=order.at,
                )
        return _state(order.client_id, file)

    @activity.defn(name=names.RECORD_REJECTION)
    async def record_rejection(self, order: c.RecordDecision) -> c.OnboardingState:
        """Reject."""
        with refusals():
            async with self._sessions.begin() as session:
                file = await onboarding.reject(
                    session, order.client_id, actor=order.command.actor, reason=order.command.words, key=order.key
                )
        return _state(order.client_id, file)

    @activity.defn(name=names.RECORD_REOPENING)
    async def record_reopening(self, order: c.RecordDecision) -> c.OnboardingState:
        """Reopen."""
        with refusals():
            async with self._sessions.begin() as session:
                file = await onboarding.reopen(
                    session, order.client_id, actor=order.command.actor, reason=order.command.words, key=order.key
                )
        return _state(order.client_id, file)

    @activity.defn(name=names.ACTIVATE_CLIENT)
    async def activate_client(self, order: c.ActivateClient) -> c.OnboardingState:
        """Activate who is of low risk; changes nothing for anybody else."""
        with refusals():
            async with self._sessions.begin() as session:
                file = await onboarding.activate(session, order.client_id, key=order.key)
        return _state(order.client_id, file)

    @activity.defn(name=names.ASSESS_RISK)
    async def assess_risk(self, order: c.AssessRisk) -> None:
        """Score the client, with what a screening has just said."""
        lists = None
        if order.open_hits is not None:
            lists = ListStatus.COINCIDENCIA if order.open_hits else ListStatus.LIMPIO
        async with self._sessions.begin() as session:
            await risk.recompute(session, order.client_id, occasion=order.occasion, at=order.at, lists=lists)


def _state(client_id: int, file: ClientFile) -> c.OnboardingState:
    return c.OnboardingState(
        client_id=client_id,
        status=file.status,
        kyc=file.kyc,
        complete=file.complete,
        closed=file.closed,
        missing=file.papers.missing,
        to_review=file.papers.to_review,
    )
