"""The worker process: connects, registers what it can do, runs until it is told to stop, and says goodbye properly."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from temporalio.client import Client
from temporalio.worker import PollerBehaviorAutoscaling, Worker

from activities.client_notices import ClientNoticeActivities
from activities.compliance import ComplianceActivities
from activities.invoices import InvoiceActivities
from activities.notices import NoticeActivities
from activities.operations import OperationActivities
from activities.reconciliation import ReconciliationActivities
from activities.settlement import SettlementActivities
from db.session import Sessions, make_engine, make_sessions
from db.settings import DatabaseSettings
from integrations.files import FileStore
from integrations.mail import Mailer
from integrations.nubefact import NubeFact
from integrations.push import Pusher
from integrations.settings import IntegrationSettings
from integrations.temporal import TemporalSettings, connect
from worker.schedules import ensure_schedules
from worker.settings import WorkerSettings
from workflows import names
from workflows.client_notice import ClientNoticeWorkflow
from workflows.operation import OperationWorkflow
from workflows.reconciliation import ReconciliationWorkflow

logger = logging.getLogger(__name__)

WORKFLOWS: list[type[Any]] = [OperationWorkflow, ReconciliationWorkflow, ClientNoticeWorkflow]
Activities = list[Callable[..., Any]]
