"""What a monitoring rule may ask: of the operation and of its client here, of windows of time in domain/windows.py.

Typed and named; a rule is a list of these, kept as JSON, and never an expression to be evaluated.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from typing_extensions import override

from domain.clients import DocumentType
from domain.measures import Days, Facts, Measure, MeasureName, Shared, Test, Usd, in_days
from domain.money import dollars
from domain.operations import Kind, Origin
from domain.risk import RiskLevel
from domain.windows import Accumulated, Cancellations, Deviation, Dormant, Frequency, JustBelow, Reversal


class Amount(Test):
    """The operation's own amount in USD: `at_least` <= amount < `below`."""

    test: Literal["amount"] = "amount"
    at_least: Usd | None = None
    below: Usd | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Amount:
        if self.at_least is None and self.below is None:
            raise ValueError("Escribe desde o hasta qué monto.")
        if self.at_least is not None and self.below is not None and self.at_least >= self.below:
            raise ValueError("El monto desde debe ser menor que el monto hasta.")
        return self

    @property
    @override
    def measures(self) -> tuple[Measure, ...]:
        return (Measure(name=MeasureName.AMOUNT),)

    @override
    def holds(self, facts: Facts) -> bool:
        amount = facts[self.measures[0]]
        return (self.at_least is None or amount >= self.at_least) and (self.below is None or amount < self.below)

    @property
    @override
    def words(self) -> str:
        parts = [f"de {dollars(self.at_least)} o más"] if self.at_least else []
        parts += [f"menor que {dollars(self.below)}"] if self.below else []
        return f"monto {' y '.join(parts)}"

    @override
    def found(self, facts: Facts) -> str:
        return f"monto de {dollars(facts[self.measures[0]])}"


class Direction(Test):
    """Whether the house buys or sells the dollars."""

    test: Literal["kind"] = "kind"
    kind: Kind

    @property
    @override
    def measures(self) -> tuple[Measure, ...]:
        return (Measure(name=MeasureName.KIND),)

    @override
    def holds(self, facts: Facts) -> bool:
        return bool(facts[self.measures[0]] == self.kind)

    @property
    @override
    def words(self) -> str:
        return f"operación de {self.kind}"


class Channel(Test):
    """Where the operation was created."""

    test: Literal["origin"] = "origin"
    origins: frozenset[Origin] = Field(min_length=1)

    @property
    @override
    def measures(self) -> tuple[Measure, ...]:
        return (Measure(name=MeasureName.ORIGIN),)

    @override
    def holds(self, facts: Facts) -> bool:
        return facts[self.measures[0]] in self.origins

    @property
    @override
    def words(self) -> str:
        return f"creada por {', '.join(sorted(self.origins))}"


class Document(Test):
    """Which identity document the client has."""

    test: Literal["document"] = "document"
    types: frozenset[DocumentType] = Field(min_length=1)

    @property
    @override
    def measures(self) -> tuple[Measure, ...]:
        return (Measure(name=MeasureName.DOCUMENT),)

    @override
    def holds(self, facts: Facts) -> bool:
        return facts[self.measures[0]] in self.types

    @property
    @override
    def words(self) -> str:
        return f"cliente con {', '.join(sorted(self.types))}"


class Pep(Test):
    """The client is, or within the look-back was, politically exposed."""

    test: Literal["pep"] = "pep"

    @property
    @override
    def measures(self) -> tuple[Measure, ...]:
        return (Measure(name=MeasureName.PEP),)

    @override
    def holds(self, facts: Facts) -> bool:
        return bool(facts[self.measures[0]])

    @property
    @override
    def words(self) -> str:
        return "cliente expuesto políticamente (PEP)"


class ListMatch(Test):
    """The client stands on a restrictive list, as the screening has it."""

    test: Literal["list_match"] = "list_match"

    @property
    @override
    def measures(self) -> tuple[Measure, ...]:
        return (Measure(name=MeasureName.LIST_MATCH),)

    @override
    def holds(self, facts: Facts) -> bool:
        return bool(facts[self.measures[0]])

    @property
    @override
    def words(self) -> str:
        return "cliente en una lista restrictiva"


class Risk(Test):
    """The client's level of risk is this or graver."""

    test: Literal["risk"] = "risk"
    at_least: RiskLevel

    @property
    @override
    def measures(self) -> tuple[Measure, ...]:
        return (Measure(name=MeasureName.RISK_LEVEL),)

    @override
    def holds(self, facts: Facts) -> bool:
        order = list(RiskLevel)
        return order.index(RiskLevel(facts[self.measures[0]])) >= order.index(self.at_least)

    @property
    @override
    def words(self) -> str:
        return f"cliente de riesgo {self.at_least} o mayor"


class NewClient(Test):
    """The client registered at most `days` ago, and has no earlier operation that went on."""

    test: Literal["new_client"] = "new_client"
    days: Days = 30

    @property
    @override
    def measures(self) -> tuple[Measure, ...]:
        return (Measure(name=MeasureName.CLIENT_DAYS), Measure(name=MeasureName.EARLIER))

    @override
    def holds(self, facts: Facts) -> bool:
        days, earlier = (facts[measure] for measure in self.measures)
        return bool(days <= self.days and not earlier)

    @property
    @override
    def words(self) -> str:
        return f"primera operación de un cliente registrado hace {in_days(self.days)} o menos"


class SharedWith(Test):
    """How many clients, this one among them, have the same account, telephone, address or device."""

    test: Literal["shared"] = "shared"
    what: Shared
    clients: Annotated[int, Field(ge=2, le=1000)] = 2

    @property
    @override
    def measures(self) -> tuple[Measure, ...]:
        return (Measure(name=MeasureName(f"shared_{self.what}")),)

    @override
    def holds(self, facts: Facts) -> bool:
        return bool(facts[self.measures[0]] >= self.clients)

    @property
    @override
    def words(self) -> str:
        return f"{self.clients} clientes o más con {_SHARED[self.what]}"

    @override
    def found(self, facts: Facts) -> str:
        return f"{facts[self.measures[0]]} clientes con {_SHARED[self.what]}"


_SHARED = {
    Shared.ACCOUNT: "la misma cuenta bancaria",
    Shared.PHONE: "el mismo teléfono",
    Shared.ADDRESS: "la misma dirección",
    Shared.DEVICE: "el mismo dispositivo",
}

Condition = Annotated[
    Amount
    | Direction
    | Channel
    | Document
    | Pep
    | ListMatch
    | Risk
    | NewClient
    | Dormant
    | Frequency
    | Accumulated
    | JustBelow
    | Deviation
    | Cancellations
    | Reversal
    | SharedWith,
    Field(discriminator="test"),
]
