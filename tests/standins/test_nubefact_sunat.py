"""What SUNAT answers through the stand-in of NubeFact, notas de crédito, and failures by luck."""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx
import pytest

from tests.standins.invoices import FLAGS, about, boleta, code, factura, send
from tests.standins.programs import HTTP, StandIn, Starter


@pytest.fixture(scope="module")
def process(start: Starter) -> StandIn:
    return start("nubefact", *FLAGS, "--boletas", "next-day")


@pytest.fixture
def nubefact(process: StandIn) -> StandIn:
    return process.empty()


def consulted(nubefact: StandIn, request: dict[str, Any], operation: str = "consultar_comprobante") -> dict[str, Any]:
    return dict(send(nubefact, about(request, operation)).json())


def sunat_says(nubefact: StandIn, outcome: str, **about_it: Any) -> list[str]:
    answer = HTTP.post(f"{nubefact.url}/admin/sunat", json={"outcome": outcome, **about_it})
    return list(answer.raise_for_status().json()["answered"])


def note(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A nota de crédito for the whole of F001-1."""
    amends = {"tipo": 1, "serie": "F001", "numero": 1}
    return factura(
        number,
        **{
            "tipo_de_comprobante": 3,
            "serie": "FC01",
            "tipo_de_nota_de_credito": 1,
            **{f"documento_que_se_modifica_{part}": value for part, value in amends.items()},
            **changes,
        },
    )


def test_a_boleta_waits_for_the_daily_summary_however_often_it_is_asked_for(nubefact: StandIn):
    assert send(nubefact, boleta(1)).json()["aceptada_por_sunat"] is False
    for _ in range(2):
        answer = consulted(nubefact, boleta(1))
        assert (answer["aceptada_por_sunat"], answer["sunat_responsecode"]) == (False, None)
    assert sunat_says(nubefact, "accepted") == ["B001-1"]
    assert consulted(nubefact, boleta(1))["aceptada_por_sunat"] is True


def test_sunat_can_reject_the_next_day_with_a_code_and_its_reason(nubefact: StandIn):
    for number in (1, 2):
        send(nubefact, boleta(number))
    assert sunat_says(nubefact, "rejected", code="2017", serie="B001", numero=2) == ["B001-2"]
    rejected = consulted(nubefact, boleta(2))
    assert (rejected["aceptada_por_sunat"], rejected["sunat_responsecode"]) == (False, "2017")
    assert "debe ser RUC" in rejected["sunat_description"]
    assert consulted(nubefact, boleta(1))["sunat_responsecode"] is None


def test_sunat_can_be_silent_for_some_seconds(nubefact: StandIn):
    nubefact.inject("later_sunat", seconds=60)
    assert send(nubefact, factura(1)).json()["sunat_responsecode"] is None
    assert consulted(nubefact, factura(1))["sunat_responsecode"] is None
    nubefact.inject("later_sunat", seconds=0)
    send(nubefact, factura(2))
    assert consulted(nubefact, factura(2))["sunat_responsecode"] == "0"


def test_what_is_not_sent_by_itself_waits_in_the_panel(nubefact: StandIn):
    kept = factura(1, enviar_automaticamente_a_la_sunat="false")
    assert send(nubefact, kept).json()["aceptada_por_sunat"] is False


def test_a_baja_has_a_ticket_and_can_be_rejected_later(nubefact: StandIn):
    send(nubefact, factura(1))
    nubefact.inject("later_sunat", operacion="generar_anulacion", seconds=60)
    asked = send(nubefact, about(factura(1), "generar_anulacion", motivo="ERROR")).json()
    assert asked["sunat_ticket_numero"].isdigit()
    assert consulted(nubefact, factura(1), "consultar_anulacion")["sunat_responsecode"] is None
    assert sunat_says(nubefact, "rejected", about="void", code="2323") == ["F001-1"]
    answer = consulted(nubefact, factura(1), "consultar_anulacion")
    assert (answer["aceptada_por_sunat"], answer["sunat_responsecode"]) == (False, "2323")
    assert consulted(nubefact, factura(1))["anulado"] is False


def test_a_nota_de_credito_amends_a_document_that_stands(nubefact: StandIn):
    assert code(send(nubefact, note())) == (400, 21)
    send(nubefact, factura(1))
    assert send(nubefact, note()).json()["aceptada_por_sunat"] is True
    assert HTTP.get(consulted(nubefact, note())["enlace_del_pdf"]).content.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"documento_que_se_modifica_numero": 2}, "no existe"),
        ({"cliente_numero_de_documento": "20512345671"}, "otro cliente"),
        ({"moneda": 2, "tipo_de_cambio": "3.700"}, "moneda"),
        ({"serie": "BC01"}, "debe empezar con F"),
        ({"tipo_de_nota_de_credito": 14}, "tipo_de_nota_de_credito"),
    ],
)
def test_any_other_nota_de_credito_is_refused(nubefact: StandIn, change: dict[str, Any], message: str):
    send(nubefact, factura(1))
    answer = send(nubefact, note(**change))
    assert answer.status_code == 400
    assert message in answer.json()["errors"]


def test_a_voided_document_is_not_amended(nubefact: StandIn):
    send(nubefact, factura(1))
    send(nubefact, about(factura(1), "generar_anulacion", motivo="ERROR"))
    consulted(nubefact, factura(1), "consultar_anulacion")
    assert "anulado" in send(nubefact, note()).json()["errors"]


def test_a_series_that_the_panel_has_not_opened_is_said_when_it_is_asked_for(nubefact: StandIn):
    answer = send(nubefact, about(factura(1, serie="F009"), "consultar_comprobante"))
    assert code(answer) == (400, 21)
    assert "no está autorizada" in answer.json()["errors"]


@pytest.mark.parametrize(
    ("change", "taken"),
    [
        ({"percepcion_tipo": 1, "percepcion_base_imponible": 3700, "total_percepcion": 74}, False),
        (
            {
                "percepcion_tipo": 1,
                "percepcion_base_imponible": 3700,
                "total_percepcion": 74,
                "total_incluido_percepcion": 3774,
            },
            True,
        ),
        ({"retencion_tipo": 1, "retencion_base_imponible": 3700, "total_retencion": 222}, False),
        ({"retencion_tipo": 1, "retencion_base_imponible": 3700, "total_retencion": 111}, True),
        ({"detraccion": True}, False),
        ({"generado_por_contingencia": True}, False),
        ({"numero": 0}, False),
        ({"item": {"tipo_de_igv": "", "tipo_de_ivap": 17}}, False),
    ],
)
def test_what_depends_on_another_field_is_checked_with_it(nubefact: StandIn, change: dict[str, Any], taken: bool):
    assert send(nubefact, factura(**change)).is_success is taken


def test_the_same_seed_draws_the_same_failures(nubefact: StandIn):
    luck = {
        "seed": 7,
        "operacion": "generar_comprobante",
        "chances": [{"failure": "500", "percent": 30}, {"failure": "html", "percent": 20}],
    }
    drawn = []
    for _ in range(2):
        HTTP.post(f"{nubefact.empty().url}/admin/luck", json=luck).raise_for_status()
        for number in range(1, 61):
            send(nubefact, factura(number))
        drawn.append([call["failure"] for call in HTTP.get(f"{nubefact.url}/admin/calls").json()])
    assert drawn[0] == drawn[1]
    counted = Counter(drawn[0])
    assert 10 <= counted["500"] <= 26
    assert 5 <= counted["html"] <= 19
    nubefact.forget_failures()
    assert all(send(nubefact, factura(number)).is_success for number in range(100, 110))


def test_luck_with_an_unknown_failure_is_refused(nubefact: StandIn):
    luck = {"seed": 1, "chances": [{"failure": "fire", "percent": 1}]}
    assert HTTP.post(f"{nubefact.url}/admin/luck", json=luck).status_code == httpx.codes.UNPROCESSABLE_ENTITY
