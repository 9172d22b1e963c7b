"""Rules as data: what each condition holds on, how it says so, and the path to publication."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from domain.cases import alarm_due, check_snooze
from domain.clients import DocumentType
from domain.errors import Conflict, Forbidden, Invalid
from domain.measures import Measure, MeasureName
from domain.register import Modality, corrected, modality, month_days, parties, person_type
from domain.rules import (
    Definition,
    Once,
    RuleStatus,
    check_draft,
    check_publication,
    check_retirement,
    source_key,
)

DAY = date(2026, 11, 25)


def rule(*conditions: dict[str, Any], **told: Any) -> Definition:
    base = {"name": "Una regla", "kind": "monitoreo", "severity": "Media", "conditions": conditions}
    return Definition.model_validate(base | told)


def facts(definition: Definition, **values: Any) -> dict[Measure, Any]:
    """The measures that a rule needs, by name; amounts as text."""
    return {
        measure: Decimal(value)
        if isinstance(value := values[measure.name.value], str) and value[0].isdigit()
        else value
        for measure in definition.measures
    }


@pytest.mark.parametrize(
    ("condition", "values", "rings"),
    [
        ({"test": "amount", "at_least": "50000", "below": "100000"}, {"amount": "50000.00"}, True),
        ({"test": "amount", "at_least": "50000", "below": "100000"}, {"amount": "100000.00"}, False),
        ({"test": "just_below", "threshold": "5000"}, {"amount": "4500.00", "near": 2}, True),
        ({"test": "just_below", "threshold": "5000"}, {"amount": "4499.99", "near": 2}, False),
        ({"test": "just_below", "threshold": "5000"}, {"amount": "5000.00", "near": 2}, False),
        (
            {"test": "deviation", "percent": "200"},
            {"amount": "300.01", "completed_usd": "300.00", "completed": 3},
            True,
        ),
        (
            {"test": "deviation", "percent": "200"},
            {"amount": "300.00", "completed_usd": "300.00", "completed": 3},
            False,
        ),
        (
            {"test": "deviation", "percent": "200"},
            {"amount": "900.00", "completed_usd": "200.00", "completed": 2},
            False,
        ),
        ({"test": "dormant", "days": 180}, {"idle_days": 181}, True),
        ({"test": "dormant", "days": 180}, {"idle_days": 180}, False),
        ({"test": "dormant", "days": 180}, {"idle_days": None}, False),
        ({"test": "new_client", "days": 30}, {"client_days": 30, "earlier": False}, True),
        ({"test": "new_client", "days": 30}, {"client_days": 2, "earlier": True}, False),
        ({"test": "risk", "at_least": "Alto"}, {"risk_level": "Crítico"}, True),
        ({"test": "risk", "at_least": "Alto"}, {"risk_level": "Medio"}, False),
        ({"test": "origin", "origins": ["web", "app"]}, {"origin": "sistema"}, False),
        ({"test": "shared", "what": "device", "clients": 3}, {"shared_device": 2}, False),
    ],
)
def test_a_condition_holds_from_its_bound_on(condition: dict[str, Any], values: dict[str, Any], rings: bool):
    definition = rule(condition)
    assert definition.rings(facts(definition, **values)) is rings


def test_all_conditions_must_hold_and_each_says_what_it_saw():
    definition = rule({"test": "frequency", "days": 1, "at_least": 4}, {"test": "amount", "at_least": "1000"})
    assert definition.words == "4 operaciones o más en 1 día; monto de US$ 1,000.00 o más"
    assert not definition.rings(facts(definition, count=4, amount="999.99"))
    told = facts(definition, count=5, amount="1200.00")
    assert definition.found(told) == "Una regla: 5 operaciones en 1 día; monto de US$ 1,200.00."


@pytest.mark.parametrize(
    "condition",
    [
        {"test": "amount"},
        {"test": "amount", "at_least": "2", "below": "2"},
        {"test": "amount", "at_least": "-1"},
        {"test": "frequency", "days": 400, "at_least": 1},
        {"test": "python", "text": "True"},
        {"test": "pep", "also": "os.system"},
    ],
)
def test_what_is_no_condition_is_no_rule(condition: dict[str, Any]):
    with pytest.raises(ValidationError):
        rule(condition)


def test_a_rule_that_holds_rings_for_every_operation():
    with pytest.raises(ValidationError):
        rule({"test": "pep"}, hold=True, once="día")


@pytest.mark.parametrize(
    ("once", "same", "other"),
    [
        (Once.OPERATION, ("EXP-1", DAY), ("EXP-2", DAY)),
        (Once.DAY, ("EXP-2", DAY), ("EXP-1", DAY + timedelta(days=1))),
        (Once.MONTH, ("EXP-2", date(2026, 11, 1)), ("EXP-1", date(2026, 12, 1))),
    ],
)
def test_one_cause_has_one_key(once: Once, same: tuple[str, date], other: tuple[str, date]):
    definition = rule({"test": "pep"}, once=once)

    def key(code: str, day: date) -> str:
        return source_key("r", definition, code=code, client_id=7, day=day)

    assert key("EXP-1", DAY) == key(*same) != key(*other)


def test_a_draft_needs_a_trial_and_a_second_person():
    def publish(**changed: Any) -> None:
        check_publication(**{"status": RuleStatus.BORRADOR, "author": 1, "publisher": 2, "tried": True} | changed)

    publish()
    with pytest.raises(Forbidden):
        publish(publisher=1)
    with pytest.raises(Conflict):
        publish(tried=False)
    with pytest.raises(Conflict):
        publish(status=RuleStatus.RETIRADA)


def test_the_list_rule_holds_and_stays_whatever_the_house_would_like():
    with pytest.raises(Invalid):
        check_draft("lista-restrictiva", rule({"test": "list_match"}))
    with pytest.raises(Invalid):
        check_draft("lista-restrictiva", rule({"test": "list_match"}, {"test": "pep"}, hold=True))
    check_draft("lista-restrictiva", rule({"test": "list_match"}, hold=True))
    with pytest.raises(Conflict):
        check_retirement("lista-restrictiva", RuleStatus.PUBLICADA)


def test_the_alarm_rings_from_the_hour_that_the_parameter_says_and_when_it_is_late():
    marked = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
    four = timedelta(hours=4)
    assert not alarm_due(marked, marked + timedelta(hours=19, minutes=59), before=four)
    assert alarm_due(marked, marked + timedelta(hours=20), before=four)
    assert alarm_due(marked, marked + timedelta(days=3), before=four)


@pytest.mark.parametrize(("days", "reason"), [(0, "sustento"), (181, "sustento"), (30, "  ")])
def test_a_rule_is_not_silenced_for_ever_or_without_a_reason(days: int, reason: str):
    with pytest.raises(Invalid):
        check_snooze(days, reason, most=180)


@pytest.mark.parametrize(
    ("amount", "month", "how"),
    [("5000.00", "5000.00", Modality.UNICA), ("4999.99", "50000.00", Modality.MULTIPLE), ("4999.99", "49999.99", None)],
)
def test_the_register_takes_what_reaches_a_threshold(amount: str, month: str, how: Modality | None):
    limits = {"single": Decimal("5000.00"), "accumulated": Decimal("50000.00")}
    assert modality(Decimal(amount), Decimal(month), **limits) is how


def test_the_three_roles_of_an_operation():
    own = {"person_type": "Jurídica", "document_number": "20512333797", "name": "Empresa SAC"}
    told = parties(own, representative="Gloria")
    assert (told["ordenante"], told["beneficiario"]) == (own, own)
    assert told["ejecutante"] == {"person_type": "Natural", "document_number": "", "name": "Gloria"}
    changed = corrected(told, {"beneficiario": {"name": "Otra"}})
    assert changed["beneficiario"] == {**own, "name": "Otra"}
    assert changed["ejecutante"] == told["ejecutante"]
    assert [person_type(DocumentType.RUC, number) for number in ("20512333797", "10990000886")] == [
        "Jurídica",
        "Natural",
    ]


def test_a_month_ends_where_the_next_begins():
    assert month_days("2026-12") == (date(2026, 12, 1), date(2027, 1, 1))
    with pytest.raises(Invalid):
        month_days("2026-13")


def test_a_measure_is_taken_once_for_all_the_rules_that_need_it():
    definition = rule({"test": "frequency", "days": 1, "at_least": 4}, {"test": "frequency", "days": 1, "at_least": 2})
    assert definition.measures == {Measure(name=MeasureName.COUNT, hours=24)}
