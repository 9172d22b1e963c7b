"""Monitoring rules: what each looks for, how loudly it rings, and the path from a draft to a published version.

A rule is data. It rings when all its conditions hold; another reason to ring is another rule. A version is drafted,
tried on past operations, and published by somebody who did not write it; what was published is never edited.
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from domain.cases import CaseKind, Severity
from domain.conditions import Condition
from domain.errors import Conflict, Forbidden, Invalid
from domain.measures import Facts, Measure

KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+){0,7}")
MAX_CONDITIONS = 6
# A restrictive list is the law's, not the house's taste: this rule is neither retired nor made not to hold.
LIST_RULE = "lista-restrictiva"


class RuleStatus(StrEnum):
    """Where a version stands. At most one a rule is a draft, and at most one is published."""

    BORRADOR = "Borrador"
    PUBLICADA = "Publicada"
    RETIRADA = "Retirada"


class Once(StrEnum):
    """How often a rule may ring for one client: what goes on ringing is heard by nobody."""

    OPERATION = "operación"
    DAY = "día"
    MONTH = "mes"


class Definition(BaseModel):
    """What a version says. All `conditions` must hold; `hold` stops the operation until a person decides."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    name: Annotated[str, Field(min_length=3, max_length=80)]
    kind: CaseKind
    severity: Severity
    hold: bool = False
    once: Once = Once.OPERATION
    conditions: Annotated[tuple[Condition, ...], Field(min_length=1, max_length=MAX_CONDITIONS)]

    @model_validator(mode="after")
    def _held_each_time(self) -> Definition:
        if self.hold and self.once is not Once.OPERATION:
            raise ValueError("Una regla que retiene debe avisar por cada operación.")
        return self

    @property
    def measures(self) -> frozenset[Measure]:
        """Every figure that it needs."""
        return frozenset(measure for condition in self.conditions for measure in condition.measures)

    @property
    def words(self) -> str:
        """What it asks, in one sentence."""
        return "; ".join(condition.words for condition in self.conditions)

    def rings(self, facts: Facts) -> bool:
        """Whether all conditions hold."""
        return all(condition.holds(facts) for condition in self.conditions)

    def found(self, facts: Facts) -> str:
        """What was seen, for the case."""
        return f"{self.name}: {'; '.join(condition.found(facts) for condition in self.conditions)}."


def source_key(key: str, definition: Definition, *, code: str, client_id: int, day: date) -> str:
    """The cause of an alert: the same one is never told twice, also when the operation is assessed again.

    `day` is the operation's Lima day. The list's alert has the key that the assessment itself gives it.
    """
    if key == LIST_RULE:
        return f"lista:{code}"
    told = {
        Once.OPERATION: code,
        Once.DAY: f"{client_id}:{day.isoformat()}",
        Once.MONTH: f"{client_id}:{day:%Y-%m}",
    }
    return f"regla:{key}:{told[definition.once]}"


def check_key(key: str) -> str:
    """A rule's name for machines. Raises Invalid."""
    if not KEY.fullmatch(key) or len(key) > 60:  # noqa: PLR2004 - long enough for a name, short enough for a URL
        raise Invalid("RULE_KEY", "Usa minúsculas, números y guiones, por ejemplo «monto-alto».", field="key")
    return key


def check_draft(key: str, definition: Definition) -> None:
    """Raises Invalid when a draft of the list's rule would let its clients pass."""
    tests = {condition.test for condition in definition.conditions}
    if key == LIST_RULE and (not definition.hold or tests != {"list_match"}):
        raise Invalid("RULE_MANDATORY", "La regla de listas siempre retiene a quien figura en ellas.", field="hold")


def check_publication(*, status: RuleStatus, author: int | None, publisher: int, tried: bool) -> None:
    """Raises Conflict when it is no draft or was not tried as it stands, Forbidden when its author would publish it."""
    if status is not RuleStatus.BORRADOR:
        raise Conflict("RULE_NOT_DRAFT", "Solo se publica un borrador.")
    if author == publisher:
        raise Forbidden("SECOND_PERSON", "Tú escribiste este borrador; otra persona debe publicarlo.")
    if not tried:
        raise Conflict("RULE_NOT_TRIED", "Pruébalo primero con operaciones pasadas.")


def check_retirement(key: str, status: RuleStatus) -> None:
    """A draft is thrown away, a published version leaves its force. Raises Conflict when it may not, or has already."""
    if key == LIST_RULE and status is RuleStatus.PUBLICADA:
        raise Conflict("RULE_MANDATORY", "La regla de listas no se retira.")
    if status is RuleStatus.RETIRADA:
        raise Conflict("RULE_RETIRED", "Esta versión ya está retirada.")
