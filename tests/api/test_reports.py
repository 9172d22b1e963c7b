"""What leaves compliance: the register, the draft of a ROS, statistics and a client's file; and who has looked."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import httpx
import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from activities.compliance import ComplianceActivities
from db import cases
from db.session import Sessions
from db.tables import ComplianceAudit, Parameter
from domain.permissions import Role
from tests.activities.operations import add_operation
from tests.api.conftest import Person, Staff
from tests.clock import today
from tests.people import Customer, add_client
from tests.standins.conftest import start
from tests.standins.programs import Starter
from workflows.messages import AssessOperation

__all__ = ["start"]

PNG = b"\x89PNG\r\n\x1a\n" + b"sustento"

REPORTS, CASES = "/api/staff/reports", "/api/staff/cases"


@pytest.fixture
def storage(start: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in of the file store; only one test here keeps a file."""
    stand_in = start("files", "--cloud", "qoricash", "--api-key", "clave", "--api-secret", "secreto")
    names = {"CLOUD_NAME": "qoricash", "API_KEY": "clave", "API_SECRET": "secreto", "UPLOAD_PREFIX": stand_in.url}
    for name, value in names.items():
        monkeypatch.setenv(f"CLOUDINARY_{name}", value)


async def _post(person: Person, path: str, **body: Any) -> httpx.Response:
    answer = await person.http.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer


async def _operated(sessions: Sessions, usd: str = "120000.00") -> tuple[Customer, str]:
    """A client whose completed operation is registered and has raised its alerts."""
    async with sessions.begin() as session:
        client = await add_client(session, "40000001")
        code = await add_operation(session, client, usd=Decimal(usd))
    await ComplianceActivities(sessions).assess_operation(
        AssessOperation(code=code, client_id=client.id, occasion="cierre")
    )
    return client, code


def _sheets(answer: httpx.Response) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


async def test_the_register_is_read_corrected_and_exported_a_row_an_operation(staff: Staff, sessions: Sessions):
    officer = await staff("oficial", Role.MIDDLE_OFFICE)
    _, code = await _operated(sessions)
    month = f"{today():%Y-%m}"
    listed = (await officer.http.get(f"{REPORTS}/register?month={month}")).json()["items"]
    assert [(row["operation_code"], row["modality"], row["amount_usd"]) for row in listed] == [
        (code, "única", "120000.00")
    ]
    learnt = {"beneficiario": {"name": "Otra Persona"}}
    history = (await _post(officer, f"{REPORTS}/register/{code}/correct", people=learnt, reason="declaró")).json()
    assert [row["entry"] for row in history["items"]] == [1, 2]
    sheet = _sheets(await _post(officer, f"{REPORTS}/register/export", month=month))[f"Registro {month}"]
    columns = dict(zip(sheet[0], sheet[1], strict=True))
    assert len(sheet) == 2
    assert columns["ordenante: nombre"] == "Persona De Prueba"
    assert columns["beneficiario: nombre"] == "Otra Persona"
    assert columns["ordenante: documento"] == "40000001"
    assert (await officer.http.get(f"{REPORTS}/register?month=2026-13")).status_code == 422


async def test_a_suspicious_case_goes_from_its_draft_to_the_number_of_the_portal(
    storage: None, staff: Staff, sessions: Sessions
):
    """The paper names nobody of the house; the case keeps its files, its silence and its whole story."""
    officer = await staff("oficial", Role.MIDDLE_OFFICE)
    await _operated(sessions)
    found = (await officer.http.get("/api/staff/alerts?rule=monto-critico")).json()["items"][0]
    path, ros = f"{CASES}/{found['case_id']}", f"{REPORTS}/ros/{found['case_id']}"
    assert (await officer.http.post(f"{path}/attach", files={"file": PNG}, data={"title": "Sustento"})).is_success
    await _post(officer, f"{path}/take")
    early = await officer.http.post(f"{ros}/export", json={"format": "pdf"})
    assert early.json()["code"] == "NOT_SUSPICIOUS"
    await _post(officer, f"{path}/escalate", text="No sustenta el origen")
    for words in ("Primero", "Compró de golpe"):
        draft = (await _post(officer, ros, facts=words)).json()
    assert (draft["version"], draft["facts"]) == (2, "Compró de golpe")
    pdf = await _post(officer, f"{ros}/export", format="pdf")
    assert pdf.content.startswith(b"%PDF")
    texts = _sheets(await _post(officer, f"{ros}/export", format="xlsx"))
    assert texts["Descripción de los hechos"] == [["Compró de golpe"]]
    assert "oficial" not in str(texts).lower()
    await _post(officer, f"{path}/snooze", rule="monto-critico", days=30, reason="En análisis")
    seen = (await _post(officer, f"{path}/ros-sent", number="ROS-1")).json()
    assert (seen["ros_number"], [one["title"] for one in seen["files"]]) == ("ROS-1", ["Sustento"])
    assert [one["rule_key"] for one in seen["snoozes"]] == ["monto-critico"]
    assert (await officer.http.get(seen["files"][0]["url"])).content == PNG
    story = [entry["action"] for entry in seen["story"] if entry["action"] != "alerta"]
    assert story == [
        "adjunto",
        "asignado",
        "escalado",
        "borrador de ROS",
        "borrador de ROS",
        "borrador de ROS exportado",
        "borrador de ROS exportado",
        "regla silenciada",
        "ROS enviado",
    ]


@pytest.mark.parametrize("kind", ["pdf", "xlsx"])
async def test_a_clients_file_holds_everything_and_leaves_its_trace(staff: Staff, sessions: Sessions, kind: str):
    officer = await staff("oficial", Role.MIDDLE_OFFICE)
    client, code = await _operated(sessions)
    answer = await _post(officer, f"{REPORTS}/clients/{client.id}/export", format=kind)
    if kind == "xlsx":
        sheets = _sheets(answer)
        assert sheets["Operaciones"][2][0] == code
        assert "Monto crítico: monto de US$ 120,000.00." in [row[-1] for row in sheets["Señales de alerta"]]
        assert sheets["Registro de Operaciones"][1][0] == code
        assert ["Documento", "DNI 40000001"] in sheets["Identidad"]
    else:
        assert answer.content.startswith(b"%PDF")
    async with sessions() as session:
        told = select(ComplianceAudit).where(ComplianceAudit.subject == f"cliente:{client.id}")
        (entry,) = (await session.scalars(told)).all()
    assert (entry.action, entry.detail, entry.user_id) == ("expediente", kind, officer.id)


async def test_the_years_statistics_count_by_lima_month(staff: Staff, sessions: Sessions):
    officer = await staff("oficial", Role.MIDDLE_OFFICE)
    await _operated(sessions)
    now = today()
    told = (await officer.http.get(f"{REPORTS}/statistics?year={now.year}")).json()
    month = {name: line[now.month - 1] for name, line in told["lines"].items()}
    assert (month["Operaciones completadas"], month["Monto completado (US$)"]) == ("1", "120000.00")
    assert (month["Registro, modalidad única"], month["Registro, modalidad única (US$)"]) == ("1", "120000.00")
    assert int(month["Alertas Crítica"]) == told["rules"]["monto-critico"] == 1
    assert sum(int(one) for one in told["lines"]["Alertas"]) == sum(told["rules"].values())
    sheets = _sheets(await _post(officer, f"{REPORTS}/statistics/export", year=now.year, format="xlsx"))
    assert sheets["Por mes"][1][0] == "Operaciones completadas"


async def test_a_score_is_calculated_anew_and_found_by_its_level(staff: Staff, sessions: Sessions):
    """The figures are dated parameters: from the day on which Alto begins at 5, the same client is Alto."""
    officer, trader = await staff("oficial", Role.MIDDLE_OFFICE), await staff("trader", Role.TRADER)
    client, _ = await _operated(sessions)
    first = (await _post(officer, f"/api/staff/risk/{client.id}/recalculate")).json()
    assert (first["score"], first["level"]) == (30, "Medio")
    async with sessions.begin() as session:
        session.add(Parameter(name="risk_level_high", value="30", valid_from=today(), source="prueba"))
    again = (await _post(officer, f"/api/staff/risk/{client.id}/recalculate")).json()
    assert (again["score"], again["level"], again["regime"]) == (30, "Alto", "Básica")
    for level, found in (("Alto", [client.id]), ("Medio", [])):
        listed = (await officer.http.get(f"/api/staff/risk?level={level}")).json()["items"]
        assert [one["client_id"] for one in listed] == found
    history = (await officer.http.get(f"/api/staff/clients/{client.id}/risk")).json()["history"]
    assert [one["level"] for one in history] == ["Alto", "Medio"]
    assert (await trader.http.get("/api/staff/risk")).status_code == 404
    assert (await trader.http.post(f"/api/staff/risk/{client.id}/recalculate")).status_code == 404


async def test_the_desk_finds_no_reports_and_every_look_is_in_the_audit(staff: Staff, sessions: Sessions):
    officer, trader = await staff("oficial", Role.MIDDLE_OFFICE), await staff("trader", Role.TRADER)
    client, code = await _operated(sessions)
    async with sessions() as session:
        case = (await cases.list_cases(session, state=None, before=None, limit=1))[0]
    for path in ("register?month=2026-11", f"register/{code}", "statistics?year=2026", f"ros/{case.id}", "audit"):
        assert (await trader.http.get(f"{REPORTS}/{path}")).status_code == 404, path
        assert (await officer.http.get(f"{REPORTS}/{path}")).status_code == 200, path
    for path in (f"clients/{client.id}/export", f"ros/{case.id}", f"register/{code}/correct"):
        assert (await trader.http.post(f"{REPORTS}/{path}", json={})).status_code == 404, path
    audit = (await officer.http.get(f"{REPORTS}/audit")).json()["items"]
    looked = {line["subject"] for line in audit if line["user_id"] == officer.id and line["subject"]}
    assert looked >= {"registro:2026-11", f"registro:{code}", "estadísticas:2026", "auditoría"}
    assert all(line["user_id"] != trader.id for line in audit)
