"""How the existing clients read a client, an account and an operation: both key styles, numbers, lower-case states.

Only here does a Decimal become a JSON number: their pages call `toFixed` on it (client contract, section 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from api.files import link
from api.services import Services
from db import house_accounts
from db.client_operations import ClientOperation
from db.client_reads import display_name
from db.tables import Client, ClientAccount, ClientDocument, HouseAccount, Invoice, Operation, Proof
from domain.accounts import Bank, symbol
from domain.calendar import in_lima
from domain.clients import ClientStatus, DocumentKind, DocumentType, KycStatus
from domain.invoices import InvoiceStatus
from domain.operations import State

Json = dict[str, Any]
Dates = Literal["utc", "lima"]

# Contract, section 5. The clients compare these texts exactly.
STATES: Mapping[State, str] = {
    State.PENDIENTE: "pendiente",
    State.EN_PROCESO: "en_proceso",
    State.COMPLETADA: "completado",
    State.CANCELADO: "cancelado",
    State.EXPIRADA: "expirado",
}
_LIMA = frozenset({"", "lima", "callao"})
_ISSUED = frozenset({InvoiceStatus.ENVIADO, InvoiceStatus.ACEPTADO})


def moment(instant: datetime, dates: Dates) -> str:
    """ISO with `-05:00` (`lima`: the mobile, the web of mid 2026) or with `Z` (`utc`: the web of January 2026)."""
    if dates == "lima":
        return in_lima(instant).isoformat(timespec="seconds")
    return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def account_object(account: ClientAccount) -> Json:
    """One of the client's accounts (contract #16)."""
    name = account.bank_label or account.bank.value
    return {
        "id": account.id,
        "bank_name": name,
        "banco": name,
        "account_number": account.number,
        "numero_cuenta": account.number,
        "account_type": account.account_type.value,
        "tipo_cuenta": account.account_type.value,
        "currency": symbol(account.currency),
        "moneda": symbol(account.currency),
        "origen": account.region.value,
    }


def account_objects(accounts: Sequence[ClientAccount]) -> list[Json]:
    """The list whose places `banco_cuenta_id` and `account_index` count."""
    return [account_object(account) for account in accounts]


def client_object(
    services: Services,
    client: Client,
    accounts: Sequence[ClientAccount],
    papers: Mapping[str, ClientDocument],
) -> Json:
    """The client (contract 4.1). `dni` holds the document number of whatever type."""
    status = shown_status(client)
    surnames = " ".join(part for part in (client.paternal_surname, client.maternal_surname) if part)
    return {
        "id": client.id,
        "dni": client.document_number,
        "document_type": client.document_type.value,
        "nombres": client.given_names,
        "apellido_paterno": client.paternal_surname,
        "apellido_materno": client.maternal_surname,
        "apellidos": surnames,
        "full_name": display_name(client),
        "razon_social": client.company_name,
        "persona_contacto": client.contact_person,
        "email": client.email,
        "phone": client.phone,
        "telefono": client.phone,
        "direccion": client.address,
        "departamento": client.department,
        "provincia": client.province,
        "distrito": client.district,
        "status": status.value,
        "estado": status.value,
        "has_complete_documents": client.has_complete_documents,
        "kyc_status": _kyc(client),
        "bank_accounts": account_objects(accounts),
        "origen": "Lima" if client.department.strip().casefold() in _LIMA else "Provincia",
        "role": "Cliente",
        "referral_code": client.referral_code,
        **_papers(services, client, papers),
    }


def shown_status(client: Client) -> ClientStatus:
    """The clients know only Activo and Inactivo."""
    return ClientStatus.ACTIVO if client.status is ClientStatus.ACTIVO else ClientStatus.INACTIVO


def _kyc(client: Client) -> str:
    if client.status is ClientStatus.BLOQUEADO:
        return "bloqueado"
    return "completo" if client.kyc_status is KycStatus.APROBADO else "pendiente"


def _papers(services: Services, client: Client, papers: Mapping[str, ClientDocument]) -> Json:
    """Links to what was sent. The mobile looks for a company's in the fields of its representative."""
    front = _paper(services, papers.get(DocumentKind.DNI_FRONT))
    back = _paper(services, papers.get(DocumentKind.DNI_BACK))
    company = client.document_type is DocumentType.RUC
    return {
        "dni_front_url": front,
        "dni_back_url": back,
        "dni_representante_front_url": front if company else None,
        "dni_representante_back_url": back if company else None,
        "ficha_ruc_url": _paper(services, papers.get(DocumentKind.RUC_FICHA)),
    }


def _paper(services: Services, paper: ClientDocument | None) -> str | None:
    return file_url(services, paper.file_key, paper.content_type) if paper else None


def file_url(services: Services, file_key: str, content_type: str) -> str:
    """A link that also works from a page of another origin."""
    return services.settings.public_url.rstrip("/") + link(services, file_key, content_type)


def operation_object(
    services: Services, operation: ClientOperation, house: Sequence[HouseAccount], *, dates: Dates
) -> Json:
    """An operation (contract 4.2) with the keys of the web and of the mobile.

    The reason of a cancellation stays in the house: it may be the resolution of a compliance hold.
    """
    row = operation.row
    mine = [proof for proof in operation.proofs if not proof.by_operator]
    theirs = [proof for proof in operation.proofs if proof.by_operator]
    return {
        **_identity(row),
        **_figures(row),
        **_dates(row, dates),
        **_banks(row, house),
        "notas": row.comments,
        "notes": row.comments,
        "operator_comments": row.comments,
        "comprobante_url": _proof_url(services, mine, 0),
        "client_deposits": [
            {
                "importe": float(deposit.amount),
                "codigo_operacion": deposit.transfer_code,
                "cuenta_cargo": deposit.account,
                "comprobante_url": _proof_url(services, mine, place),
            }
            for place, deposit in enumerate(operation.deposits)
        ],
        "client_proofs": [_proof(services, proof) for proof in mine],
        "operator_proofs": [_proof(services, proof) for proof in theirs],
        "invoices": [_invoice(paper, dates) for paper in operation.invoices if paper.status in _ISSUED],
    }


def _identity(row: Operation) -> Json:
    state = STATES[row.state]
    return {
        "id": row.id,
        "codigo_operacion": row.code,
        "operation_id": row.code,
        "tipo": row.kind.value.lower(),
        "operation_type": row.kind.value,
        "estado": state,
        "status": state,
        "origen": row.origin.value,
    }


def _figures(row: Operation) -> Json:
    return {
        "monto_dolares": float(row.amount_usd),
        "amount_usd": float(row.amount_usd),
        "monto_soles": float(row.amount_pen),
        "amount_pen": float(row.amount_pen),
        "tipo_cambio": float(row.rate),
        "exchange_rate": float(row.rate),
        "tipo_cambio_base": float(row.base_rate),
        "coupon_code": row.coupon or None,
        "coupon_pips": row.coupon_pips,
    }


def _dates(row: Operation, dates: Dates) -> Json:
    created, updated = moment(row.created_at, dates), moment(row.updated_at, dates)
    done = row.finished_at if row.state is State.COMPLETADA else None
    return {
        "fecha_creacion": created,
        "created_at": created,
        "fecha_actualizacion": updated,
        "updated_at": updated,
        "completed_at": moment(done, dates) if done else None,
        "expires_at": moment(row.expires_at, dates) if row.expires_at else None,
        "time_in_process_minutes": _minutes_in_process(row),
    }


def _minutes_in_process(row: Operation) -> int:
    if row.in_process_since is None:
        return 0
    until = row.finished_at or datetime.now(UTC)
    return max(0, int((until - row.in_process_since).total_seconds() // 60))


def _banks(row: Operation, house: Sequence[HouseAccount]) -> Json:
    """Both sides as they were at creation, and where to pay.

    The web of January 2026 picks the company's account by `source_account_info.banco_nombre`, in capitals; with a bare
    number it shows none (contract #21). `cuenta_empresa` is the house's own answer to the same question.
    """
    source = row.source_bank.value
    target = house_accounts.to_pay_into(house, row.source_bank, row.kind.client_pays)
    return {
        "source_bank_name": source,
        "banco_cliente": source,
        "source_account": row.source_account,
        "source_account_info": {
            "banco_nombre": source,
            "banco": source,
            "bank_name": source,
            "numero_cuenta": row.source_account,
            "account_number": row.source_account,
            "moneda": symbol(row.kind.client_pays),
        },
        "destination_bank_name": row.destination_bank.value,
        "destination_account": row.destination_account,
        "cuenta_empresa": company_account(target, row.source_bank) if target else None,
    }


def company_account(account: HouseAccount, source: Bank) -> Json:
    """Where to pay: by account number from the same bank, by CCI from another."""
    by_cci = account.bank is not source
    return {
        "banco": account.bank.value,
        "moneda": symbol(account.currency),
        "numero_cuenta": account.number,
        "cci": account.cci,
        "titular": account.holder,
        "ruc": account.holder_ruc,
        "usar": "cci" if by_cci else "numero_cuenta",
    }


def _proof(services: Services, proof: Proof) -> Json:
    url = file_url(services, proof.file_key, proof.content_type)
    return {"id": proof.number, "comprobante_url": url, "comentario": proof.comment}


def _proof_url(services: Services, proofs: Sequence[Proof], place: int) -> str | None:
    """Proofs and abonos come in the same order, since the mobile sends one picture with each."""
    return file_url(services, proofs[place].file_key, proofs[place].content_type) if place < len(proofs) else None


def _invoice(paper: Invoice, dates: Dates) -> Json:
    return {
        "id": paper.id,
        "nubefact_enlace_pdf": paper.pdf_url,
        "invoice_type": "Nota de crédito" if paper.amends_id else paper.type.value.capitalize(),
        "invoice_number": f"{paper.series}-{paper.number:08d}",
        "monto_total": float(paper.total),
        "created_at": moment(paper.reserved_at, dates),
    }
