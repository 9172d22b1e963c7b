"""Names that histories and the Temporal UI keep. Changing one breaks what is running: add, never rename."""

from __future__ import annotations

from temporalio.common import SearchAttributeKey

OPERATION = "Operation"
RECONCILIATION = "Reconciliation"
CLIENT_NOTICE = "ClientNotice"
NOTICE_AGAIN = "NoticeAgain"
CLIENT_ONBOARDING = "ClientOnboarding"
COMPLAINT = "Complaint"
EMAIL_CODE = "EmailCode"
CLIENT_RETENTION = "ClientRetention"
INVOICE_ANSWERS = "InvoiceAnswers"
INVOICE_REISSUE = "InvoiceReissue"
INVOICE_VOID = "InvoiceVoid"
INVOICE_NOTICE = "InvoiceNotice"
OPERATION_REVERSAL = "OperationReversal"
INVOICE_ACCOUNT = "InvoiceAccount"
TREASURY_ROUND = "TreasuryRound"
RATE_ALERTS = "RateAlerts"
LIST_REFRESH = "ListRefresh"
RESCREENING = "Rescreening"
CLIENT_SCREENING = "ClientScreening"
NAME_SEARCH = "NameSearch"
INSPEKTOR_CHECK = "InspektorCheck"
CASE_WATCH = "CaseWatch"

# Task queues: effects on outside services wait on their own, so that a slow provider never delays a person's click.
OPERATIONS_QUEUE = "operaciones"
INVOICING_QUEUE = "facturacion"
NOTICES_QUEUE = "avisos"
# Looking at every client, and downloads: never in the place of an operation.
LISTS_QUEUE = "listas"

# Updates that are not commands of a person (those are named in domain/lifecycle.py).
CREATE = "create"
ADD_NOTE = "add_note"
RESYNC = "resync"
SNAPSHOT = "snapshot"

# Updates and the signal of a client's onboarding.
SEND_PAPERS = "send_papers"
REVIEW_PAPER = "review_paper"
APPROVE = "approve"
REJECT = "reject"
REOPEN = "reopen"
REFRESH = "refresh"
ANSWER_COMPLAINT = "answer"
LOOK_AT_ALL = "look_at_all"

# The update of an annulment.
DECIDE_VOID = "decide"
# The update of a reversal.
DECIDE_REVERSAL = "decide"

RECORD_CREATION = "record_creation"
RECORD_TRANSITION = "record_transition"
RECORD_NOTE = "record_note"
RECORD_ALERT = "record_alert"
ASSESS_OPERATION = "assess_operation"
SETTLE = "settle"
DO_TREASURY_TASK = "do_treasury_task"
ISSUE_INVOICE = "issue_invoice"
ASK_SUNAT = "ask_sunat"
COPY_PAPERS = "copy_papers"
RECORD_VOID_DECISION = "record_void_decision"
VOID_INVOICE = "void_invoice"
CREDIT_INVOICE = "credit_invoice"
RECORD_REVERSAL_DECISION = "record_reversal_decision"
RECLAIM_INVOICE = "reclaim_invoice"
END_REVERSAL = "end_reversal"
EXAMINE_ACCOUNT = "examine_account"
DELIVER_INVOICE_NOTICE = "deliver_invoice_notice"
DELIVER_NOTICE = "deliver_notice"
DELIVER_CLIENT_NOTICE = "deliver_client_notice"
RECONCILE_OPERATIONS = "reconcile_operations"
SCREEN_CLIENT = "screen_client"
OPEN_SCREENING_RUN = "open_screening_run"
RESCREEN_PIECE = "rescreen_piece"
REFRESH_LIST = "refresh_list"
ORDER_RESCREENING = "order_rescreening"
ANSWER_NAME_SEARCH = "answer_name_search"
CONSULT_INSPEKTOR = "consult_inspektor"
OPEN_ONBOARDING = "open_onboarding"
READ_ONBOARDING = "read_onboarding"
RECORD_PAPERS = "record_papers"
RECORD_REVIEW = "record_review"
RECORD_APPROVAL = "record_approval"
RECORD_REJECTION = "record_rejection"
RECORD_REOPENING = "record_reopening"
ASSESS_RISK = "assess_risk"
ACTIVATE_CLIENT = "activate_client"
ANONYMISE_CLIENTS = "anonymise_clients"
DELIVER_EMAIL_CODE = "deliver_email_code"
FIND_COMPLAINT = "find_complaint"
DELIVER_COMPLAINT = "deliver_complaint"
RECORD_ANSWER = "record_answer"
REMIND_COMPLAINT = "remind_complaint"
FIND_RATE_ALERTS = "find_rate_alerts"
DELIVER_RATE_ALERTS = "deliver_rate_alerts"
WATCH_CASES = "watch_cases"
DELIVER_CASE_ALARM = "deliver_case_alarm"

# Search attributes: at most ten Keyword on a SQL visibility store, and never anything that identifies a person.
OP_ESTADO = SearchAttributeKey.for_keyword("OpEstado")
OP_TIPO = SearchAttributeKey.for_keyword("OpTipo")
OP_ORIGEN = SearchAttributeKey.for_keyword("OpOrigen")
OP_OPERADOR = SearchAttributeKey.for_keyword("OpOperador")
OP_ATENCION = SearchAttributeKey.for_keyword("OpAtencion")
CLIENTE_ID = SearchAttributeKey.for_keyword("ClienteId")
OP_VENCE = SearchAttributeKey.for_datetime("OpVence")
SEARCH_ATTRIBUTES = (OP_ESTADO, OP_TIPO, OP_ORIGEN, OP_OPERADOR, OP_ATENCION, CLIENTE_ID, OP_VENCE)


def client_notice_id(notice: str, client_id: int, key: str) -> str:
    """The id of a `ClientNotice` workflow: by internal id, so that the Temporal UI names no person."""
    return f"aviso-{notice}-{client_id}-{key}"


def notice_again_id(code: str, notice: str, key: str) -> str:
    """The id of a `NoticeAgain`: one more mail of an operation, by the click that asked for it."""
    return f"reenvio-{code}-{notice}-{key}"


def onboarding_id(client_id: int) -> str:
    """The id of a client's `ClientOnboarding`."""
    return f"cliente-{client_id}"


def complaint_id(number: int) -> str:
    """The id of the `Complaint` workflow of a sheet, by internal id."""
    return f"reclamo-{number}"


RESCREENING_ID = "revision-de-listas"


def client_screening_id(client_id: int, key: str) -> str:
    """The id of a `ClientScreening`: one look at one client that somebody asked for."""
    return f"revision-cliente-{client_id}-{key}"


def name_search_id(number: int) -> str:
    """The id of a `NameSearch`, by its row: no name."""
    return f"busqueda-{number}"


def inspektor_id(client_id: int) -> str:
    """The id of a client's `InspektorCheck`."""
    return f"inspektor-{client_id}"


def email_code_id(number: int) -> str:
    """The id of the `EmailCode` workflow of one code, by internal id: no address."""
    return f"codigo-correo-{number}"


def rate_alerts_id(rate_id: int) -> str:
    """The id of the `RateAlerts` round of a published rate."""
    return f"alertas-tc-{rate_id}"


def reversal_id(code: str) -> str:
    """The id of the `OperationReversal` of an operation."""
    return f"reverso-{code}"


def void_id(name: str) -> str:
    """The id of the `InvoiceVoid` of a comprobante (`B001-7`)."""
    return f"anulacion-{name}"


def reissue_id(code: str) -> str:
    """The id of the `InvoiceReissue` of an operation."""
    return f"emision-{code}"


def invoice_notice_id(invoice_id: int, notice: str, key: str) -> str:
    """The id of an `InvoiceNotice`: by internal id, so that the Temporal UI names no person."""
    return f"aviso-{notice}-comprobante-{invoice_id}-{key}"
