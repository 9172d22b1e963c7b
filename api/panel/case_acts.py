"""What is done to a case from its page: each act asks in a dialog that says what follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.panel.acts import Act, Call
from api.panel.questions import Ask, Question
from api.staff import cases as staff
from api.staff.cases import CaseView
from db.tables import ClientHit
from domain.cases import OPEN, CaseState, Decision
from domain.permissions import Permission
from domain.rules import LIST_RULE
from domain.screening import HitState

TAKE_FIRST = "Tómalo primero: así queda en revisión."


@dataclass(frozen=True, kw_only=True)
class CaseFile:
    """A case with what its page and its dialogs need: `held` are the operations that wait for the decision."""

    case: CaseView
    client_name: str
    held: Sequence[str]
    hits: Sequence[ClientHit]
    officers: Sequence[tuple[str, str]]
    rule_names: dict[str, str]

    @property
    def open(self) -> bool:
        """Nobody has decided it yet."""
        return self.case.state in OPEN

    @property
    def undecided(self) -> int:
        """How many hits nobody has decided."""
        return sum(hit.state is HitState.NUEVA and hit.ended_at is None for hit in self.hits)

    @property
    def rang(self) -> list[tuple[str, str]]:
        """The rules that rang here and may be silenced: key and name."""
        silent = {one.rule_key for one in self.case.snoozes} | {"", LIST_RULE}
        keys = dict.fromkeys(alert.rule_key for alert in self.case.alerts if alert.rule_key not in silent)
        return [(key, self.rule_names.get(key, key)) for key in keys]


def _told(file: CaseFile, one: str, many: str) -> tuple[tuple[str, str], ...]:
    """What happens to what is held."""
    icon = "circle-check" if one == "sigue" else "ban"
    if not file.held:
        return ((icon, "No retiene ninguna operación en este momento."),)
    return ((icon, f"{', '.join(file.held)} {one if len(file.held) == 1 else many}."),)


def _hits(file: CaseFile, word: str) -> tuple[tuple[str, str], ...]:
    count = file.undecided
    if not count:
        return ()
    words = "La coincidencia por resolver queda" if count == 1 else f"Las {count} coincidencias por resolver quedan"
    return (("shield-alert", f"{words} {word}{'' if count == 1 else 's'}."),)


def _take(file: CaseFile) -> Question:
    lead = "Queda en revisión y a tu nombre. Los demás lo ven."
    return Question(title=f"¿Tomar el caso {file.case.id}?", lead=lead, ok="Tomar caso")


def _assign(file: CaseFile) -> Question:
    others = [one for one in file.officers if one[0] != str(file.case.assigned_to)]
    return Question(
        title=f"Asignar el caso {file.case.id}",
        asks=(Ask(name="user_id", label="A quién", kind="choice", options=others),),
        ok="Asignar caso",
    )


def _release(file: CaseFile) -> Question:
    return Question(
        title=f"¿Liberar el caso {file.case.id}?",
        lead="Se cierra como falsa alarma. Esta decisión no se deshace.",
        effects=(*_told(file, "sigue", "siguen"), *_hits(file, "descartada")),
        asks=(_resolution(),),
        ok="Liberar y cerrar",
    )


def _confirm(file: CaseFile) -> Question:
    silence = (("eye-off", "Al cliente no se le dice por qué."),) if file.held else ()
    return Question(
        title=f"¿Confirmar el caso {file.case.id}?",
        lead="Se cierra como resuelto. Esta decisión no se deshace.",
        effects=(*_told(file, "se cancela", "se cancelan"), *silence, *_hits(file, "confirmada")),
        asks=(_resolution(),),
        ok="Confirmar y cerrar",
        danger=True,
    )


def _resolution() -> Ask:
    return Ask(name="resolution", label="Sustento de la decisión", kind="area", most=500, hint="Queda en el caso.")


def _escalate(file: CaseFile) -> Question:
    return Question(
        title=f"¿Calificar el caso {file.case.id} como sospechoso?",
        effects=(
            ("alarm-clock", "Desde ahora corren 24 horas para enviar el ROS a la UIF."),
            ("bell-ring", "Si se acerca el plazo, avisa en pantalla y por correo."),
        ),
        asks=(Ask(name="text", label="Por qué", kind="area", most=2000),),
        ok="Calificar como sospechoso",
        danger=True,
    )


def _snooze(file: CaseFile) -> Question:
    return Question(
        title="Silenciar una regla para este cliente",
        effects=(("bell-off", "Deja de avisar y de retener solo a este cliente, hasta el día que elijas."),),
        asks=(
            Ask(name="rule", label="Regla", kind="choice", options=file.rang),
            Ask(name="days", label="Días", value="30", most=3),
            Ask(name="reason", label="Motivo", kind="area", most=500),
        ),
        ok="Silenciar regla",
    )


def _wake(file: CaseFile) -> Question:
    silent = [(one.rule_key, file.rule_names.get(one.rule_key, one.rule_key)) for one in file.case.snoozes]
    return Question(
        title="Volver a escuchar una regla",
        asks=(Ask(name="rule", label="Regla", kind="choice", options=silent),),
        ok="Reactivar regla",
    )


def _attach(_: CaseFile) -> Question:
    return Question(
        title="Adjuntar un sustento",
        lead="PNG, JPG, WEBP, HEIC o PDF de hasta 10 MB. No se borra.",
        asks=(Ask(name="title", label="Qué es", most=120), Ask(name="file", label="Archivo", kind="file")),
        ok="Adjuntar",
    )


def _ros(_: CaseFile) -> Question:
    return Question(
        title="Anotar el ROS enviado",
        lead="Lo envías tú por el portal de la UIF. Con su número se apaga la alarma.",
        asks=(Ask(name="number", label="Número del portal", most=60),),
        ok="Anotar ROS",
    )


async def _do_take(call: Call[CaseFile]) -> None:
    await staff.take_case(call.view.case.id, call.user, call.services)


async def _do_assign(call: Call[CaseFile]) -> None:
    body = staff.AssignBody.model_validate({"user_id": call.typed.text("user_id")})
    await staff.assign_case(call.view.case.id, body, call.user, call.services)


async def _do_release(call: Call[CaseFile]) -> None:
    await _decide(call, Decision.LIBERAR)


async def _do_confirm(call: Call[CaseFile]) -> None:
    await _decide(call, Decision.CONFIRMAR)


async def _decide(call: Call[CaseFile], decision: Decision) -> None:
    body = staff.DecisionBody(decision=decision, resolution=call.typed.text("resolution"))
    await staff.decide_case(call.view.case.id, body, call.user, call.services)


async def _do_escalate(call: Call[CaseFile]) -> None:
    body = staff.NoteBody(text=call.typed.text("text"))
    await staff.escalate_case(call.view.case.id, body, call.user, call.services)


async def _do_snooze(call: Call[CaseFile]) -> None:
    given = {name: call.typed.text(name) for name in ("rule", "days", "reason")}
    await staff.snooze_rule(call.view.case.id, staff.SnoozeBody.model_validate(given), call.user, call.services)


async def _do_wake(call: Call[CaseFile]) -> None:
    body = staff.RuleBody(rule=call.typed.text("rule"))
    await staff.end_snooze(call.view.case.id, body, call.user, call.services)


async def _do_attach(call: Call[CaseFile]) -> None:
    title = staff.NoteBody(text=call.typed.text("title")).text
    await staff.attach_to_case(
        case_id=call.view.case.id, user=call.user, services=call.services, file=call.file("file"), title=title
    )


async def _do_ros(call: Call[CaseFile]) -> None:
    body = staff.RosSentBody(number=call.typed.text("number"))
    await staff.note_ros(call.view.case.id, body, call.user, call.services)


def _if_open(file: CaseFile) -> str | None:
    return "" if file.open else None


def _to_take(file: CaseFile) -> str | None:
    return "" if file.open and file.case.state is CaseState.PENDIENTE else None


def _to_decide(file: CaseFile) -> str | None:
    if not file.open:
        return None
    return TAKE_FIRST if file.case.state is CaseState.PENDIENTE else ""


def _to_escalate(file: CaseFile) -> str | None:
    if not file.open or file.case.state is CaseState.ESCALADA:
        return None
    return TAKE_FIRST if file.case.state is CaseState.PENDIENTE else ""


def _to_report(file: CaseFile) -> str | None:
    return "" if file.case.ros_until and not file.case.ros_sent_at else None


RESOLVE = Permission.COMPLIANCE_RESOLVE
ACTS: dict[str, Act[CaseFile]] = {
    "tomar": Act(
        permission=RESOLVE,
        icon="user-round-check",
        text="Tomar caso",
        done="El caso es tuyo",
        question=_take,
        run=_do_take,
        why_not=_to_take,
        main=True,
    ),
    "liberar": Act(
        permission=RESOLVE,
        icon="circle-check",
        text="Liberar: falsa alarma",
        done="Caso liberado",
        question=_release,
        run=_do_release,
        why_not=_to_decide,
    ),
    "escalar": Act(
        permission=RESOLVE,
        icon="triangle-alert",
        text="Calificar como sospechoso",
        done="Calificado como sospechoso",
        question=_escalate,
        run=_do_escalate,
        why_not=_to_escalate,
    ),
    "ros-enviado": Act(
        permission=RESOLVE,
        icon="send",
        text="Anotar ROS enviado",
        done="ROS anotado",
        question=_ros,
        run=_do_ros,
        why_not=_to_report,
    ),
    "asignar": Act(
        permission=RESOLVE,
        icon="arrow-left-right",
        text="Asignar a otra persona",
        done="Caso asignado",
        question=_assign,
        run=_do_assign,
        why_not=_if_open,
    ),
    "adjuntar": Act(
        permission=RESOLVE,
        icon="paperclip",
        text="Adjuntar sustento",
        done="Sustento adjuntado",
        question=_attach,
        run=_do_attach,
    ),
    "silenciar": Act(
        permission=RESOLVE,
        icon="bell-off",
        text="Silenciar una regla",
        done="Regla silenciada",
        question=_snooze,
        run=_do_snooze,
        why_not=lambda file: "" if file.rang else None,
    ),
    "reactivar": Act(
        permission=RESOLVE,
        icon="bell-ring",
        text="Reactivar una regla",
        done="Regla reactivada",
        question=_wake,
        run=_do_wake,
        why_not=lambda file: "" if file.case.snoozes else None,
    ),
    "confirmar": Act(
        permission=RESOLVE,
        icon="ban",
        text="Confirmar hallazgo",
        done="Hallazgo confirmado",
        question=_confirm,
        run=_do_confirm,
        why_not=_to_decide,
        danger=True,
    ),
}
