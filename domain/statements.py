"""Bank statements: what their lines say, whatever the bank, and which movements of the house they are.

Matching gives a score of 100: the amount must be the same to the cent; the bank's code, the operation's code in the
description, the day and the client's name make the rest. A line is matched by itself only when its best movement is
good and clearly better than the next one, and is nobody else's best: to leave a line for a person costs a click, to
match it wrongly costs a day.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from rapidfuzz import fuzz

from domain.names import fold


class Layout(StrEnum):
    """How a bank writes its statements."""

    BCP = "BCP"
    INTERBANK = "INTERBANK"
    BBVA = "BBVA"
    SCOTIABANK = "SCOTIABANK"
    MT940 = "MT940"


@dataclass(frozen=True, kw_only=True)
class StatementRow:
    """A line as the bank wrote it; `amount` is positive when money came in."""

    day: date
    amount: Decimal
    reference: str
    description: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """A stored line of a statement."""

    id: int
    day: date
    amount: Decimal
    reference: str
    description: str


@dataclass(frozen=True, kw_only=True)
class Movement:
    """A movement of the house's books on the account: `codes` is what the client or the operator typed of the bank."""

    id: int
    day: date
    amount: Decimal
    operation_code: str = ""
    codes: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """A line with the movement that it is."""

    line_id: int
    movement_id: int
    score: int


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was matched by itself, and what a person should look at, best first."""

    matched: tuple[Pairing, ...]
    suggested: tuple[Pairing, ...]


MOST_DAYS = 5
AMOUNT, SAME_CODE, SAME_OPERATION, NAME = 40, 40, 40, 20
DAYS = {0: 20, 1: 15, 2: 10, 3: 5}
ENOUGH, CLEAR, WORTH_SHOWING = 70, 15, 45
SHORTEST_CODE = 4
NAMES_ALIKE = 80
_OPERATION = re.compile(r"EXP[-\s]?(\d+)", re.IGNORECASE)
_NOT_IN_CODES = re.compile(r"[^0-9A-Z]")


def marks(rows: Iterable[StatementRow]) -> list[str]:
    """What tells each line from any other of the account: its content, and its place among equal ones.

    So a file that overlaps another brings in only what is new, and two equal payments of a day stay two.
    """
    seen: dict[str, int] = defaultdict(int)
    told = []
    for row in rows:
        content = f"{row.day}|{row.amount:.2f}|{row.reference}|{row.description}"
        seen[content] += 1
        told.append(f"{content}|{seen[content]}")
    return told


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a line or a movement says of itself, read once."""

    codes: frozenset[str]
    operation: str
    words: str


def score(line: Line, movement: Movement, said: Told, known: Told) -> int:
    """How surely a line is a movement, from 0 to 100; 0 when the amount or the days tell them apart."""
    apart = abs((line.day - movement.day).days)
    if line.amount != movement.amount or apart > MOST_DAYS:
        return 0
    if said.operation and known.operation and said.operation != known.operation:
        return 0
    points = AMOUNT + DAYS.get(apart, 0)
    if said.codes & known.codes:
        points += SAME_CODE
    if said.operation and said.operation == known.operation:
        points += SAME_OPERATION
    if known.words and fuzz.token_set_ratio(said.words, known.words) >= NAMES_ALIKE:
        points += NAME
    return min(points, 100)


def match(lines: Sequence[Line], movements: Sequence[Movement]) -> Outcome:
    """Pair what is sure, suggest what may be. Only movements of the same amount are looked at."""
    by_amount: dict[Decimal, list[Movement]] = defaultdict(list)
    for movement in movements:
        by_amount[movement.amount].append(movement)
    known = {movement.id: _of_movement(movement) for movement in movements}
    found = _Candidates()
    for line in lines:
        said = _of_line(line)
        for movement in by_amount.get(line.amount, ()):
            points = score(line, movement, said, known[movement.id])
            if points >= WORTH_SHOWING:
                found.add(Pairing(line_id=line.id, movement_id=movement.id, score=points))
    matched = found.sure()
    lines_done, movements_done = {one.line_id for one in matched}, {one.movement_id for one in matched}
    rest = [one for one in found.pairings if one.line_id not in lines_done and one.movement_id not in movements_done]
    rest.sort(key=lambda one: (-one.score, one.line_id, one.movement_id))
    return Outcome(matched=tuple(matched), suggested=tuple(rest))


@dataclass
class _Candidates:
    """Pairings that may be, by line and by movement."""

    pairings: list[Pairing] = field(default_factory=list)
    of_line: dict[int, list[Pairing]] = field(default_factory=lambda: defaultdict(list))
    of_movement: dict[int, list[Pairing]] = field(default_factory=lambda: defaultdict(list))

    def add(self, pairing: Pairing) -> None:
        self.pairings.append(pairing)
        self.of_line[pairing.line_id].append(pairing)
        self.of_movement[pairing.movement_id].append(pairing)

    def sure(self) -> list[Pairing]:
        """Good, and clearly the best of both sides. What is matched leaves room for the next, until nothing changes."""
        matched: list[Pairing] = []
        lines: set[int] = set()
        movements: set[int] = set()
        waiting = sorted((one for one in self.pairings if one.score >= ENOUGH), key=lambda one: -one.score)
        while True:
            ready = [one for one in waiting if self._is_clear(one, lines, movements)]
            if not ready:
                return matched
            for one in ready:
                if one.line_id not in lines and one.movement_id not in movements:
                    matched.append(one)
                    lines.add(one.line_id)
                    movements.add(one.movement_id)
            waiting = [one for one in waiting if one.line_id not in lines and one.movement_id not in movements]

    def _is_clear(self, one: Pairing, lines: set[int], movements: set[int]) -> bool:
        rivals = [
            other.score
            for other in (*self.of_line[one.line_id], *self.of_movement[one.movement_id])
            if other is not one and other.line_id not in lines and other.movement_id not in movements
        ]
        return one.score - max(rivals, default=0) >= CLEAR


def _of_line(line: Line) -> Told:
    text = f"{line.reference} {line.description}".upper()
    operation = _OPERATION.search(text)
    words = {_plain_code(word) for word in text.split()}
    return Told(
        codes=frozenset(code for code in words if len(code) >= SHORTEST_CODE),
        operation=operation.group(1) if operation else "",
        words=fold(line.description),
    )


def _of_movement(movement: Movement) -> Told:
    operation = _OPERATION.search(movement.operation_code)
    codes = (_plain_code(code.upper()) for code in movement.codes)
    return Told(
        codes=frozenset(code for code in codes if len(code) >= SHORTEST_CODE),
        operation=operation.group(1) if operation else "",
        words=fold(movement.name),
    )


def _plain_code(text: str) -> str:
    """Banks pad with zeros and people leave them out."""
    return _NOT_IN_CODES.sub("", text).lstrip("0")


def precision_recall(found: Mapping[int, int], truth: Mapping[int, int]) -> tuple[float, float]:
    """Of what was matched by line, how much is right; and of what should be, how much was found."""
    right = sum(truth.get(line) == movement for line, movement in found.items())
    return right / len(found) if found else 1.0, right / len(truth) if truth else 1.0
