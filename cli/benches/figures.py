"""Percentiles, the table for people, and the one JSON object on the last line."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.table import Table

Figures = dict[str, float | int]


def percentile(values: Iterable[float], percent: float) -> float:
    """The nearest-rank percentile: a value that was really measured. NaN for no values."""
    ordered = sorted(values)
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def show(title: str, rows: Iterable[Sequence[str]], *, columns: Sequence[str]) -> None:
    """A table: the first column is text, the others are figures."""
    table = Table(*columns, title=title, title_justify="left", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        table.add_row(*row)
    Console().print(table, "")


def show_figures(title: str, figures: Figures, meanings: Mapping[str, str]) -> None:
    """Each figure with what it means."""
    rows = [(meaning, f"{figures[key]:,}") for key, meaning in meanings.items()]
    show(title, rows, columns=("Medida", "Valor"))


def as_json(figures: Figures) -> str:
    """One line. A figure that could not be measured is null: NaN is not JSON."""
    return json.dumps(
        {key: None if isinstance(value, float) and math.isnan(value) else value for key, value in figures.items()}
    )
