"""The worker process: connects, registers what it can do, runs until it is told to stop, and says goodbye properly."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import uvloop
from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from activities.case_watch import CaseAlarmActivities, CaseWatchActivities
from activities.client_notices import ClientNoticeActivities
from activities.client_onboarding import OnboardingActivities
from activities.client_retention import RetentionActivities
from activities.complaints import ComplaintActivities
from activities.compliance import ComplianceActivities
from activities.email_codes import EmailCodeActivities
from activities.inspektor import InspektorActivities
from activities.invoice_answers import InvoiceAnswerActivities
from activities.invoice_notices import InvoiceNoticeActivities
from activities.invoice_voids import InvoiceVoidActivities
from activities.invoices import InvoiceActivities
from activities.notices import NoticeActivities
from activities.operation_reversals import OperationReversalActivities
from activities.operations import OperationActivities
from activities.rate_alerts import RateAlertActivities
from activities.reconciliation import ReconciliationActivities
from activities.screening import ScreeningActivities
from activities.settlement import SettlementActivities
from activities.treasury import TreasuryActivities
from db.session import Sessions, make_engine, make_sessions
from db.settings import DatabaseSettings
from integrations.bcrp import Bcrp
from integrations.files import FileStore
from integrations.inspektor import Inspektor
from integrations.mail import Mailer
from integrations.nubefact import NubeFact
from integrations.push import Pusher
from integrations.sanction_lists.source import ListSource
from integrations.settings import (
    BcrpSettings,
    FilesSettings,
    InspektorSettings,
    ListSettings,
    MailSettings,
    NoticeSettings,
    NubefactSettings,
    PushSettings,
)
from integrations.temporal import TemporalSettings, connect
from worker.schedules import ensure_schedules
from worker.settings import WorkerSettings
from worker.shares import Share
from workflows import names
from workflows.case_watch import CaseWatchWorkflow
from workflows.client_errands import ClientRetentionWorkflow, EmailCodeWorkflow
from workflows.client_notice import ClientNoticeWorkflow
from workflows.client_onboarding import ClientOnboardingWorkflow
from workflows.complaint import ComplaintWorkflow
from workflows.invoice_void import InvoiceVoidWorkflow
from workflows.invoices import (
    InvoiceAccountWorkflow,
    InvoiceAnswersWorkflow,
    InvoiceNoticeWorkflow,
    InvoiceReissueWorkflow,
)
from workflows.notice_again import NoticeAgainWorkflow
from workflows.operation import OperationWorkflow
from workflows.operation_reversal import OperationReversalWorkflow
from workflows.rate_alerts import RateAlertsWorkflow
from workflows.reconciliation import ReconciliationWorkflow
from workflows.sandbox import PROVEN_RUNNER
from workflows.screening import SCREENING_WORKFLOWS
from workflows.treasury import TreasuryRoundWorkflow

logger = logging.getLogger(__name__)

WORKFLOWS: list[type[Any]] = [
    OperationWorkflow,
    ReconciliationWorkflow,
    TreasuryRoundWorkflow,
    ClientNoticeWorkflow,
    ClientOnboardingWorkflow,
    ClientRetentionWorkflow,
    ComplaintWorkflow,
    EmailCodeWorkflow,
    CaseWatchWorkflow,
    InvoiceAccountWorkflow,
    InvoiceAnswersWorkflow,
    InvoiceNoticeWorkflow,
    InvoiceReissueWorkflow,
    InvoiceVoidWorkflow,
    OperationReversalWorkflow,
    NoticeAgainWorkflow,
    RateAlertsWorkflow,
    *SCREENING_WORKFLOWS,
]
RECONNECT_SECONDS = 2


def run(share: Share = Share.ALL) -> None:
    """Work on this share of the queues until SIGTERM or SIGINT."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # httpx tells each address that it calls, and NubeFact's holds the account.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    uvloop.run(work(share))


async def work(share: Share) -> None:
    """Connect, register, wait for the signal, let what is in hand finish."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    client = await _patient_connect(stop)
    if client is None:
        return
    engine = make_engine(DatabaseSettings())
    async with outside() as services, AsyncExitStack() as running:
        for worker in build_workers(client, make_sessions(engine), services, queues=share.queues):
            await running.enter_async_context(worker)
        if names.OPERATIONS_QUEUE in share.queues:
            await ensure_schedules(client)
        logger.info("Trabajando en las colas %s.", ", ".join(share.queues))
        await stop.wait()
        logger.info("Termino lo que tengo en mano y me detengo.")
    await engine.dispose()


# Asked for at once, however quiet it was: in a burst a tenth of the clicks waited until the SDK had asked for more.
READY_FOR_CLICKS = PollerBehaviorAutoscaling(minimum=10, initial=10)
# Pieces of a look at everybody: one compares while the other waits for the database, and people's clicks go between.
LISTS_AT_ONCE = 2
# Of its own accord the SDK hashes the code of every loaded module for it: two seconds of each start.
BUILD = version("qoricash")


@dataclass(frozen=True, kw_only=True)
class Outside:
    """The connections to outside services."""

    nubefact: NubeFact
    mailer: Mailer
    pusher: Pusher
    files: FileStore
    lists: ListSource
    inspektor: Inspektor


@asynccontextmanager
async def outside() -> AsyncIterator[Outside]:
    """Open what the worker needs, closed at the end."""
    async with AsyncExitStack() as opened:
        made = Outside(
            nubefact=NubeFact(NubefactSettings()),
            mailer=Mailer(MailSettings()),
            pusher=Pusher(PushSettings()),
            files=FileStore(FilesSettings()),
            lists=ListSource(ListSettings()),
            inspektor=Inspektor(InspektorSettings()),
        )
        for service in (made.nubefact, made.mailer, made.pusher, made.files, made.lists, made.inspektor):
            opened.push_async_callback(service.aclose)
        yield made


def build_workers(
    client: Client, sessions: Sessions, outside: Outside, *, queues: Collection[str] = Share.ALL.queues
) -> Sequence[Worker]:
    """One worker a queue: effects on slow providers never take the place of a person's click."""
    settings = WorkerSettings()
    issuing = InvoiceActivities(sessions, outside.nubefact, NubefactSettings())
    voids = InvoiceVoidActivities(sessions, outside.nubefact, NubefactSettings(), issuing)
    answers = InvoiceAnswerActivities(sessions, outside.nubefact, outside.files)
    screening = ScreeningActivities(sessions, outside.lists, client, outside=outside.inspektor.enabled)
    work: dict[str, dict[str, Any]] = {
        names.OPERATIONS_QUEUE: {
            "workflows": WORKFLOWS,
            "workflow_runner": PROVEN_RUNNER,
            "workflow_task_poller_behavior": READY_FOR_CLICKS,
            "max_cached_workflows": settings.max_cached_workflows,
            "max_concurrent_local_activities": settings.local_writes_at_once,
            "activities": [
                *_operations(sessions),
                *_oversight(client, sessions, screening),
                *OnboardingActivities(sessions).all(),
                RetentionActivities(sessions, outside.files).anonymise_clients,
                *_complaints(sessions, outside),
                voids.record_void_decision,
            ],
        },
        names.INVOICING_QUEUE: {"activities": _invoicing(issuing, voids, answers)},
        names.NOTICES_QUEUE: {"activities": _notices(sessions, outside)},
        names.LISTS_QUEUE: {
            "activities": [
                *screening.bulk(),
                InspektorActivities(sessions, outside.inspektor, client).consult_inspektor,
            ]
        },
    }
    at_once = {names.OPERATIONS_QUEUE: None, names.LISTS_QUEUE: LISTS_AT_ONCE}
    common: dict[str, Any] = {
        "graceful_shutdown_timeout": settings.graceful_shutdown,
        "activity_task_poller_behavior": PollerBehaviorAutoscaling(),
    }
    return [
        Worker(
            client,
            task_queue=queue,
            max_concurrent_activities=at_once.get(queue, settings.effects_at_once),
            build_id=BUILD,
            **work[queue],
            **common,
        )
        for queue in queues
    ]


def _operations(sessions: Sessions) -> Sequence[Callable[..., Any]]:
    """Every write of an operation's own record, and what it moves inside the house."""
    operations, reversals = OperationActivities(sessions), OperationReversalActivities(sessions)
    return (
        operations.record_creation,
        operations.record_transition,
        operations.record_note,
        operations.record_alert,
        SettlementActivities(sessions).settle,
        reversals.record_reversal_decision,
        reversals.reclaim_invoice,
        reversals.end_reversal,
    )


def _oversight(client: Client, sessions: Sessions, screening: ScreeningActivities) -> Sequence[Callable[..., Any]]:
    """Who looks whether all is well: with clients, operations, cases, our own records and the day's books."""
    return (
        TreasuryActivities(sessions, Bcrp(BcrpSettings())).do_treasury_task,
        ReconciliationActivities(sessions, client).reconcile_operations,
        ComplianceActivities(sessions, screening.freshen).assess_operation,
        CaseWatchActivities(sessions, client).watch_cases,
        screening.screen_client,
    )


def _complaints(sessions: Sessions, outside: Outside) -> Sequence[Callable[..., Any]]:
    """The Libro de Reclamaciones, without its mails."""
    complaints = ComplaintActivities(sessions, outside.mailer, outside.pusher)
    return complaints.find_complaint, complaints.record_answer, complaints.remind_complaint


def _invoicing(
    issuing: InvoiceActivities, voids: InvoiceVoidActivities, answers: InvoiceAnswerActivities
) -> Sequence[Callable[..., Any]]:
    """Everything that asks something of NubeFact."""
    return (
        issuing.issue_invoice,
        issuing.examine_account,
        answers.ask_sunat,
        answers.copy_papers,
        voids.void_invoice,
        voids.credit_invoice,
    )


def _notices(sessions: Sessions, outside: Outside) -> Sequence[Callable[..., Any]]:
    """Everything that leaves by mail or push."""
    settings, mailer, pusher = NoticeSettings(), outside.mailer, outside.pusher
    alerts = RateAlertActivities(sessions, mailer, pusher, settings)
    return (
        NoticeActivities(sessions, mailer, pusher, outside.nubefact, settings).deliver_notice,
        InvoiceNoticeActivities(sessions, mailer, pusher, outside.nubefact, settings).deliver_invoice_notice,
        ClientNoticeActivities(sessions, mailer, pusher, settings).deliver_client_notice,
        ComplaintActivities(sessions, mailer, pusher).deliver_complaint,
        CaseAlarmActivities(sessions, mailer, pusher).deliver_case_alarm,
        EmailCodeActivities(sessions, mailer, pusher, settings).deliver_email_code,
        alerts.find_rate_alerts,
        alerts.deliver_rate_alerts,
    )


async def _patient_connect(stop: asyncio.Event) -> Client | None:
    """Wait for Temporal as long as it takes; None when told to stop meanwhile."""
    while not stop.is_set():
        try:
            return await connect(TemporalSettings())
        except (RPCError, RuntimeError) as error:
            logger.warning(
                "Temporal no responde todavía (%s). Reintento en %s s.", type(error).__name__, RECONNECT_SECONDS
            )
            await asyncio.sleep(RECONNECT_SECONDS)
    return None
