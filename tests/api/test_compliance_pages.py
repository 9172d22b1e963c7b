"""The pages of compliance: who sees them, who may act, and that to everybody else there is nothing there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from api.panel.case_acts import ACTS as CASE_ACTS
from db import cases
from db.session import Sessions
from db.tables import Client, ClientDocument, ClientHit, ComplianceAudit
from domain.calendar import business_day
from domain.clients import ClientStatus, DocumentKind, KycStatus, PaperStatus
from domain.lists import ListCode
from domain.permissions import Permission, Role, allows
from domain.screening import HitState
from tests.api.conftest import Person, Staff
from tests.api.test_panel import csrf
from tests.people import Customer, add_client, add_rate

ROLES = tuple(Role)
WORDS = {"cliente": "VOLKOV", "lista": "VOLKOV", "parecido": 100, "peso": 60, "motivo": "igual"}
REASONS = {
    "por": "nombre",
    "palabras": [WORDS],
    "solo_cliente": ["ANA"],
    "apoyo": [{"dato": "otro DNI", "puntos": -25}],
}


@dataclass(frozen=True, kw_only=True)
class Office:
    """One person of each role, a client under review and the case of its hit."""

    people: dict[Role, Person]
    client: Customer
    case_id: int
    hit_id: int


@pytest.fixture
async def office(staff: Staff, sessions: Sessions) -> Office:
    people = {role: await staff(role.name.lower(), role) for role in ROLES}
    async with sessions.begin() as session:
        await add_rate(session)
        client = await add_client(session, "40000001", status=ClientStatus.INACTIVO, complete=False)
        row = await session.get_one(Client, client.id)
        row.kyc_status = KycStatus.EN_PROCESO
        session.add(
            ClientDocument(
                client_id=client.id,
                kind=DocumentKind.DNI_FRONT.value,
                file_key="dni/uno",
                content_type="image/png",
                size=10,
                status=PaperStatus.POR_REVISAR,
            )
        )
        case_id = await cases.open_or_join_case(
            session,
            kind="lista",
            client_id=client.id,
            operation_code=None,
            severity="Crítica",
            source_key="lista:prueba",
            summary="OFAC 90",
        )
        hit = ClientHit(
            client_id=client.id,
            list_code=ListCode.OFAC,
            entry_uid="7",
            entry_fingerprint="a",
            subject_fingerprint="b",
            listed_name="VOLKOV, Arkadiy",
            score=92,
            likely=True,
            explanation=REASONS,
            state=HitState.NUEVA,
            case_id=case_id,
            found_at=datetime.now(UTC),
        )
        session.add(hit)
        await session.flush()
    return Office(people=people, client=client, case_id=case_id, hit_id=hit.id)


def secret_pages(office: Office) -> list[str]:
    """What only compliance may know to exist."""
    return [
        "/panel/casos",
        f"/panel/casos/{office.case_id}",
        "/panel/alertas",
        "/panel/coincidencias",
        "/panel/riesgo",
        f"/panel/riesgo/{office.client.id}",
        "/panel/reglas",
        "/panel/reglas/1",
        "/panel/reglas/nueva",
        "/panel/reglas/nueva?desde=1",
        "/panel/reglas/condicion?n=0&c0_test=just_below",
        "/panel/listas",
        "/panel/listas/OFAC",
        "/panel/listas/PEP/importar",
        "/panel/listas/buscar",
        "/panel/listas/revisiones",
        "/panel/listas/revisiones/ordenar",
        "/panel/reportes",
        "/panel/reportes?formato=xlsx",
        "/panel/reportes/registro/EXP-1/corregir",
        "/panel/reportes/ros",
        "/panel/reportes/estadisticas",
        "/panel/reportes/estadisticas?formato=pdf",
        "/panel/reportes/auditoria",
        f"/panel/casos/{office.case_id}/ros",
        f"/panel/reportes/clientes/{office.client.id}?formato=xlsx",
    ]


def _ours(office: Office) -> list[tuple[str, Permission]]:
    """Pages whose existence everybody may know."""
    return [
        ("/panel/kyc", Permission.CLIENTS_KYC),
        ("/panel/kyc?etapa=sin-documentos", Permission.CLIENTS_KYC),
        (f"/panel/kyc/{office.client.id}", Permission.CLIENTS_KYC),
        ("/panel/reclamos", Permission.COMPLAINTS_READ),
        ("/panel/incidentes", Permission.INCIDENTS_MANAGE),
        ("/panel/incidentes?estado=cerrados", Permission.INCIDENTS_MANAGE),
    ]


async def test_pages_of_compliance_open_for_its_people_and_do_not_exist_for_others(office: Office):
    """The duty of secrecy: 404, and no way there in the rail."""
    for role in ROLES:
        await _meets_only_its_own(office, role)


async def _meets_only_its_own(office: Office, role: Role) -> None:
    http = office.people[role].http
    reads = allows(role, Permission.COMPLIANCE_READ)
    for path in secret_pages(office):
        answer = await http.get(path)
        assert answer.status_code == (200 if reads else 404), path
        assert ("VOLKOV" in answer.text) <= reads, path
    for path, permission in _ours(office):
        assert (await http.get(path)).status_code == (200 if allows(role, permission) else 403), path
    board = (await http.get("/panel/tablero")).text
    for path in ("/panel/casos", "/panel/alertas", "/panel/coincidencias"):
        assert reads or path not in board, path


async def test_a_sheet_of_hits_or_cases_holds_what_is_seen_in_words_and_is_a_look_of_its_own(
    office: Office, sessions: Sessions
):
    http = office.people[Role.MIDDLE_OFFICE].http
    sheet = (await http.get("/panel/coincidencias?formato=csv")).content.decode("utf-8-sig").splitlines()
    assert sheet[1].split(",")[1:3] == ["OFAC (SDN)", '"VOLKOV']
    assert "Probable" in sheet[1]
    assert "('" not in sheet[1]
    for path in ("casos", "alertas"):
        assert (await http.get(f"/panel/{path}?formato=xlsx")).content.startswith(b"PK")
    async with sessions() as session:
        looks = await session.scalars(select(ComplianceAudit.subject).where(ComplianceAudit.action == "exportado"))
    assert set(looks) == {"casos", "alertas", "coincidencias"}


async def test_an_act_on_a_case_or_a_hit_is_offered_and_taken_only_from_compliance(office: Office):
    for role in ROLES:
        await _may_act_only_in_compliance(office, role)


async def _may_act_only_in_compliance(office: Office, role: Role) -> None:
    person = office.people[role]
    token = await csrf(person)
    case, hit = f"/panel/casos/{office.case_id}", f"/panel/coincidencias/{office.hit_id}"
    paths = [f"{case}/{name}" for name in CASE_ACTS] + [f"{hit}/descartar", f"{hit}/confirmar"]
    if allows(role, Permission.COMPLIANCE_RESOLVE):
        page = (await person.http.get(case)).text
        assert f'hx-get="{case}/tomar"' in page
        assert "Tómalo primero" in page
        assert (await person.http.get(f"{case}/tomar")).status_code == 200
        assert (await person.http.get(f"{case}/liberar")).status_code == 409
        return
    for path in paths:
        asked, done = await person.http.get(path), await person.http.post(path, headers=token)
        assert (asked.status_code, done.status_code) == (404, 404), path


async def test_the_queue_tells_what_is_missing_and_the_review_why_it_cant_be_approved(office: Office):
    http = office.people[Role.MIDDLE_OFFICE].http
    queue = (await http.get("/panel/kyc")).text
    assert "Por revisar: anverso" in queue
    page = (await http.get(f"/panel/kyc/{office.client.id}")).text
    assert "Faltan documentos del cliente" in page
    assert f'hx-get="/panel/clientes/{office.client.id}/aprobar"' not in page
    assert f"/panel/clientes/{office.client.id}/aceptar-documento" in page
    assert "ANA está solo en el cliente" in page


async def test_a_case_goes_from_taken_to_decided_with_its_reasons_and_its_hits(office: Office):
    """A refusal comes back under its field; what was decided can't be decided again."""
    person = office.people[Role.MIDDLE_OFFICE]
    token, path = await csrf(person), f"/panel/casos/{office.case_id}"
    assert (await person.http.post(f"{path}/tomar", headers=token)).status_code == 200
    asked = (await person.http.get(f"{path}/liberar")).text
    assert "La coincidencia por resolver queda descartada." in asked
    empty = await person.http.post(f"{path}/liberar", headers=token, data={"resolution": ""})
    assert empty.status_code == 422
    assert 'id="resolution-e"' in empty.text
    assert (await person.http.post(f"{path}/nota", headers=token, data={"text": "Pedí su DNI"})).status_code == 200
    data = {"resolution": "Otra persona: su DNI es peruano"}
    assert (await person.http.post(f"{path}/liberar", headers=token, data=data)).status_code == 200
    page = (await person.http.get(path)).text
    assert "Falsa alarma" in page
    assert "Pedí su DNI" in page
    assert "No es la misma" in page
    assert (await person.http.get(f"{path}/confirmar")).status_code == 409


async def test_a_suspicious_case_shows_its_term_and_its_draft_and_may_still_be_confirmed(office: Office):
    person = office.people[Role.MASTER]
    token, path = await csrf(person), f"/panel/casos/{office.case_id}"
    await person.http.post(f"{path}/tomar", headers=token)
    assert (await person.http.post(f"{path}/escalar", headers=token, data={"text": "Sin sustento"})).status_code == 200
    assert "Corre el plazo del ROS" in (await person.http.get(path)).text
    assert "Caso" in (await person.http.get("/panel/reportes/ros")).text
    saved = await person.http.post(f"{path}/ros", headers=token, data={"facts": "Compró de golpe"})
    assert "Versión 1" in saved.text
    assert (await person.http.get(f"{path}/ros?formato=pdf")).content.startswith(b"%PDF")
    sent = await person.http.post(f"{path}/ros-enviado", headers=token, data={"number": "ROS-1"})
    assert sent.status_code == 200
    assert "La coincidencia por resolver queda confirmada." in (await person.http.get(f"{path}/confirmar")).text
    done = await person.http.post(f"{path}/confirmar", headers=token, data={"resolution": "Es la misma persona"})
    assert done.status_code == 200
    page = (await person.http.get(path)).text
    assert "ROS enviado" in page
    assert "Es la misma" in page


async def test_a_rule_goes_from_a_typed_draft_to_its_publication_by_somebody_else(office: Office):
    """What is wrong is said under its field; who wrote it can't publish it, and nobody before it was tried."""
    author, other = office.people[Role.MIDDLE_OFFICE], office.people[Role.MASTER]
    token = await csrf(author)
    typed = {"key": "ventas-altas", "name": "Ventas altas", "kind": "monitoreo", "severity": "Media", "once": "día"}
    typed |= {"c0_test": "amount", "c0_at_least": "8,000.00", "c0_below": "5000", "c2_test": "origin"}
    wrong = await author.http.post("/panel/reglas/nueva", headers=token, data=typed)
    assert wrong.status_code == 422
    assert 'id="c0_at_least-e"' in wrong.text
    typed |= {"c0_below": "", "c2_origins": ["web", "app"]}  # type: ignore[dict-item]
    made = await author.http.post("/panel/reglas/nueva", headers=token, data=typed)
    path = made.headers["hx-redirect"]
    page = (await author.http.get(path)).text
    assert "Monto de US$ 8,000.00 o más" in page
    assert "Creada por app, web" in page
    assert "Tú escribiste este borrador; otra persona debe publicarlo." in page
    assert "Pruébalo primero" in (await other.http.get(path)).text
    today = str(business_day(datetime.now(UTC)))
    tried = await author.http.post(f"{path}/probar", headers=token, data={"since": today, "until": today})
    assert tried.status_code == 200
    # A part that is read again takes the place of one that is there: the tries are one part, with or without any.
    assert 'id="pruebas" data-part' in page
    assert "Operaciones miradas" in (await author.http.get(path, headers={"X-Partes": "1"})).text
    assert (await other.http.post(f"{path}/publicar", headers=await csrf(other))).status_code == 200
    assert "En vigencia" in (await author.http.get(path)).text


async def test_a_sheet_is_tried_before_it_is_put_in_force(office: Office):
    person = office.people[Role.MIDDLE_OFFICE]
    token, path = await csrf(person), "/panel/listas/PEP/importar"
    sheet = "codigo,tipo,nombres,apellidos,cargo,entidad\n1,Persona,Bruna,Inventada,Alcaldesa,Municipalidad\n"
    tried = await person.http.post(path, headers=token, files={"file": ("pep.csv", sheet.encode(), "text/csv")})
    assert tried.status_code == 200
    assert "Poner en vigencia" in tried.text
    assert "Ninguna versión todavía" in (await person.http.get("/panel/listas/PEP")).text
    bad = {"file": ("pep.csv", b"codigo,tipo\n1,Planta\n", "text/csv")}
    refused = await person.http.post(path, headers=token, files=bad)
    assert "Poner en vigencia" not in refused.text
    empty = await person.http.post(path, headers=token)
    assert empty.status_code == 422
