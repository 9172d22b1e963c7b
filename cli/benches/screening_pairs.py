"""Precision and recall of the matcher on labelled pairs, and what those figures are worth.

The threshold is chosen on half of a set and judged on the other half, both ways: what is printed first was never used
to choose it. The rules of the matcher themselves were written with these sets at hand, which no split can undo.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.benches.figures import show
from domain.matching import compare
from domain.names import name
from domain.screening import THRESHOLD

SPANISH = Path(__file__).with_name("spanish_pairs.csv")
# The reference matcher on the same pairs at its own threshold (nomenklatura, logic-v2, 0.7).
REFERENCE_PRECISION, REFERENCE_RECALL = 0.762, 0.821
THRESHOLDS = range(50, 100)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """What the matcher says of two names (0-100), and whether they are one person's."""

    score: int
    real: bool


@dataclass(frozen=True, kw_only=True)
class Judged:
    """How a set came out."""

    right: int
    found: int
    real: int

    @property
    def precision(self) -> float:
        """Of those found, how many are right."""
        return round(self.right / self.found, 3) if self.found else math.nan

    @property
    def recall(self) -> float:
        """Of those that are right, how many were found."""
        return round(self.right / self.real, 3) if self.real else math.nan

    @property
    def balance(self) -> float:
        """The harmonic mean of both, by which a threshold is chosen."""
        return 2 * self.right / max(self.found + self.real, 1)


def judge(pairs: Iterable[Pair], threshold: int = THRESHOLD) -> Judged:
    """Count at a threshold."""
    judged = [(pair.score >= threshold, pair.real) for pair in pairs]
    return Judged(
        right=sum(hit and real for hit, real in judged),
        found=sum(hit for hit, _ in judged),
        real=sum(real for _, real in judged),
    )


def held_out(pairs: Sequence[Pair]) -> Judged:
    """Each half at the threshold that is best for the other."""
    halves = (pairs[::2], pairs[1::2])
    sides = [judge(halves[1 - side], best(halves[side])) for side in (0, 1)]
    return Judged(
        right=sum(one.right for one in sides),
        found=sum(one.found for one in sides),
        real=sum(one.real for one in sides),
    )


def best(pairs: Sequence[Pair]) -> int:
    """The threshold with the best balance; of several, the lowest: a person missed costs more than a look."""
    return max(THRESHOLDS, key=lambda threshold: (judge(pairs, threshold).balance, -threshold))


def labelled(folder: Path) -> Sequence[Pair]:
    """The Person rows of nomenklatura's cases; empty where they are not."""
    file = folder / "names" / "nomenklatura_cases.csv"
    return [] if not file.exists() else _read(file, lambda row: row["schema"] == "Person")


def spanish(part: str = "") -> Sequence[Pair]:
    """Our own pairs, or one part of them."""
    return _read(SPANISH, lambda row: not part or row["part"] == part)


def show_pairs(trade: Sequence[Pair]) -> None:
    """Every figure with what it is worth."""
    rows = [("Referencia en los mismos pares (t=0.7)", "", str(REFERENCE_PRECISION), str(REFERENCE_RECALL))]
    if trade:
        rows = [
            _row("Pares rotulados, mitad no usada para elegir el umbral", trade, held_out(trade)),
            _row(f"Pares rotulados, umbral de la casa ({THRESHOLD}; elegido en ellos)", trade, judge(trade)),
            *rows,
        ]
    rows += [_row("300 pares en español y del Perú", spanish(), judge(spanish()))]
    for part in ("desarrollo", "reserva"):
        rows.append(_row(f"  de ellos, {part}", spanish(part), judge(spanish(part))))
    show("Aciertos", rows, columns=("Conjunto", "Pares", "Precisión", "Recuerdo"))


def _row(title: str, pairs: Sequence[Pair], judged: Judged) -> tuple[str, str, str, str]:
    return title, str(len(pairs)), str(judged.precision), str(judged.recall)


def _read(file: Path, wanted: Callable[[dict[str, str]], bool]) -> Sequence[Pair]:
    with file.open(encoding="utf-8") as opened:
        return [_pair(row) for row in csv.DictReader(opened) if wanted(row)]


def _pair(row: dict[str, str]) -> Pair:
    company = "empresa" in row["category"] and "part" in row
    one, other = (name(row[which], company=company) for which in ("name1", "name2"))
    return Pair(score=compare(one, other).score, real=row["is_match"] == "true")
