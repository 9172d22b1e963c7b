"""What is done to a version of a rule from its page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from api.panel.acts import Act, Call
from api.panel.questions import REASON, Ask, Question
from api.staff import rules as staff
from api.staff.rules import RuleView
from domain.calendar import business_day
from domain.errors import Refused
from domain.permissions import Permission
from domain.rules import RuleStatus, check_publication, check_retirement

TRIED_DAYS = 180


@dataclass(frozen=True, kw_only=True)
class RuleFile:
    """A version, and who looks at it."""

    rule: RuleView
    me: int

    @property
    def draft(self) -> bool:
        """It may still be changed."""
        return self.rule.status is RuleStatus.BORRADOR


def _try(file: RuleFile) -> Question:
    today = business_day(datetime.now(UTC))
    return Question(
        title=f"Probar «{file.rule.name}»",
        lead="Cuenta qué alertas habría dado en operaciones pasadas. No crea ninguna.",
        asks=(
            Ask(name="since", label="Desde", kind="date", value=str(today - timedelta(days=TRIED_DAYS))),
            Ask(name="until", label="Hasta", kind="date", value=str(today)),
        ),
        ok="Probar regla",
    )


def _publish(file: RuleFile) -> Question:
    holds = ("lock", "Retiene cada operación en que suene, hasta que alguien decida.")
    return Question(
        title=f"¿Publicar «{file.rule.name}», versión {file.rule.version}?",
        effects=(
            ("radio", "Rige desde la próxima operación, en todos los canales."),
            ("history", "La versión en vigencia, si la hay, queda retirada."),
            *((holds,) if file.rule.hold else ()),
        ),
        ok="Publicar regla",
    )


def _retire(file: RuleFile) -> Question:
    draft = file.draft
    effect = "El borrador se descarta." if draft else "Deja de avisar desde la próxima operación."
    return Question(
        title=f"¿{'Descartar' if draft else 'Retirar'} «{file.rule.name}»?",
        effects=(("archive", effect), ("history", "Se sigue pudiendo leer.")),
        asks=(REASON,),
        ok="Descartar borrador" if draft else "Retirar regla",
        danger=True,
    )


async def _do_try(call: Call[RuleFile]) -> None:
    body = staff.PeriodBody.model_validate({name: call.typed.text(name) for name in ("since", "until")})
    await staff.back_test_rule(call.view.rule.id, body, call.user, call.services)


async def _do_publish(call: Call[RuleFile]) -> None:
    await staff.publish_rule(call.view.rule.id, call.user, call.services)


async def _do_retire(call: Call[RuleFile]) -> None:
    body = staff.ReasonBody(reason=call.typed.text("reason"))
    await staff.retire_rule(call.view.rule.id, body, call.user, call.services)


def _to_publish(file: RuleFile) -> str | None:
    rule = file.rule
    tried = any(trial.current for trial in rule.trials)
    if not file.draft:
        return None
    return _refusal(
        lambda: check_publication(status=rule.status, author=rule.author_id, publisher=file.me, tried=tried)
    )


def _to_retire(file: RuleFile) -> str | None:
    if file.rule.status is RuleStatus.RETIRADA:
        return None
    return _refusal(lambda: check_retirement(file.rule.key, file.rule.status))


def _refusal(check: Callable[[], None]) -> str:
    """What the command would say, before the click."""
    try:
        check()
    except Refused as refused:
        return refused.message
    return ""


RULES = Permission.COMPLIANCE_RULES
ACTS: dict[str, Act[RuleFile]] = {
    "publicar": Act(
        permission=RULES,
        icon="radio",
        text="Publicar",
        done="Regla publicada",
        question=_publish,
        run=_do_publish,
        why_not=_to_publish,
    ),
    "probar": Act(
        permission=RULES,
        icon="flask-conical",
        text="Probar con operaciones pasadas",
        done="Prueba terminada",
        question=_try,
        run=_do_try,
        why_not=lambda file: "" if file.rule.status is not RuleStatus.RETIRADA else None,
    ),
    "retirar": Act(
        permission=RULES,
        icon="archive",
        text="Retirar",
        done="Regla retirada",
        question=_retire,
        run=_do_retire,
        why_not=_to_retire,
        danger=True,
    ),
}
