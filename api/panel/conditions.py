"""The typed conditions of a rule as a form: what each test asks, and what was typed back into a condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from domain.clients import DocumentType
from domain.conditions import Condition
from domain.errors import Invalid
from domain.operations import Kind, Origin
from domain.risk import RiskLevel
from domain.rules import MAX_CONDITIONS

CONDITION: TypeAdapter[Condition] = TypeAdapter(Condition)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing to type of a test. `kind`: money, whole, choice or many (boxes); optional ones may stay empty."""

    name: str
    label: str
    kind: str
    value: str = ""
    options: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, kw_only=True)
class TestForm:
    """A test by its name for people."""

    text: str
    entries: Sequence[Entry] = ()


def _days(value: str = "30") -> Entry:
    return Entry(name="days", label="Días", kind="whole", value=value)


def _least(value: str = "2") -> Entry:
    return Entry(name="at_least", label="Cuántas o más", kind="whole", value=value)


def _percent(label: str, value: str) -> Entry:
    return Entry(name="percent", label=label, kind="whole", value=value)


TESTS: dict[str, TestForm] = {
    "amount": TestForm(
        text="Monto de la operación",
        entries=(
            Entry(name="at_least", label="Desde US$", kind="money"),
            Entry(name="below", label="Menor que US$", kind="money"),
        ),
    ),
    "kind": TestForm(
        text="Compra o Venta",
        entries=(Entry(name="kind", label="Tipo", kind="choice", options=[(one, one) for one in Kind]),),
    ),
    "origin": TestForm(
        text="Dónde se creó",
        entries=(Entry(name="origins", label="Origen", kind="many", options=[(one, one) for one in Origin]),),
    ),
    "document": TestForm(
        text="Documento del cliente",
        entries=(Entry(name="types", label="Documento", kind="many", options=[(one, one) for one in DocumentType]),),
    ),
    "pep": TestForm(text="Cliente expuesto (PEP)"),
    "list_match": TestForm(text="Cliente en una lista restrictiva"),
    "risk": TestForm(
        text="Nivel de riesgo",
        entries=(
            Entry(name="at_least", label="Este o mayor", kind="choice", options=[(one, one) for one in RiskLevel]),
        ),
    ),
    "new_client": TestForm(text="Primera operación de un cliente nuevo", entries=(_days(),)),
    "dormant": TestForm(text="Vuelve después de no operar", entries=(_days("180"),)),
    "frequency": TestForm(text="Operaciones seguidas", entries=(_least("4"), _days("1"))),
    "accumulated": TestForm(
        text="Monto acumulado",
        entries=(Entry(name="at_least", label="Desde US$", kind="money", value="20000.00"), _days("1")),
    ),
    "just_below": TestForm(
        text="Montos justo por debajo de un umbral",
        entries=(
            Entry(name="threshold", label="Umbral US$", kind="money", value="5000.00"),
            _percent("Hasta qué % por debajo", "10"),
            _least(),
            _days(),
        ),
    ),
    "deviation": TestForm(
        text="Muy por encima de su promedio",
        entries=(
            _percent("Cuánto % por encima", "200"),
            Entry(name="operations", label="Con cuántas completadas", kind="whole", value="3"),
            _days("365"),
        ),
    ),
    "cancellations": TestForm(text="Canceladas o vencidas", entries=(_least("5"), _days("7"))),
    "reversal": TestForm(
        text="La operación contraria poco después",
        entries=(
            Entry(name="hours", label="Horas", kind="whole", value="24"),
            _percent("Diferencia de monto en %", "10"),
        ),
    ),
    "shared": TestForm(
        text="Varios clientes comparten",
        entries=(
            Entry(
                name="what",
                label="Qué",
                kind="choice",
                options=(
                    ("account", "Cuenta bancaria"),
                    ("phone", "Teléfono"),
                    ("address", "Dirección"),
                    ("device", "Dispositivo"),
                ),
            ),
            Entry(name="clients", label="Cuántos clientes o más", kind="whole", value="2"),
        ),
    ),
}


def typed_conditions(form: Mapping[str, Any], many: Any) -> list[Condition]:
    """The conditions of a form whose fields are `c<place>_<name>`. `many` gives all values of a field.

    Raises Invalid, naming the condition's field, when one does not make sense.
    """
    made = []
    for place in range(MAX_CONDITIONS):
        test = str(form.get(f"c{place}_test", ""))
        if test in TESTS:
            made.append(_condition(place, test, form, many))
    if not made:
        raise Invalid("CONDITIONS_EMPTY", "Agrega al menos una condición.", field="conditions")
    return made


def values_of(condition: Any) -> dict[str, Any]:
    """What a condition holds, as its form shows it."""
    return dict(condition.model_dump(mode="json"))


def _condition(place: int, test: str, form: Mapping[str, Any], many: Any) -> Condition:
    given: dict[str, object] = {"test": test}
    for entry in TESTS[test].entries:
        name = f"c{place}_{entry.name}"
        value = list(many(name)) if entry.kind == "many" else str(form.get(name, "")).strip().replace(",", "")
        if value not in ("", []):
            given[entry.name] = value
    try:
        return CONDITION.validate_python(given)
    except ValidationError as error:
        first = error.errors()[0]
        own = first["msg"].removeprefix("Value error, ") if first["type"] == "value_error" else ""
        where = str(first["loc"][-1]) if len(first["loc"]) > 1 else TESTS[test].entries[0].name
        words = own or "Este dato falta o no se entiende. Revísalo."
        raise Invalid("CONDITION", words, field=f"c{place}_{where}") from error
