"""A changed order of workflow commands breaks what is running; this test makes such a change a decision.

The fingerprint of a workflow file is the list of its calls that Temporal records, in the order of the source.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "tests" / "histories" / "fingerprints.json"
FILES = (
    "operation.py",
    "operation_commands.py",
    "effects.py",
    "reconciliation.py",
    "client_notice.py",
    "client_onboarding.py",
    "complaint.py",
    "saved_rows.py",
    "invoices.py",
    "invoice_void.py",
    "operation_reversal.py",
    "rate_alerts.py",
    "screening.py",
    "case_watch.py",
)
RECORDED = {
    "execute_activity",
    "execute_local_activity",
    "start_activity",
    "execute_child_workflow",
    "start_child_workflow",
    "sleep",
    "wait_condition",
    "upsert_search_attributes",
    "patched",
    "carry_out",
    "saved_row",
    "write",
}
ADVICE = (
    "The order of recorded commands changed. If running workflows could meet the change, guard it with "
    "workflow.patched() and record the histories again (python -m tests.histories.record); then regenerate with "
    "python -m tests.workflows.test_fingerprints"
)


def fingerprint(source: str) -> list[str]:
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    named = [(call.lineno, call.col_offset, getattr(call.func, "attr", getattr(call.func, "id", ""))) for call in calls]
    return [name for _, _, name in sorted(named) if name in RECORDED]


def fingerprints() -> dict[str, list[str]]:
    return {name: fingerprint((ROOT / "workflows" / name).read_text()) for name in FILES}


def test_no_workflow_changes_its_order_of_commands_unnoticed() -> None:
    assert fingerprints() == json.loads(KEPT.read_text()), ADVICE


if __name__ == "__main__":
    KEPT.write_text(json.dumps(fingerprints(), indent=2) + "\n")
    sys.exit(0)
