"""What is sent to NubeFact, and how its answers are read."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import httpx
import pytest

from domain.invoices import CreditNoteReason, InvoiceType, Treatment
from domain.money import Currency
from integrations import nubefact
from integrations.nubefact import Amended, Answer, Document
from integrations.nubefact_messages import taking_back

DOCUMENT = Document(
    type=InvoiceType.BOLETA,
    series="B001",
    number=7,
    issued_on=date(2026, 11, 25),
    document_code="1",
    document_number="45678912",
    name="Ana " + "Quispe " * 30,
    address="",
    email="",
    total=Decimal("3700.00"),
    treatment=Treatment.INAFECTO,
    description="QORICASH VENDE 1,000.00 USD",
    unique_code="EXP-1001",
    notes="Operación EXP-1001",
)


def test_an_exchange_is_one_inafecta_line_of_the_whole_amount_in_pen():
    """F092: taxed 0, IGV 0, total 3,700.00, tipo_de_igv 9."""
    body = DOCUMENT.body()
    (line,) = body["items"]
    assert (body["tipo_de_comprobante"], body["numero"], body["moneda"], body["sunat_transaction"]) == (2, 7, 1, 1)
    assert body["total_gravada"] == body["total_igv"] == "0.00"
    assert body["total_inafecta"] == body["total"] == "3700.00"
    assert (line["tipo_de_igv"], line["valor_unitario"], line["igv"], line["total"]) == (
        9,
        "3700.00",
        "0.00",
        "3700.00",
    )
    assert body["fecha_de_emision"] == "25-11-2026"


@pytest.mark.parametrize("treatment", list(Treatment))
def test_a_nota_takes_back_the_whole_document_to_the_cent(treatment: Treatment):
    """Same client, sums, currency and treatment as what was sent, whatever the settings and the client say today."""
    sent = replace(DOCUMENT, treatment=treatment, currency=Currency.USD, exchange_rate=Decimal("3.412")).body()
    amended = Amended(type=InvoiceType.BOLETA, series="B001", number=7, reason=CreditNoteReason.DEVOLUCION_TOTAL)
    today = date(2026, 12, 9)
    body = taking_back(sent, amended, series="BC01", number=1, issued_on=today, unique_code="EXP-1001-N9").body()
    named = {"tipo_de_comprobante": 3, "serie": "BC01", "numero": 1, "fecha_de_emision": "09-12-2026"}
    changed = {**named, "codigo_unico": "EXP-1001-N9"}
    added = {
        "documento_que_se_modifica_tipo": 2,
        "documento_que_se_modifica_serie": "B001",
        "documento_que_se_modifica_numero": 7,
        "tipo_de_nota_de_credito": 6,
    }
    assert body == {**sent, **changed, **added}


def test_what_is_too_long_or_missing_fits_the_provider():
    body = DOCUMENT.body()
    assert len(body["cliente_denominacion"]) == 100
    assert body["cliente_direccion"] == "-"


def test_texts_are_cut_to_the_provider_and_a_bad_address_is_left_out():
    long = replace(
        DOCUMENT, notes="n " * 900, description="d " * 200, address="Av.\n  Larga " * 30, email="a@b; c@d.pe"
    )
    body = long.body()
    assert (len(body["observaciones"]), len(body["items"][0]["descripcion"])) == (999, 249)
    assert body["cliente_direccion"].startswith("Av. Larga Av.")
    assert len(body["cliente_direccion"]) <= 100
    assert body["cliente_email"] == ""
    assert replace(DOCUMENT, email="a@example.test").body()["cliente_email"] == "a@example.test"


def test_a_nota_de_credito_names_what_it_amends():
    amends = Amended(type=InvoiceType.BOLETA, series="B001", number=7, reason=CreditNoteReason.DEVOLUCION_TOTAL)
    body = replace(DOCUMENT, type=InvoiceType.NOTA_CREDITO, series="BC01", number=1, amends=amends).body()
    amended = [body[f"documento_que_se_modifica_{part}"] for part in ("tipo", "serie", "numero")]
    assert (body["tipo_de_comprobante"], amended, body["tipo_de_nota_de_credito"]) == (3, [2, "B001", 7], 6)
    assert "documento_que_se_modifica_tipo" not in DOCUMENT.body()


def test_no_number_travels_as_a_float():
    assert not [value for value in DOCUMENT.body().values() if isinstance(value, float)]


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (401, {"errors": "token", "codigo": 10}, nubefact.Configuration),
        (400, {"errors": "ruta", "codigo": "11"}, nubefact.Configuration),
        (400, {"errors": "cabecera", "codigo": 12}, nubefact.Configuration),
        (400, {"errors": "formato", "codigo": 20}, nubefact.Refused),
        (400, {"errors": "suma", "codigo": 21}, nubefact.Refused),
        (400, {"errors": "La serie F009 no está autorizada", "codigo": 21}, nubefact.UnauthorisedSeries),
        (400, {"errors": "La serie B001 debe empezar con F", "codigo": 21}, nubefact.Refused),
        (400, {"errors": "plazo", "codigo": 22}, nubefact.Refused),
        (400, {"errors": "ya existe", "codigo": 23}, nubefact.Duplicate),
        (400, {"errors": "no existe", "codigo": 24}, nubefact.Unknown),
        (500, {"errors": "interno", "codigo": 40}, nubefact.Retryable),
        (401, {"errors": "suspendida", "codigo": 50}, nubefact.Configuration),
        (400, {"errors": "falta de pago", "codigo": 51}, nubefact.Configuration),
        (400, {"errors": "otro", "codigo": 99}, nubefact.Refused),
        (503, {"errors": "otro"}, nubefact.Retryable),
    ],
)
def test_each_code_of_the_manual_says_what_to_do_next(status: int, said: dict, kind: type[Exception]):
    """Manual v2.9, table of errors."""
    assert type(nubefact._classified(status, said)) is kind


@pytest.mark.parametrize(
    ("status", "kind"), [(200, nubefact.Retryable), (502, nubefact.Retryable), (404, nubefact.Configuration)]
)
def test_a_page_in_place_of_json_is_classified_by_its_status(status: int, kind: type[Exception]):
    answer = httpx.Response(status, html="<h1>Bad Gateway</h1>")
    assert type(nubefact._unreadable(answer)) is kind


def answered(**fields: object) -> Answer:
    return Answer.model_validate({"serie": "B001", "numero": 7, "aceptada_por_sunat": False, **fields})


def test_sunat_has_three_answers_and_silence_is_not_a_refusal():
    """F093."""
    assert not answered(sunat_responsecode=None).rejected
    assert answered(sunat_responsecode="2800").rejected
    assert not answered(aceptada_por_sunat=True, sunat_responsecode="0").rejected


@pytest.mark.parametrize(
    ("qr", "other"),
    [
        ("20990000009 | 03 | B001 | 000007 | 0.00 | 3700.00 | 25-11-2026 | 1 | 45678912 | h |", False),
        ("20990000009 | 03 | B001 | 000007 | 0.00 | 3700.00 | 25-11-2026 | 1 | 87654321 | h |", True),
        ("20990000009 | 03 | B001 | 000007 | 0.00 | 99.00 | 25-11-2026 | 1 | 45678912 | h |", True),
        ("20600695771 | 01 | FFF1 | 000001 | ...", False),
        ("", False),
    ],
)
def test_a_document_is_only_said_to_be_anothers_when_it_is_certain(qr: str, other: bool):
    """F089, F090: a wrong "certain" would issue a second document for the operation."""
    assert answered(cadena_para_codigo_qr=qr).belongs_to_other(DOCUMENT.body()) is other


def test_a_body_is_exact_json():
    assert json.loads(json.dumps(DOCUMENT.body()))["total"] == "3700.00"
