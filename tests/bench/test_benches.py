"""The benches run whole and print what they promise. Their figures are not judged here: the machine may be busy."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress

from cli.benches import invoicing, screening
from cli.benches.figures import as_json, percentile
from cli.benches.stack import House

PROGRAM = Path(sys.executable).with_name("qoricash")
OPERATIONS_KEYS = {
    *("completed_per_second", "floor_per_second", "actions_per_operation", "events_per_operation"),
    *("create_p50_ms", "create_p95_ms", "complete_p50_ms", "complete_p95_ms"),
    *("busy_answers", "given_up"),
    *("api_rss_mb", "worker_rss_mb", "expiry_late_p99_ms"),
}
QUIET = Progress(console=Console(quiet=True))


def test_a_percentile_is_a_value_that_was_measured():
    values = [5.0, 1.0, 4.0, 2.0, 3.0]
    assert (percentile(values, 50), percentile(values, 95), percentile([7.0], 99)) == (3.0, 5.0, 7.0)


def test_a_figure_without_measurements_is_null():
    assert as_json({"expiry_late_p99_ms": percentile([], 99)}) == '{"expiry_late_p99_ms": null}'


@pytest.mark.stack
def test_the_bench_of_operations_prints_every_figure_and_keeps_its_budget():
    small = ("--operations", "3", "--clients", "1", "--rate", "1", "--duration", "2", "--expiries", "0")
    done = subprocess.run(
        [str(PROGRAM), "bench", "operations", *small, "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    assert set(figures) == OPERATIONS_KEYS
    assert figures["actions_per_operation"] <= 22
    assert figures["events_per_operation"] <= 85
    assert min(figures["completed_per_second"], figures["floor_per_second"], figures["create_p95_ms"]) > 0


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """One house for the benches that can share it."""
    with invoicing.impatient() as stack:
        yield lambda: nullcontext(stack)


@pytest.mark.stack
def test_whatever_nubefact_answers_each_completed_operation_has_one_comprobante(house: House):
    """F088, F090: no number twice, none skipped."""
    figures = invoicing.run(invoicing.Plan(operations=4, clients=3, kills=0, seed=1), QUIET, house=house)
    assert figures == {"completed": 4, "invoices": 4, "duplicates": 0, "gaps": 0, "orphans": 0}


@pytest.mark.stack
def test_the_bench_of_screening_prints_every_figure_and_raises_nobody_twice(house: House, tmp_path: Path):
    plan = screening.Plan(clients=20, names=20, lists=invented_lists(tmp_path))
    figures = screening.run(plan, QUIET, house=house)
    assert set(figures) == set(screening.MEANINGS)
    assert figures["spanish_precision"] > 0.97
    assert figures["spanish_recall"] > 0.95
    assert (figures["clients"], figures["hits_again"]) == (20, 0)
    assert min(figures["rescreen_100k_seconds"], figures["rss_mb"], figures["entries"]) > 0


def invented_lists(folder: Path) -> Path:
    """The lists of the local house, laid out as the real ones are."""
    for kind, names in (("ofac", ("SDN.CSV", "ALT.CSV", "ADD.CSV")), ("un", ("consolidated.xml",))):
        (folder / kind).mkdir()
        for name in names:
            shutil.copy(screening.INVENTED / name, folder / kind / name.lower())
    return folder
