"""The contract of the existing clients, written down once more as data: one line a row of its tables.

Who calls in which situation (`given`), what it sends, and what its pages read of the answer, by key and type: they call
number methods on money and compare states as exact texts, so the type is part of the contract.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

# A JSON number that is no truth value; an instant as `client_dates` = lima writes it.
NUMBER, TEXT, TRUTH, WHOLE = "number", "text", "truth", "whole"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-05:00")
CODE = re.compile(r"EXP-\d{4,}")
ANY = object()
OK: dict[str, Any] = {"success": True}
SAID: dict[str, Any] = {**OK, "message": TEXT}

CLIENT: dict[str, Any] = {
    **dict.fromkeys(("id",), WHOLE),
    **dict.fromkeys(("dni", "document_type", "nombres", "apellido_paterno", "apellido_materno", "full_name"), TEXT),
    **dict.fromkeys(("razon_social", "persona_contacto", "email", "phone", "direccion", "departamento"), TEXT),
    **dict.fromkeys(("provincia", "distrito", "estado", "origen", "referral_code"), TEXT),
    "status": re.compile("Activo|Inactivo"),
    "kyc_status": re.compile("pendiente|completo|bloqueado"),
    "role": "Cliente",
    "has_complete_documents": TRUTH,
    **dict.fromkeys(("dni_front_url", "dni_back_url", "ficha_ruc_url"), ANY),
    **dict.fromkeys(("dni_representante_front_url", "dni_representante_back_url"), ANY),
    "bank_accounts": list,
}
ACCOUNT: dict[str, Any] = {
    **dict.fromkeys(("bank_name", "banco", "account_number", "numero_cuenta", "account_type", "tipo_cuenta"), TEXT),
    "currency": re.compile(r"S/|\$"),
    "moneda": re.compile(r"S/|\$"),
    "origen": re.compile("Lima|Provincia"),
}
OPERATION: dict[str, Any] = {
    "id": WHOLE,
    "codigo_operacion": CODE,
    "operation_id": CODE,
    "tipo": re.compile("compra|venta"),
    "operation_type": re.compile("Compra|Venta"),
    **dict.fromkeys(("estado", "status"), re.compile("pendiente|en_proceso|completado|cancelado|expirado")),
    **dict.fromkeys(("monto_dolares", "amount_usd", "monto_soles", "amount_pen"), NUMBER),
    **dict.fromkeys(("tipo_cambio", "exchange_rate", "time_in_process_minutes"), NUMBER),
    **dict.fromkeys(("fecha_creacion", "created_at", "fecha_actualizacion", "updated_at"), INSTANT),
    **dict.fromkeys(("completed_at", "comprobante_url"), ANY),
    **dict.fromkeys(("notas", "notes", "operator_comments", "origen"), TEXT),
    **dict.fromkeys(("client_deposits", "operator_proofs", "invoices"), list),
    **dict.fromkeys(("source_bank_name", "banco_cliente", "source_account", "destination_bank_name"), TEXT),
    "destination_account": TEXT,
    "source_account_info": {"banco_nombre": "BCP", "banco": "BCP", "bank_name": "BCP"},
}
NEW_ACCOUNT = {
    "bank_name": "INTERBANK",
    "account_number": "1983001234567",
    "account_type": "Ahorro",
    "currency": "S/",
    "origen": "Lima",
}
PERSON = {
    "tipo_persona": "Natural",
    "tipo_documento": "DNI",
    "dni": "{new}",
    "email": "nueva{new}@example.test",
    "telefono": "987654321",
    "direccion": "",
    "departamento": "",
    "provincia": "",
    "distrito": "",
    "password": "clave-larga-7",
    "accept_promotions": True,
    "nombres": "ROSA MARÍA",
    "apellido_paterno": "QUISPE",
    "apellido_materno": "ROJAS",
}
COMPANY = {
    "tipo_persona": "Jurídica",
    "ruc": "20512333797",
    "email": "empresa@example.test",
    "telefono": "987654321",
    "password": "clave-larga-7",
    "razon_social": "COMERCIAL 3 S.A.C.",
    "persona_contacto": "ROSA QUISPE",
}
SHEET = {
    "tipoDocumento": "DNI",
    "numeroDocumento": "40000010",
    "nombres": "Ana",
    "apellidos": "Rojas",
    "email": "ana@example.test",
    "telefono": "987654321",
    "direccion": "Av. Inventada 1",
    "tipoSolicitud": "Reclamo",
    "detalle": "No recibí mi comprobante.",
}
MINE = {"dni": "{dni}"}
WEB = {**MINE, "tipo": "compra", "monto_dolares": 31, "monto_soles": 1.0, "banco_cuenta_id": 1}
APP = {
    "client_dni": "{dni}",
    "operation_type": "Compra",
    "amount_usd": 100,
    "exchange_rate": 9.99,
    "source_account": "19110012345601",
    "destination_account": "19110012345602",
    "notes": "",
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row. `given`: '' nobody signed in, 'client', or a client with an operation in a state.

    `{dni}`, `{id}`, `{new}` and `{code}` stand for the client's own, a fresh document, and the code that was mailed.
    """

    number: str
    call: str
    given: str = "client"
    body: dict[str, Any] | None = None
    query: dict[str, str] | None = None
    form: dict[str, Any] | None = None
    files: tuple[str, ...] = ()
    status: int = 200
    reads: Any = field(default_factory=lambda: SAID)

    @property
    def method(self) -> str:
        return self.call.split()[0]

    @property
    def path(self) -> str:
        return self.call.split()[1]


RATES = {**OK, "data": {"tipo_compra": NUMBER, "tipo_venta": NUMBER, "fecha_actualizacion": INSTANT}}
SIGNED_IN = {**OK, "client": CLIENT, "requires_password_change": TRUTH}
LIST = {**OK, "data": [OPERATION]}
ONE = {**OK, "data": OPERATION}
ACCOUNTS = {**SAID, "bank_accounts": [ACCOUNT]}
CREATED = {**SAID, "data": {"operation": OPERATION}}
TOTALS = dict.fromkeys(("total_operations", "total_soles", "total_dolares", "pending_operations"), NUMBER)
REFERRALS = {
    **OK,
    "referral_code": re.compile("[A-Z0-9]{6}"),
    **dict.fromkeys(("total_referred_clients", "total_completed_operations", "total_pips_earned"), NUMBER),
    **dict.fromkeys(("pips_available", "completed_uses"), NUMBER),
    "referred_clients": [
        {
            **dict.fromkeys(("name", "dni", "document_type", "status"), TEXT),
            "created_at": INSTANT,
            "operation_date": ANY,
        }
    ],
}
HOLDER = {**OK, **dict.fromkeys(("nombres", "apellido_paterno", "apellido_materno"), TEXT)}
TAXPAYER = {**OK, **dict.fromkeys(("razon_social", "direccion", "departamento", "provincia", "distrito"), TEXT)}
STATE = {**TAXPAYER, "estado": TEXT, "condicion": TEXT}
UPDATE = {**MINE, "direccion": "Jr. Inventado 4", "departamento": "Lima", "provincia": "Lima", "distrito": "Lince"}
FORGOTTEN = {**MINE, "email": "c{dni}@example.test"}
NEW_PASSWORD = {**MINE, "current_password": "clave-de-prueba-1", "new_password": "otra-clave-9"}
TYPED = {"email": "codigo@example.test", "code": "{code}"}
ANSWERED = {**SAID, "operation": OPERATION}
POSTS = {"operation_id": "{id}", "voucher_code": "00123456"}
ABONO = {"deposit_index": 0, "importe": "100.00", "codigo_operacion": "77"}

ROWS = (
    Row(number="1", call="GET /api/platform/public/exchange-rates", given="", reads=RATES),
    Row(number="2", call="POST /api/client/login", body={**MINE, "password": "clave-de-prueba-1"}, reads=SIGNED_IN),
    Row(number="3", call="POST /api/client/forgot-password", given="", body={**FORGOTTEN, "dni": "49999999"}),
    Row(number="4", call="POST /api/client/change-password", body=NEW_PASSWORD),
    Row(number="5", call="POST /api/client/me", body=MINE, reads={**OK, "client": CLIENT}),
    Row(number="6", call="POST /auth/logout", reads=OK),
    Row(number="7", call="POST /api/web/register", given="", body=PERSON, status=201),
    Row(number="8", call="GET /api/web/check-document", query=MINE, given="", reads={"exists": False}),
    Row(number="9", call="GET /api/web/dni-lookup", query={"numero": "40000010"}, given="", reads=HOLDER),
    Row(number="10", call="GET /api/web/ruc-lookup", query={"numero": "20512333797"}, given="", reads=STATE),
    Row(
        number="11",
        call="POST /api/web/send-verification-code",
        given="",
        body={"email": "otra@example.test", "telefono": "987654321", "telefonoCodigo": "+51"},
    ),
    Row(number="12", call="POST /api/web/verify-code", given="code", body=TYPED),
    Row(number="13", call="POST /api/web/update-address", body=UPDATE),
    Row(number="14", call="POST /api/web/complaints", given="", form=SHEET, files=("evidenceImage",)),
    Row(number="16", call="POST /api/web/my-accounts", body=MINE, reads={**OK, "data": [ACCOUNT]}),
    Row(number="17", call="POST /api/web/add-bank-account", body={**MINE, **NEW_ACCOUNT}, reads=ACCOUNTS),
    Row(
        number="18",
        call="POST /api/web/remove-bank-account",
        given="3",
        body={**MINE, "account_index": 2},
        reads=ACCOUNTS,
    ),
    Row(number="19", call="POST /api/web/my-operations", given="pending", body=MINE, reads=LIST),
    Row(number="20", call="POST /api/web/stats", given="pending", body=MINE, reads={**OK, "data": TOTALS}),
    Row(number="21", call="POST /api/web/create-operation", body=WEB, status=201, reads=CREATED),
    Row(
        number="22",
        call="POST /api/web/get-operation",
        given="pending",
        body={**MINE, "operation_id": "{id}"},
        reads=ONE,
    ),
    Row(number="23", call="GET /api/operations/{id}", given="pending", reads=ONE),
    Row(
        number="24",
        call="POST /api/web/submit-proof",
        given="live",
        form=POSTS,
        files=("files", "files"),
        reads=ANSWERED,
    ),
    Row(
        number="25", call="POST /api/operations/{id}/upload-proof", given="live", files=("comprobante",), reads=ANSWERED
    ),
    Row(
        number="26", call="POST /api/web/cancel-operation", given="live", body={"operation_id": "{id}", "reason": "No"}
    ),
    Row(number="27", call="POST /api/client/upload-dni", given="new", form=MINE, files=("dni_front", "dni_back")),
    Row(
        number="28",
        call="POST /api/referrals/validate",
        given="",
        body={"code": "ZZZZZZ", "client_dni": ""},
        reads={**SAID, "is_valid": False},
    ),
    Row(number="29", call="GET /api/referrals/stats/{dni}", given="friend", reads=REFERRALS),
    Row(
        number="30",
        call="POST /api/referrals/generate-reward-code",
        given="pips",
        body={"client_dni": "{dni}"},
        reads={**SAID, "reward_code": {"code": re.compile("[A-Z0-9]{6}")}},
    ),
    Row(number="M2", call="GET /auth/logout", reads=OK),
    Row(number="M6", call="POST /api/client/register", given="", body=COMPANY, status=201),
    Row(
        number="M8",
        call="GET /api/client/exchange-rates",
        given="",
        reads={**OK, "rates": {"compra": NUMBER, "venta": NUMBER}},
    ),
    Row(
        number="M9",
        call="GET /api/client/my-operations/{dni}",
        given="pending",
        reads={**OK, "operations": [OPERATION]},
    ),
    Row(number="M10", call="GET /api/client/operation/{id}", given="pending", reads={**OK, "operation": OPERATION}),
    Row(number="M11", call="POST /api/client/create-operation", body=APP, status=201, reads=ANSWERED),
    Row(
        number="M12",
        call="POST /api/client/submit-transfer-code/{id}",
        given="live",
        body={"codigo_operacion": "00999"},
    ),
    Row(number="M13", call="POST /api/client/upload-deposit-proof/{id}", given="live", form=ABONO, files=("file",)),
    Row(number="M14", call="POST /api/client/cancel-operation/{id}", given="live", body={"cancellation_reason": "No"}),
    Row(number="M15", call="POST /api/client/cancel-expired-operation/{id}", given="pending", body={}),
    Row(
        number="M16",
        call="POST /api/client/add-bank-account/{dni}",
        body={**NEW_ACCOUNT, "bank_name": "Mi Banco", "account_number": "01136600010003254221"},
        reads=ACCOUNTS,
    ),
    Row(number="M17", call="DELETE /api/client/delete-bank-account/{dni}/2", given="3", reads=ACCOUNTS),
    Row(
        number="M19",
        call="POST /api/client/register-push-token",
        body={**MINE, "push_token": "ExponentPushToken[abcdefghijklmnopq]"},
    ),
)
# The same address and answer as another row: M1 #2, M3 #3, M4 #4, M5 #5, M7 #9 and #10, M18 #27. M21 is two HTML pages.
SAME = {"M1": "2", "M3": "3", "M4": "4", "M5": "5", "M7": "9", "M18": "27"}
PAGES = ("/legal/terms", "/legal/privacy")
PAGE_ROWS = ("M21",)
# On purpose: the ticker is other people's data and its page lives without it; M20 must not exist; no client can reach
# #31 to #35.
LEFT_OUT = ("15", "M20")
NOT_SERVED = (
    "GET /mercado/api/ticker",
    "PUT /api/client/operation/1/status",
    "GET /position/api/bank_balances",
    "GET /position/api/bank_reconciliation",
    "POST /position/api/update_balance",
)
# Each event with what the pages read of it.
MOVED = {
    "id": WHOLE,
    "operation_id": CODE,
    "status": TEXT,
    "status_key": re.compile("pendiente|en_proceso|completado|cancelado"),
    **dict.fromkeys(("amount_usd", "amount_pen", "exchange_rate"), NUMBER),
    "updated_at": TEXT,
}
EVENTS: dict[str, Any] = {
    "tipos_cambio_actualizados": {"compra": NUMBER, "venta": NUMBER, "updated_at": TEXT},
    "nueva_operacion": {"operation_id": CODE},
    "operacion_cliente_actualizada": {**MOVED, "old_status": TEXT},
    "operacion_actualizada": MOVED,
    "operacion_cancelada": {**MOVED, "status": "Cancelada", "status_key": "cancelado"},
    "operacion_completada": {**MOVED, "status_key": "completado"},
    "operation_expired": {"operation_id": CODE, "title": TEXT, "message": TEXT},
    "documents_approved": {"title": TEXT, "message": TEXT, "client_dni": TEXT},
    "client_deleted": {"client_id": WHOLE, "client_dni": TEXT},
    "joined_room": {"room": re.compile(r"client_\d+"), "dni": TEXT},
}


def mismatch(found: Any, wanted: Any, where: str = "") -> str:
    """Where the answer is not what the pages read; empty when it is."""
    if wanted is ANY:
        return ""
    if isinstance(wanted, dict):
        if not isinstance(found, dict):
            return f"{where}: no object"
        missing = [f"{where}.{key} is missing" for key in wanted if key not in found]
        deeper = (mismatch(found[key], value, f"{where}.{key}") for key, value in wanted.items() if key in found)
        return "; ".join(filter(None, [*missing, *deeper]))
    if isinstance(wanted, list):
        if not isinstance(found, list) or not found:
            return f"{where}: no list, or an empty one"
        return mismatch(found[0], wanted[0], f"{where}[0]")
    return "" if _fits(found, wanted) else f"{where}: {found!r}"


def _fits(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, re.Pattern):
        return isinstance(found, str) and wanted.fullmatch(found) is not None
    kinds: dict[Any, Any] = {NUMBER: int | float, WHOLE: int, TEXT: str, TRUTH: bool, list: list}
    if wanted in kinds:
        return isinstance(found, kinds[wanted]) and (wanted == TRUTH or not isinstance(found, bool))
    return bool(found == wanted)
