"""What a monitoring rule may ask of a client's recent past. Windows end at the operation's creation and include it."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import override

from domain.measures import HUNDRED, Count, Days, Facts, Measure, MeasureName, Percent, Test, Usd, in_days
from domain.money import CENT, dollars, round_half_up


class Dormant(Test):
    """The client's operation before this one is more than `days` old."""

    test: Literal["dormant"] = "dormant"
    days: Annotated[int, Field(ge=1, le=3660)]

    @property
    @override
    def measures(self) -> tuple[Measure, ...]:
        return (Measure(name=MeasureName.IDLE_DAYS),)

    @override
    def holds(self, facts: Facts) -> bool:
        idle = facts[self.measures[0]]
        return idle is not None and bool(idle > self.days)

    @property
    @override
    def words(self) -> str:
        return f"más de {in_days(self.days)} sin operar"

    @override
    def found(self, facts: Facts) -> str:
        return f"{int(facts[self.measures[0]])} días sin operar"


class Frequency(Test):
    """How many operations the client created in the window, whatever became of them."""

    test: Literal["frequency"] = "frequency"
    days: Days
    at_least: Count

    @property
    @override
    def measures(self) -> tuple[Measure, ...]:
        return (Measure(name=MeasureName.COUNT, hours=24 * self.days),)

    @override
    def holds(self, facts: Facts) -> bool:
        return bool(facts[self.measures[0]] >= self.at_least)

    @property
    @override
    def words(self) -> str:
        return f"{self.at_least} operaciones o más en {in_days(self.days)}"

    @override
    def found(self, facts: Facts) -> str:
        return f"{facts[self.measures[0]]} operaciones en {in_days(self.days)}"


class Accumulated(Test):
    """How many USD the client adds up in the window; cancelled and expired operations are left out."""

    test: Literal["accumulated"] = "accumulated"
    days: Days
    at_least: Usd

    @property
    @override
    def measures(self) -> tuple[Measure, ...]:
        return (Measure(name=MeasureName.ACCUMULATED, hours=24 * self.days),)

    @override
    def holds(self, facts: Facts) -> bool:
        return bool(facts[self.measures[0]] >= self.at_least)

    @property
    @override
    def words(self) -> str:
        return f"{dollars(self.at_least)} o más acumulados en {in_days(self.days)}"

    @override
    def found(self, facts: Facts) -> str:
        return f"{dollars(facts[self.measures[0]])} acumulados en {in_days(self.days)}"


class JustBelow(Test):
    """Amounts that stop short of a threshold (pitufeo): this one, and at least `at_least` in the window with it."""

    test: Literal["just_below"] = "just_below"
    threshold: Usd
    percent: Annotated[Decimal, Field(gt=0, lt=100, decimal_places=2)] = Decimal(10)
    days: Days = 30
    at_least: Count = 2

    @property
    def _low(self) -> Decimal:
        return round_half_up(self.threshold * (HUNDRED - self.percent) / HUNDRED, CENT)

    @property
    @override
    def measures(self) -> tuple[Measure, ...]:
        near = Measure(name=MeasureName.NEAR, hours=24 * self.days, low=self._low, high=self.threshold)
        return (Measure(name=MeasureName.AMOUNT), near)

    @override
    def holds(self, facts: Facts) -> bool:
        amount, count = (facts[measure] for measure in self.measures)
        return bool(self._low <= amount < self.threshold and count >= self.at_least)

    @property
    @override
    def words(self) -> str:
        band = f"entre {dollars(self._low)} y {dollars(self.threshold)}, sin llegar"
        return f"{self.at_least} montos o más en {in_days(self.days)} {band}"

    @override
    def found(self, facts: Facts) -> str:
        count = facts[self.measures[1]]
        return f"{count} montos en {in_days(self.days)} justo por debajo de {dollars(self.threshold)}"


class Deviation(Test):
    """The amount is over the client's own average of completed operations by more than `percent`."""

    test: Literal["deviation"] = "deviation"
    percent: Percent
    operations: Count = 3
    days: Days = 365

    @property
    @override
    def measures(self) -> tuple[Measure, ...]:
        hours = 24 * self.days
        total, completed = MeasureName.COMPLETED_USD, MeasureName.COMPLETED
        return (
            Measure(name=MeasureName.AMOUNT),
            Measure(name=total, hours=hours),
            Measure(name=completed, hours=hours),
        )

    @override
    def holds(self, facts: Facts) -> bool:
        amount, total, completed = (facts[measure] for measure in self.measures)
        return completed >= self.operations and bool(amount * completed > total * (1 + self.percent / HUNDRED))

    @property
    @override
    def words(self) -> str:
        base = f"{self.operations} completadas o más en {in_days(self.days)}"
        return f"monto {self.percent:f} % sobre el promedio del cliente ({base})"

    @override
    def found(self, facts: Facts) -> str:
        amount, total, completed = (facts[measure] for measure in self.measures)
        average = total / completed
        return f"monto de {dollars(amount)} frente a un promedio de {dollars(round_half_up(average, CENT))}"


class Cancellations(Test):
    """How many of the client's operations were cancelled or left to expire in the window."""

    test: Literal["cancellations"] = "cancellations"
    days: Days
    at_least: Count

    @property
    @override
    def measures(self) -> tuple[Measure, ...]:
        return (Measure(name=MeasureName.CANCELLED, hours=24 * self.days),)

    @override
    def holds(self, facts: Facts) -> bool:
        return bool(facts[self.measures[0]] >= self.at_least)

    @property
    @override
    def words(self) -> str:
        return f"{self.at_least} operaciones canceladas o vencidas o más en {in_days(self.days)}"

    @override
    def found(self, facts: Facts) -> str:
        return f"{facts[self.measures[0]]} canceladas o vencidas en {in_days(self.days)}"


class Reversal(Test):
    """Soon after an operation, the opposite one for about as much: buying and selling at once earns nobody anything."""

    test: Literal["reversal"] = "reversal"
    hours: Annotated[int, Field(ge=1, le=24 * 30)]
    percent: Annotated[Decimal, Field(gt=0, lt=100, decimal_places=2)] = Decimal(10)

    @property
    @override
    def measures(self) -> tuple[Measure, ...]:
        return (Measure(name=MeasureName.REVERSED, hours=self.hours, low=self.percent),)

    @override
    def holds(self, facts: Facts) -> bool:
        return bool(facts[self.measures[0]] > 0)

    @property
    @override
    def words(self) -> str:
        return f"operación contraria por un monto parecido (± {self.percent:f} %) en {self.hours} horas"
