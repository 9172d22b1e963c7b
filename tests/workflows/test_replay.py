"""What already runs goes on running: every recorded history replays on the present code, within its budget."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from cli.temporal_actions import bill
from integrations.temporal import PLAIN_CONVERTER
from workflows.client_onboarding import ClientOnboardingWorkflow
from workflows.invoice_void import InvoiceVoidWorkflow
from workflows.operation import OperationWorkflow
from workflows.operation_reversal import OperationReversalWorkflow
from workflows.rate_alerts import RateAlertsWorkflow
from workflows.sandbox import RUNNER

KEPT = Path(__file__).parents[1] / "histories"
HISTORIES = sorted((KEPT / "Operation").glob("*.json"))
ONBOARDINGS = sorted((KEPT / "ClientOnboarding").glob("*.json"))
ANNULMENTS = sorted((KEPT / "InvoiceVoid").glob("*.json"))
REVERSALS = sorted((KEPT / "OperationReversal").glob("*.json"))
ROUNDS = sorted((KEPT / "RateAlerts").glob("*.json"))
MOST_EVENTS, MOST_ACTIONS = 85, 22


def history(file: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(file.stem, file.read_text())


def test_every_path_of_an_operation_is_recorded() -> None:
    assert len(HISTORIES) == 14


def test_every_path_of_an_onboarding_is_recorded() -> None:
    assert len(ONBOARDINGS) == 6


def test_every_path_of_an_annulment_is_recorded() -> None:
    assert len(ANNULMENTS) == 3


def test_every_path_of_a_reversal_is_recorded() -> None:
    assert len(REVERSALS) == 2


def test_every_round_of_rate_alerts_is_recorded() -> None:
    assert len(ROUNDS) == 4


@pytest.mark.parametrize(
    "file", [*HISTORIES, *ONBOARDINGS, *ANNULMENTS, *REVERSALS, *ROUNDS], ids=lambda file: file.stem
)
async def test_a_recorded_history_replays_on_the_present_code(file: Path) -> None:
    replayer = Replayer(
        workflows=[
            *(OperationWorkflow, ClientOnboardingWorkflow, InvoiceVoidWorkflow),
            *(OperationReversalWorkflow, RateAlertsWorkflow),
        ],
        data_converter=PLAIN_CONVERTER,
        workflow_runner=RUNNER,
    )
    result = await replayer.replay_workflow(history(file), raise_on_replay_failure=False)
    assert result.replay_failure is None


def test_a_completed_web_operation_stays_within_its_budget() -> None:
    """design, section 4: at most 22 Temporal Actions and 85 events."""
    costs = bill(history(next(file for file in HISTORIES if file.stem == "completed_web")))
    assert sum(costs.events.values()) <= MOST_EVENTS
    assert sum(costs.actions.values()) <= MOST_ACTIONS
