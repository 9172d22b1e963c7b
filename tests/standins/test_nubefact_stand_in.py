"""The stand-in of NubeFact takes and refuses what the provider's manual and the predecessor's incidents say."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.standins.invoices import ACCOUNT, FLAGS, TOKEN, about, boleta, code, factura, lima_day, send
from tests.standins.programs import HTTP, StandIn, Starter

SAMPLES = Path(__file__).parents[2].parent / "shared" / "data" / "nubefact"


@pytest.fixture(scope="module")
def process(start: Starter) -> StandIn:
    return start("nubefact", *FLAGS)


@pytest.fixture
def nubefact(process: StandIn) -> StandIn:
    return process.empty()


def consulted(nubefact: StandIn, request: dict[str, Any]) -> httpx.Response:
    return send(nubefact, about(request, "consultar_comprobante"))


@pytest.mark.skipif(not SAMPLES.exists(), reason="the provider's samples are not part of the repository")
def test_every_official_sample_is_accepted_with_the_official_answer(start: Starter):
    nubefact = start("nubefact", *FLAGS, "--any-date")
    official = json.loads((SAMPLES / "generar-cpe-factura-response.json").read_text())
    samples = [p for p in sorted(SAMPLES.glob("generar-cpe-*.json")) if "response" not in p.name]
    assert len(samples) >= 9
    # What the notas de crédito among them amend; the samples bring the factura and not the boleta.
    gravada = json.loads((SAMPLES / "generar-cpe-boleta-12-dolares.json").read_text())
    send(nubefact, gravada | {"numero": 1, "moneda": 1, "tipo_de_cambio": ""})
    for sample in samples:
        answer = send(nubefact, json.loads(sample.read_text()))
        assert answer.status_code == 200, (sample.name, answer.text)
        assert set(answer.json()) == set(official), sample.name
    assert len(nubefact.received()) == len(samples) + 1


@pytest.mark.skipif(not SAMPLES.exists(), reason="the provider's samples are not part of the repository")
def test_the_official_consults_and_voids_answer_with_the_official_keys(start: Starter):
    nubefact = start("nubefact", *FLAGS, "--any-date")
    sample = json.loads((SAMPLES / "generar-cpe-factura-1-gravada.json").read_text())
    send(nubefact, sample)
    send(nubefact, boleta(1, serie="BBB1"))
    for name, answer in (
        ("consultar-cpe-factura", "consultar-cpe-factura-response"),
        ("generar-anulacion-factura", "generar-anulacion-response"),
        ("consultar-anulacion-factura", "consultar-anulacion-factura-response"),
        ("consultar-cpe-boleta", "consultar-cpe-factura-response"),
        ("generar-anulacion-boleta", "generar-anulacion-response"),
    ):
        response = send(nubefact, json.loads((SAMPLES / f"{name}.json").read_text()))
        assert response.status_code == 200, name
        assert set(response.json()) == set(json.loads((SAMPLES / f"{answer}.json").read_text())), name


def test_numbers_and_strings_are_read_alike(nubefact: StandIn):
    as_numbers = {"subtotal": 3700.0, "total": 3700, "valor_unitario": 3700.00, "precio_unitario": 3700.0}
    loose = factura(1, total=3700.00, total_inafecta=3700, tipo_de_comprobante="1", numero="1", item=as_numbers)
    assert send(nubefact, loose | {"total_gravada": "", "percepcion_tipo": None}).json()["numero"] == 1


def test_both_forms_of_the_token_open_the_door(nubefact: StandIn):
    assert send(nubefact, factura(1), Authorization=f'Token token="{TOKEN}"').status_code == 200
    assert send(nubefact, factura(2), Authorization=TOKEN).status_code == 200


@pytest.mark.parametrize("header", ["", "otro", 'Token token="otro"', f"Bearer {TOKEN}"])
def test_a_wrong_token_is_code_10(nubefact: StandIn, header: str):
    assert code(send(nubefact, factura(), Authorization=header)) == (401, 10)
    assert nubefact.received() == []


@pytest.mark.parametrize("path", ["otra-cuenta", f"{ACCOUNT}/documento/generar", ""])
def test_a_path_other_than_the_account_is_code_11(nubefact: StandIn, path: str):
    assert code(send(nubefact, factura(), path=path)) == (400, 11)


def test_a_body_that_is_not_declared_as_json_is_code_12(nubefact: StandIn):
    assert code(send(nubefact, factura(), **{"Content-Type": "text/plain"})) == (400, 12)
    assert send(nubefact, factura(), **{"Content-Type": "application/json; charset=utf-8"}).status_code == 200


@pytest.mark.parametrize(
    ("change", "at_fault"),
    [
        ({"tipo_de_comprobante": "01"}, "tipo_de_comprobante"),
        ({"tipo_de_comprobante": 7}, "tipo_de_comprobante"),
        ({"serie": "F1"}, "serie"),
        ({"numero": "-"}, "numero"),
        ({"numero": "0007"}, "numero"),
        ({"sunat_transaction": 99}, "sunat_transaction"),
        ({"cliente_tipo_de_documento": "RUC"}, "cliente_tipo_de_documento"),
        ({"cliente_denominacion": ""}, "cliente_denominacion"),
        ({"cliente_denominacion": "X" * 101}, "cliente_denominacion"),
        ({"cliente_direccion": None}, "cliente_direccion"),
        ({"cliente_email": "a@example.test; b@example.test"}, "cliente_email"),
        ({"fecha_de_emision": "2026-11-24"}, "fecha_de_emision"),
        ({"moneda": 2}, "tipo_de_cambio"),
        ({"total": "3,700.00"}, "total"),
        ({"total": 3700.005}, "total"),
        ({"detraccion": "no"}, "detraccion"),
        ({"codigo_unico": "X" * 21}, "codigo_unico"),
        ({"items": []}, "items"),
        ({"item": {"descripcion": "X" * 251}}, "items[1].descripcion"),
        ({"item": {"anticipo_regularizacion": None}}, "items[1].anticipo_regularizacion"),
        ({"operacion": "emitir"}, "operacion"),
    ],
)
def test_a_bad_field_is_code_20_and_is_named(nubefact: StandIn, change: dict[str, Any], at_fault: str):
    answer = send(nubefact, factura(**change))
    assert code(answer) == (400, 20)
    assert answer.json()["errors"].startswith("El archivo enviado no cumple con el formato establecido")
    assert at_fault in answer.json()["errors"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"total_inafecta": "", "total_exonerada": "3700.00"}, "Total INAFECTA debe ser mayor a cero"),
        ({"item": {"tipo_de_igv": 30}}, "Tipo de IGV incorrecto"),
        ({"total_inafecta": "", "total_exonerada": "3700.00", "item": {"tipo_de_igv": 20}}, "codigo Tributo: 9996"),
        ({"total": "3700.01"}, "total"),
        ({"total_inafecta": "3699.99"}, "total_inafecta"),
        ({"item": {"subtotal": "3700.01"}}, "suma"),
        ({"item": {"igv": "666.00", "total": "4366.00"}}, "igv"),
        ({"serie": "B001"}, "debe empezar con F"),
        ({"serie": "F009"}, "no está autorizada"),
        ({"cliente_numero_de_documento": "20990000002"}, "RUC"),
        ({"cliente_tipo_de_documento": "1", "cliente_numero_de_documento": "40000001"}, "2800"),
        ({"fecha_de_vencimiento": lima_day()}, "vencimiento"),
        ({"venta_al_credito": [{"cuota": 1, "fecha_de_pago": "01-01-2090", "importe": 3}]}, "venta_al_credito"),
    ],
)
def test_a_broken_rule_is_code_21_with_its_reason(nubefact: StandIn, change: dict[str, Any], message: str):
    """F092: the treatment codes that the predecessor tried in production, with the answers that it got."""
    answer = send(nubefact, factura(**change))
    assert code(answer) == (400, 21)
    assert message in answer.json()["errors"]
    assert nubefact.received() == []


@pytest.mark.parametrize(("days", "taken"), [(0, True), (3, True), (4, False), (-1, False)])
def test_a_factura_reaches_sunat_within_three_days_of_its_date(nubefact: StandIn, days: int, taken: bool):
    answer = send(nubefact, factura(fecha_de_emision=lima_day(days_ago=days)))
    assert answer.status_code == 200 if taken else code(answer) == (400, 22)


def test_a_number_is_taken_once_and_stays_taken_when_voided(nubefact: StandIn):
    """F088: a resent number, also an annulled one, already exists."""
    send(nubefact, factura(1))
    assert code(send(nubefact, factura(1, codigo_unico=""))) == (400, 23)
    send(nubefact, about(factura(1), "generar_anulacion", motivo="ERROR DEL SISTEMA"))
    send(nubefact, about(factura(1), "consultar_anulacion"))
    assert code(send(nubefact, factura(1, codigo_unico=""))) == (400, 23)
    assert len(nubefact.received()) == 1


def test_an_operation_cannot_get_a_second_number_under_the_same_unique_code(nubefact: StandIn):
    """F090: a retry with the next number would be a second legal document."""
    send(nubefact, factura(1, codigo_unico="EXP-1001"))
    assert code(send(nubefact, factura(2, codigo_unico="EXP-1001"))) == (400, 23)


def test_a_skipped_number_is_taken_and_shown_as_a_gap_until_it_is_filled(nubefact: StandIn):
    """F089: start-up reconciliation has to find what the series skipped."""
    for number in (1, 2, 5):
        send(nubefact, factura(number))
    (series,) = HTTP.get(f"{nubefact.url}/admin/gaps").json()
    assert (series["serie"], series["ultimo"], series["huecos"]) == ("F001", 5, [[3, 4]])
    for number in (4, 3):
        assert send(nubefact, factura(number)).status_code == 200
    assert HTTP.get(f"{nubefact.url}/admin/gaps").json()[0]["huecos"] == []


def test_what_was_never_sent_is_code_24(nubefact: StandIn):
    for operation in ("consultar_comprobante", "consultar_anulacion"):
        assert code(send(nubefact, about(factura(), operation))) == (400, 24)
    assert code(send(nubefact, about(factura(), "generar_anulacion", motivo="ERROR"))) == (400, 24)
    send(nubefact, factura())
    assert code(send(nubefact, about(factura(), "consultar_anulacion"))) == (400, 24)


def test_a_baja_is_pending_until_it_is_consulted_and_then_shows_in_the_document(nubefact: StandIn):
    send(nubefact, factura())
    asked = send(nubefact, about(factura(), "generar_anulacion", motivo="ERROR DEL SISTEMA")).json()
    assert (asked["aceptada_por_sunat"], asked["sunat_responsecode"]) == (False, None)
    assert consulted(nubefact, factura()).json()["anulado"] is False
    assert send(nubefact, about(factura(), "consultar_anulacion")).json()["aceptada_por_sunat"] is True
    assert consulted(nubefact, factura()).json()["anulado"] is True
    assert code(send(nubefact, about(factura(), "generar_anulacion", motivo="OTRA VEZ"))) == (400, 21)


def test_boletas_can_wait_for_the_daily_summary(start: Starter):
    nubefact = start("nubefact", *FLAGS, "--boletas", "pending")
    sent = send(nubefact, boleta()).json()
    assert (sent["aceptada_por_sunat"], sent["sunat_responsecode"], sent["enlace_del_cdr"]) == (False, None, "")
    assert code(send(nubefact, about(boleta(), "generar_anulacion", motivo="ERROR"))) == (400, 21)
    assert consulted(nubefact, boleta()).json()["aceptada_por_sunat"] is True
    assert send(nubefact, factura()).json()["aceptada_por_sunat"] is True


def test_sunat_can_reject_what_the_provider_took(nubefact: StandIn):
    """F093: links are no proof of acceptance."""
    nubefact.inject("reject_sunat", operacion="generar_comprobante")
    answer = send(nubefact, factura())
    assert answer.status_code == 200
    assert (answer.json()["aceptada_por_sunat"], answer.json()["sunat_responsecode"]) == (False, "2800")
    assert answer.json()["enlace_del_pdf"]
    assert consulted(nubefact, factura()).json()["aceptada_por_sunat"] is False


def test_the_links_open_a_pdf_an_xml_and_a_cdr(nubefact: StandIn):
    """F095: the attachment has to be a PDF of more than 1 kB."""
    answer = send(nubefact, factura()).json()
    pdf = HTTP.get(answer["enlace"], follow_redirects=True)
    assert pdf.content.startswith(b"%PDF")
    assert len(pdf.content) > 1000
    assert b"F001-1" in HTTP.get(answer["enlace_del_xml"]).content
    assert b"<cbc:ResponseCode>0<" in HTTP.get(answer["enlace_del_cdr"]).content
    assert HTTP.get(f"{nubefact.url}/cpe/nada.pdf").status_code == 404
    assert "| 01 | F001 | 000001 |" in answer["cadena_para_codigo_qr"]


def test_an_injected_download_gives_a_page_instead_of_the_pdf(nubefact: StandIn):
    """F095."""
    link = send(nubefact, factura()).json()["enlace_del_pdf"]
    nubefact.inject("html", operacion="descarga")
    assert HTTP.get(link).headers["content-type"].startswith("text/html")
    assert HTTP.get(link).content.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("failure", "status", "taken"),
    [
        ("500", 500, 0),
        ("500_after", 500, 1),
        ("html", 200, 0),
        ("wrong_json", 200, 1),
        ("suspended", 401, 0),
        ("suspended_unpaid", 401, 0),
        ("down", 503, 0),
    ],
)
def test_an_injected_failure_is_shown_and_then_over(nubefact: StandIn, failure: str, status: int, taken: int):
    nubefact.inject(failure, times=2)
    for number in (1, 2):
        answer = send(nubefact, factura(number))
        assert answer.status_code == status
        if failure in ("html", "wrong_json"):
            with pytest.raises(json.JSONDecodeError):
                answer.json()
    assert len(nubefact.received()) == taken * 2
    nubefact.forget_failures()
    assert send(nubefact, factura(3)).status_code == 200


@pytest.mark.parametrize(("failure", "taken"), [("timeout_before", 0), ("timeout_after", 1)])
def test_a_time_out_may_come_before_or_after_the_document_is_taken(nubefact: StandIn, failure: str, taken: int):
    """F090: the client cannot tell the two apart, and only a consult does."""
    nubefact.inject(failure, seconds=3)
    with pytest.raises(httpx.ReadTimeout):
        send(nubefact, factura(), timeout=0.5)
    assert len(nubefact.received()) == taken
    answer = consulted(nubefact, factura())
    assert answer.status_code == 200 if taken else code(answer) == (400, 24)


def test_down_lasts_until_it_is_deleted_and_other_operations_go_on(nubefact: StandIn):
    send(nubefact, factura(1))
    nubefact.inject("down", operacion="generar_comprobante")
    assert [send(nubefact, factura(2)).status_code for _ in range(4)] == [503] * 4
    assert consulted(nubefact, factura(1)).status_code == 200
    nubefact.forget_failures()
    assert send(nubefact, factura(2)).status_code == 200


def test_an_unknown_failure_is_refused(nubefact: StandIn):
    assert HTTP.post(f"{nubefact.url}/admin/inject", json={"failure": "fire"}).status_code == 422


def test_each_document_is_received_once_with_its_whole_request(nubefact: StandIn):
    for _ in range(3):
        send(nubefact, factura(1))
    send(nubefact, about(factura(1), "consultar_comprobante"))
    send(nubefact, about(factura(1), "generar_anulacion", motivo="ERROR DEL SISTEMA"))
    send(nubefact, boleta(2))
    found = [document for document in nubefact.received() if "EXP-1001" in json.dumps(document)]
    assert len(found) == 1
    assert found[0]["request"]["observaciones"] == "Operación EXP-1001"
    calls = HTTP.get(f"{nubefact.url}/admin/calls").json()
    assert [call["status"] for call in calls] == [200, 400, 400, 200, 200, 200]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_documents_survive_a_stop_and_a_kill(nubefact: StandIn, number: int):
    send(nubefact, factura(1))
    send(nubefact, about(factura(1), "generar_anulacion", motivo="ERROR DEL SISTEMA"))
    stopped = nubefact.stop(number)
    assert stopped == (0 if number == signal.SIGTERM else -signal.SIGKILL)
    nubefact.start()
    assert code(send(nubefact, factura(1))) == (400, 23)
    assert send(nubefact, about(factura(1), "consultar_anulacion")).json()["aceptada_por_sunat"] is True
    assert HTTP.get(nubefact.received()[0]["response"]["enlace_del_pdf"]).content.startswith(b"%PDF")
