"""Compliance in the house's words: what each state, factor and result is called, and its tone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.cases import CaseKind, CaseState, Decision, Severity
from domain.clients import DocumentKind, Papers
from domain.lists import ListCode
from domain.risk import ListStatus, RiskLevel
from domain.rules import RuleStatus
from domain.screening import CheckResult, HitState

PAPERS = {
    DocumentKind.DNI_FRONT: "anverso",
    DocumentKind.DNI_BACK: "reverso",
    DocumentKind.RUC_FICHA: "ficha RUC",
}
STATES: dict[CaseState, tuple[str, str]] = {
    CaseState.PENDIENTE: ("pendiente", "hourglass"),
    CaseState.EN_REVISION: ("proceso", "refresh-cw"),
    CaseState.ESCALADA: ("alerta", "triangle-alert"),
    CaseState.RESUELTA: ("completada", "circle-check"),
    CaseState.FALSA_ALARMA: ("cancelado", "ban"),
}
SEVERITIES = {
    Severity.BAJA: "quiet",
    Severity.MEDIA: "proceso",
    Severity.ALTA: "pendiente",
    Severity.CRITICA: "alerta",
}
KINDS = {
    CaseKind.LISTA: "Lista restrictiva",
    CaseKind.PEP: "Persona expuesta",
    CaseKind.MONITOREO: "Monitoreo",
    CaseKind.ESTRUCTURACION: "Estructuración",
    CaseKind.VINCULOS: "Vínculos",
}
DECISIONS = {
    Decision.LIBERAR: "Se liberó: falsa alarma",
    Decision.CONFIRMAR: "Se confirmó: lo retenido se canceló",
}
HITS: dict[HitState, tuple[str, str]] = {
    HitState.NUEVA: ("pendiente", "Por resolver"),
    HitState.DESCARTADA: ("completada", "No es la misma"),
    HitState.CONFIRMADA: ("alerta", "Es la misma"),
}
LEVELS = {
    RiskLevel.BAJO: "completada",
    RiskLevel.MEDIO: "proceso",
    RiskLevel.ALTO: "pendiente",
    RiskLevel.CRITICO: "alerta",
}
RESULTS: dict[CheckResult, tuple[str, str]] = {
    CheckResult.SIN_REVISAR: ("quiet", "Sin revisar"),
    CheckResult.PARCIAL: ("pendiente", "Revisado en parte"),
    CheckResult.LIMPIO: ("completada", "Sin coincidencias"),
    CheckResult.COINCIDENCIA: ("alerta", "Con coincidencias"),
}
LIST_STATUS = {
    ListStatus.SIN_REVISAR: "Sin revisar",
    ListStatus.LIMPIO: "Sin coincidencias",
    ListStatus.COINCIDENCIA: "Con coincidencias",
}
LISTS = {
    ListCode.OFAC: "OFAC (SDN)",
    ListCode.ONU: "ONU, consolidada",
    ListCode.PEP: "PEP de la casa",
    ListCode.INTERNA: "Lista interna",
    ListCode.INSPEKTOR: "Inspektor",
}
RULES: dict[RuleStatus, tuple[str, str]] = {
    RuleStatus.BORRADOR: ("pendiente", "Borrador"),
    RuleStatus.PUBLICADA: ("completada", "En vigencia"),
    RuleStatus.RETIRADA: ("cancelado", "Retirada"),
}
FACTORS = {
    "promedio": "Monto promedio",
    "frecuencia": "Operaciones en 30 días",
    "pep": "Persona expuesta",
    "listas": "Listas restrictivas",
    "procesos": "Procesos legales",
    "documentos": "Documentos aprobados",
}


def lacking(papers: Papers) -> str:
    """What the client still has to send."""
    return ", ".join(PAPERS[kind] for kind in papers.missing)


def unseen(papers: Papers) -> str:
    """What waits for the house."""
    return ", ".join(PAPERS[kind] for kind in papers.to_review)


def stage(papers: Papers, open_hits: int) -> tuple[str, str]:
    """What comes next for a client of the queue: tone and words."""
    if papers.to_review:
        return "pendiente", f"Por revisar: {unseen(papers)}"
    if papers.missing:
        return "quiet", f"Falta: {lacking(papers)}"
    if open_hits:
        return "alerta", f"{open_hits} {'coincidencia' if open_hits == 1 else 'coincidencias'} por resolver"
    return "completada", "Lista para decidir"


def factors(score: Any) -> list[dict[str, Any]]:
    """The lines of a calculation that weigh something, the heaviest first."""
    lines = [
        {"name": FACTORS.get(str(one["name"]), str(one["name"])), "points": one["points"]}
        for one in score.factors
        if one["points"]
    ]
    return sorted(lines, key=lambda line: -abs(int(line["points"])))


def known(table: Mapping[Any, Any], value: object) -> Any:
    """What a value is called; its own text when it has no name here."""
    return table.get(value, str(value))
