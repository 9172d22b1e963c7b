"""Which movement a line of a statement is; a doubt is left for a person."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from domain.statements import Line, Movement, StatementRow, marks, match

DAY = date(2026, 11, 25)


def line(number: int = 1, amount: str = "500.00", *, days: int = 0, reference: str = "", words: str = "") -> Line:
    return Line(
        id=number, day=DAY + timedelta(days=days), amount=Decimal(amount), reference=reference, description=words
    )


def movement(number: int = 11, amount: str = "500.00", **told: Any) -> Movement:
    return Movement(id=number, day=DAY, amount=Decimal(amount), **told)


def pairs(lines: list[Line], movements: list[Movement]) -> tuple[dict[int, int], dict[int, int]]:
    outcome = match(lines, movements)
    matched, suggested = (
        {one.line_id: one.movement_id for one in side} for side in (outcome.matched, outcome.suggested)
    )
    return matched, suggested


def test_a_code_with_the_banks_zeros_and_a_day_of_delay_is_the_same_money():
    told = line(days=1, reference="000123456", words="TRANSF ROSA QUISPE")
    assert pairs([told], [movement(codes=("123456",))]) == ({1: 11}, {})


def test_the_operations_code_in_the_description_is_enough():
    assert pairs([line(words="PAGO EXP 1001")], [movement(operation_code="EXP-1001")]) == ({1: 11}, {})


def test_another_operations_code_is_another_operation_whatever_the_amount():
    assert pairs([line(words="EXP-1002")], [movement(operation_code="EXP-1001")]) == ({}, {})


def test_the_amount_and_the_day_alone_are_only_a_suggestion():
    assert pairs([line()], [movement()]) == ({}, {1: 11})


def test_two_that_could_be_it_are_left_for_a_person():
    told = line(words="TRANSF LUIS FLORES VEGA")
    twins = [movement(11, name="Luis Flores Vega"), movement(12, name="Luis Flores Vega")]
    matched, suggested = pairs([told], twins)
    assert matched == {}
    assert suggested


def test_a_cent_or_a_week_apart_is_not_it():
    code = {"codes": ("123456",)}
    assert pairs([line(amount="500.01", reference="123456")], [movement(**code)]) == ({}, {})
    assert pairs([line(days=6, reference="123456")], [movement(**code)]) == ({}, {})


def test_two_equal_lines_of_a_day_stay_two_and_an_overlapping_file_repeats_their_marks():
    row = StatementRow(day=DAY, amount=Decimal("500.00"), reference="1", description="ABONO")
    other = StatementRow(day=DAY, amount=Decimal("20.00"), reference="2", description="ABONO")
    first, again = marks([row, row]), marks([other, row, row])
    assert len(set(first)) == 2
    assert set(first) < set(again)
