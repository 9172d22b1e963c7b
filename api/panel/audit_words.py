"""The audit in the house's words: what each act is called, and its fields before and after."""

from __future__ import annotations

from typing import Any

from db.tables import AuditEntry
from domain.operations import ActorKind

ACTIONS = {
    "create": "Creó la operación",
    "submit_proof": "Registró el abono",
    "edit": "Editó la operación",
    "start_processing": "La pasó a En proceso",
    "return_to_pending": "La devolvió a Pendiente",
    "reassign": "La reasignó",
    "attach_proof": "Adjuntó constancia",
    "remove_proof": "Quitó constancia",
    "complete": "Completó",
    "cancel": "Canceló",
    "extend_deadline": "Amplió el plazo",
    "expire": "Expiró",
    "hold": "Retuvo",
    "release_hold": "Liberó",
    "confirm_hold": "Confirmó la retención",
    "retry_effect": "Reintentó",
    "waive_effect": "Exoneró",
    "rates.set": "Publicó tasas",
    "users.create": "Creó a la persona",
    "users.reset_password": "Restableció la contraseña",
    "users.change_password": "Cambió su contraseña",
    "users.deactivate": "Desactivó a la persona",
    "users.set_role": "Cambió el rol",
    "clients.register": "Registró al cliente",
    "clients.create": "Registró al cliente",
    "clients.edit": "Editó los datos",
    "clients.correct_identity": "Corrigió la identidad",
    "clients.block": "Bloqueó al cliente",
    "clients.unblock": "Desbloqueó al cliente",
    "clients.reassign": "Reasignó al cliente",
    "clients.close": "Cerró la cuenta",
    "clients.anonymise": "Anonimizó al cliente",
    "clients.export": "Exportó clientes",
    "operations.export": "Exportó operaciones",
    "accounts.add": "Agregó una cuenta",
    "accounts.remove": "Quitó una cuenta",
    "parameters.set": "Cambió un parámetro",
}
ENTITIES = {
    "operation": "Operación",
    "client": "Cliente",
    "user": "Persona",
    "rate": "Tasa",
    "parameter": "Parámetro",
    "account": "Cuenta",
}


def action(name: str) -> str:
    """What an act is called; one that has no name yet is shown by its own, readable."""
    return ACTIONS.get(name) or name.replace(".", ": ").replace("_", " ").capitalize()


def actor(row: AuditEntry, people: dict[int, str]) -> str:
    """Who did it."""
    if row.actor_kind == ActorKind.STAFF:
        return people.get(row.actor_id, "Persona de la casa")
    return "El cliente" if row.actor_kind == ActorKind.CLIENT else "Sistema"


def subject(row: AuditEntry) -> str:
    """What it was done to: `Operación EXP-1001`."""
    return f"{ENTITIES.get(row.entity, row.entity.capitalize())} {row.entity_id}"


def told(row: AuditEntry, people: dict[int, str]) -> dict[str, Any]:
    """One line for a timeline."""
    parts = [actor(row, people), changed(row.changes), row.reason]
    text = " · ".join(part for part in parts if part)
    return {"what": action(row.action), "icon": "history", "tone": "", "at": row.at, "text": text}


def changed(changes: list[dict[str, str]]) -> str:
    """`estado: Inactivo → Activo; …`."""
    return "; ".join(
        f"{_field(one.get('field', ''))}: {one.get('before') or 'nada'} → {one.get('after') or 'nada'}"
        for one in changes
    )


def _field(name: str) -> str:
    return FIELDS.get(name, name.replace("_", " "))


FIELDS = {
    "status": "estado",
    "role": "rol",
    "buy": "compra",
    "sell": "venta",
    "amount_usd": "dólares",
    "amount_pen": "soles",
    "state": "estado",
    "deposits": "abonos",
    "payouts": "pagos",
    "proofs": "constancias",
    "comments": "comentario",
    "operator_id": "operador",
    "expires_at": "vence",
    "in_process_since": "en proceso desde",
    "finished_at": "terminó",
    "reason": "motivo",
    "email": "correo",
    "phone": "celular",
    "address": "dirección",
    "department": "departamento",
    "province": "provincia",
    "district": "distrito",
    "trader_id": "trader",
    "kyc_status": "revisión",
    "assessment": "evaluación",
    "attention": "atención",
    "value": "valor",
    "document_number": "documento",
    "document_type": "tipo de documento",
    "given_names": "nombres",
    "paternal_surname": "apellido paterno",
    "maternal_surname": "apellido materno",
    "company_name": "razón social",
}
