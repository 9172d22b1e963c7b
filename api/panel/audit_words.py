"""The audit in the house's words: what each act is called, and its fields before and after."""

from __future__ import annotations

from typing import Any

from api.panel import words
from db.tables import AuditEntry
from domain.operations import ActorKind

ACTIONS = {
    "operations.create": "Creó la operación",
    "operations.submit_proof": "Registró el abono",
    "operations.edit": "Editó la operación",
    "operations.start_processing": "La pasó a En proceso",
    "operations.return_to_pending": "La devolvió a Pendiente",
    "operations.reassign": "La reasignó",
    "operations.attach_proof": "Adjuntó constancia",
    "operations.remove_proof": "Quitó constancia",
    "operations.complete": "Completó",
    "operations.cancel": "Canceló",
    "operations.extend_deadline": "Amplió el plazo",
    "operations.expire": "Expiró",
    "operations.hold": "Retuvo",
    "operations.stale": "Marcó que pide atención",
    "operations.effect_refused": "Anotó un rechazo",
    "operations.effects_done": "Cerró lo pendiente",
    "operations.resync": "Puso los datos al día",
    "operations.release_hold": "Liberó",
    "operations.confirm_hold": "Confirmó la retención",
    "operations.retry_effect": "Reintentó",
    "operations.waive_effect": "Exoneró",
    "rates.set": "Publicó tasas",
    "users.create": "Creó a la persona",
    "users.reset_password": "Restableció la contraseña",
    "users.change_password": "Cambió su contraseña",
    "users.deactivate": "Desactivó a la persona",
    "users.add_totp": "Activó el código del celular",
    "users.remove_totp": "Quitó el código del celular",
    "users.new_spare_codes": "Hizo códigos de reserva",
    "users.reset_factors": "Quitó el segundo paso",
    "users.add_passkey": "Creó una llave",
    "users.remove_passkey": "Quitó una llave",
    "users.set_role": "Cambió el rol",
    "clients.add_passkey": "Creó una llave",
    "clients.remove_passkey": "Quitó una llave",
    "clients.register": "Registró al cliente",
    "clients.edit": "Editó los datos",
    "clients.correct_identity": "Corrigió la identidad",
    "clients.block": "Bloqueó al cliente",
    "clients.unblock": "Desbloqueó al cliente",
    "clients.reassign": "Reasignó al cliente",
    "clients.close": "Cerró la cuenta",
    "clients.anonymise": "Anonimizó al cliente",
    "clients.activate": "Activó al cliente",
    "clients.approve": "Aprobó al cliente",
    "clients.reject": "Rechazó al cliente",
    "clients.reopen": "Revisa de nuevo al cliente",
    "clients.send_documents": "Adjuntó documentos",
    "clients.accept_document": "Aceptó un documento",
    "clients.observe_document": "Pidió un documento de nuevo",
    "clients.change_password": "Cambió su contraseña",
    "clients.choose_notices": "Eligió qué avisos quiere",
    "clients.declare_risk": "Anotó exposición o procesos",
    "clients.add_person": "Agregó a una persona de la empresa",
    "clients.remove_person": "Quitó a una persona de la empresa",
    "clients.two_people": "Cambió la regla de dos personas",
    "clients.approve_request": "Aprobó un pedido de la empresa",
    "clients.discard_request": "Descartó un pedido de la empresa",
    "complaints.receive": "Recibió un reclamo",
    "complaints.take": "Tomó un reclamo",
    "complaints.answer": "Respondió un reclamo",
    "referrals.credit": "Anotó pips a mano",
    "referrals.redeem": "Canjeó pips",
    "clients.export": "Exportó clientes",
    "operations.export": "Exportó operaciones",
    "accounts.add": "Agregó una cuenta",
    "accounts.remove": "Quitó una cuenta",
    "operations.reversal_ask": "Pidió el reverso",
    "operations.reversal_approve": "Aprobó el reverso",
    "operations.reversal_deny": "Negó el reverso",
    "invoices.export": "Exportó comprobantes",
    "invoices.set_next": "Cambió el número siguiente",
    "invoices.issue_again": "Emitió de nuevo",
    "invoices.resend": "Reenvió el comprobante",
    "notices.resend": "Reenvió un correo",
    "notices.export": "Exportó correos y avisos",
    "referrals.export": "Exportó pips",
    "invoices.void_ask": "Pidió la anulación",
    "invoices.void_approve": "Aprobó la anulación",
    "invoices.void_deny": "Negó la anulación",
    "parameters.set": "Cambió un parámetro",
    "partners.create": "Creó un aliado",
    "partners.rotate_key": "Dio otra clave a un aliado",
    "partners.close": "Cerró a un aliado",
    "rate_alerts.add": "Pidió una alerta de tipo de cambio",
    "rate_alerts.end": "Quitó una alerta de tipo de cambio",
    "rates.set_tiers": "Cambió los tramos de tasa",
    "rates.set_client": "Cambió la tasa de un cliente",
    "approvals.ask": "Pidió una segunda firma",
    "approvals.decide": "Decidió como segunda persona",
    "treasury.apertura": "Registró el saldo inicial",
    "treasury.ajuste": "Ajustó un saldo",
    "treasury.transferencia": "Transfirió entre cuentas",
    "treasury.gasto": "Registró un gasto",
    "treasury.allocate": "Asignó la cuenta de un movimiento",
    "refunds.settle": "Pagó una devolución",
    "house_accounts.add": "Agregó una cuenta de la casa",
    "house_accounts.change": "Cambió una cuenta de la casa",
    "ledger.add_account": "Agregó una cuenta contable",
    "ledger.annul": "Extornó un asiento",
    "ledger.revalue": "Registró la diferencia de cambio",
    "ledger.close_period": "Cerró el mes",
    "ledger.reopen_period": "Reabrió el mes",
    "netting.match": "Calzó operaciones",
    "netting.annul": "Anuló un calce",
    "netting.open_batch": "Abrió un lote",
    "netting.export": "Exportó calces",
    "netting.close_batch": "Cerró un lote",
    "statements.import": "Importó un extracto",
    "statements.confirm": "Confirmó una línea del extracto",
    "statements.dismiss": "Descartó una línea del extracto",
    "statements.undo": "Deshizo una conciliación",
    "goals.set": "Fijó una meta",
    "closings.sign": "Firmó el cierre del día",
    "closings.reopen": "Reabrió el cierre del día",
    "incidents.close": "Cerró un incidente",
    "lists.load": "Cargó una lista restrictiva",
    "screening.client": "Revisó a un cliente en listas",
    "screening.search": "Buscó un nombre en listas",
}
ENTITIES = {
    "operation": "Operación",
    "client": "Cliente",
    "user": "Persona",
    "rate": "Tasa",
    "parameter": "Parámetro",
    "account": "Cuenta",
    "client_account": "Cuenta",
    "complaint": "Reclamo",
    "invoice": "Comprobante",
    "invoice_series": "Serie",
    "partner": "Aliado",
    "rate_alert": "Alerta",
    "approval": "Solicitud",
    "bank_statement": "Extracto",
    "statement_line": "Línea de extracto",
    "batch": "Lote",
    "match": "Calce",
    "daily_closure": "Cierre",
    "goal": "Meta",
    "house_account": "Cuenta de la casa",
    "ledger_account": "Cuenta contable",
    "ledger_entry": "Asiento",
    "ledger_line": "Línea de asiento",
    "ledger_period": "Mes contable",
    "refund": "Devolución",
    "reward_code": "Código de premio",
    "incident": "Incidente",
    "list": "Lista",
    "name_search": "Búsqueda",
}


def action(name: str) -> str:
    """What an act is called; one that has no name yet is shown by its own, readable."""
    return ACTIONS.get(name) or name.replace(".", ": ").replace("_", " ").capitalize()


def actor(kind: str, name: str) -> str:
    """Who did it; only people of the house have a name here."""
    if kind == ActorKind.STAFF:
        return name or "Persona de la casa"
    return {ActorKind.CLIENT.value: "El cliente", ActorKind.PARTNER.value: "Un aliado"}.get(kind, "Sistema")


def subject(entity: str, entity_id: str) -> str:
    """What it was done to: `Operación EXP-1001`."""
    return f"{ENTITIES.get(entity, entity.capitalize())} {entity_id}"


def told(row: AuditEntry, people: dict[int, str]) -> dict[str, Any]:
    """One line for a timeline."""
    parts = [actor(row.actor_kind, people.get(row.actor_id, "")), changed(row.changes), row.reason]
    text = " · ".join(part for part in parts if part)
    return {"what": action(row.action), "icon": "history", "tone": "", "at": row.at, "text": text}


def changed(changes: list[dict[str, str]]) -> str:
    """`estado: Inactivo → Activo; …`; of personal data, which the audit never holds, only the name."""
    return "; ".join(_change(one.get("field", ""), one.get("before", ""), one.get("after", "")) for one in changes)


def _change(field: str, before: str, after: str) -> str:
    name = FIELDS.get(field, field.replace("_", " "))
    return f"{name}: {words.kept(before)} → {words.kept(after)}" if before or after else name


FIELDS = {
    "muted_notices": "avisos apagados",
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
    "closed": "cerrado",
    "goal": "meta",
    "next_number": "número siguiente",
    "pips": "pips",
    "preferential_pips": "pips de mejora",
    "tiers": "tramos",
    "two_people": "dos personas",
    "valid_from": "rige desde",
}
