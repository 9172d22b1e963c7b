"""The benches of treasury on a small house. Their figures are not judged, but for what is matched wrongly."""

from __future__ import annotations

from rich.console import Console
from rich.progress import Progress

from cli.benches import reconciliation, treasury
from cli.benches.people import move_in
from db.session import Sessions


async def test_what_is_seeded_ties_and_every_screen_is_read(sessions: Sessions) -> None:
    await move_in(sessions, 1)
    plan = treasury.Plan(operations=300)
    figures = await treasury.measured(plan, Progress(console=Console(quiet=True)), sessions)
    assert set(figures) == set(treasury.MEANINGS)
    assert (figures["serious"], figures["ledger_lines"]) == (0, 1800)


def test_nothing_of_two_statements_is_matched_wrongly() -> None:
    plan = reconciliation.Plan(lines=600, seed=3)
    figures = reconciliation.run(plan, Progress(console=Console(quiet=True)))
    assert set(figures) == set(reconciliation.MEANINGS)
    assert figures["wrong"] == 0
    assert figures["matched_percent"] >= 95
