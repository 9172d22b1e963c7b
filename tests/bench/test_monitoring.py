"""The bench of monitoring on a small house: what it seeds can be tried and assessed. Its figures are not judged."""

from __future__ import annotations

from rich.console import Console
from rich.progress import Progress

from cli.benches.monitoring import MEANINGS, Plan, measured
from db.session import Sessions


async def test_every_rule_that_ships_is_tried_on_what_is_seeded(sessions: Sessions) -> None:
    progress = Progress(console=Console(quiet=True))
    figures = await measured(Plan(operations=400, clients=60, assessments=15), progress, sessions)
    assert set(figures) == set(MEANINGS)
    assert figures["rules"] == 19
    assert figures["alerts"] > 0
    assert figures["assess_p95_ms"] > 0
