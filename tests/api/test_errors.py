"""Errors are JSON in Spanish, name the field at fault, and never show our insides."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import APIRouter

from api.auth import public
from api.main import create_app
from api.settings import ApiSettings
from db.settings import DatabaseSettings
from domain.errors import Unavailable
from domain.permissions import Role
from integrations.files import StorageDown
from tests.api.conftest import HOUSE, Staff, client_of
from tests.free_ports import free_port

SECRET = "45678912 persona@ejemplo.pe"


async def test_staff_reads_a_problem_with_a_stable_code(staff: Staff):
    person = await staff("marta", Role.MASTER)
    answer = await person.http.get("/api/staff/operations/EXP-9999")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "code": "OPERATION_NOT_FOUND",
        "detail": "No encontramos esta operación.",
    }


@pytest.mark.parametrize(
    ("path", "body", "field", "said"),
    [
        ("/api/staff/login", {"username": "marta"}, "password", "falta este dato"),
        ("/api/staff/login", {"username": 7, "password": "x"}, "username", "debe ser un texto"),
        ("/api/staff/login", {"username": "m", "password": "x", "clave": 1}, "clave", "no se espera"),
        ("/api/staff/login", [], None, "debe ser un objeto"),
    ],
)
async def test_a_bad_body_names_the_field(
    http: httpx.AsyncClient, path: str, body: object, field: str | None, said: str
):
    answer = await http.post(path, json=body)
    assert answer.status_code == 422
    assert answer.json().get("field") == field
    assert said in answer.json()["detail"]


async def test_a_body_that_is_not_json_is_told_so(http: httpx.AsyncClient):
    answer = await http.post("/api/staff/login", content="{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert "JSON" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/api/client/nada", "/api/web/nada", "/api/referrals/nada", "/auth/nada"])
async def test_the_public_contract_reads_success_false_and_a_message(http: httpx.AsyncClient, path: str):
    """An HTML body makes the existing screens throw (client contract, section 1)."""
    answer = await http.get(path)
    assert answer.status_code == 404
    assert answer.json()["success"] is False
    assert answer.json()["message"]


async def test_a_wrong_method_is_json_too(http: httpx.AsyncClient):
    answer = await http.delete("/healthz")
    assert (answer.status_code, answer.json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    assert "GET" in answer.headers["allow"]


async def test_a_text_that_postgresql_cannot_store_is_bad_input(staff: Staff):
    person = await staff("marta", Role.MASTER)
    answer = await person.http.post("/api/staff/clients/search", json={"search": "a\u0000b"})
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID")


async def test_a_body_beyond_the_limit_is_refused(http: httpx.AsyncClient):
    answer = await http.post("/api/staff/login", content=b"x", headers={"Content-Length": str(60 * 1024 * 1024)})
    assert (answer.status_code, answer.json()["code"]) == (413, "TOO_LARGE")


async def test_a_body_that_hides_its_size_is_cut(http: httpx.AsyncClient):
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b'{"a":"' + b"x" * 65_536

    answer = await http.post("/api/staff/login", content=endless(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "TOO_LARGE")


@pytest.fixture
async def broken(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """An application of its own, with routes that fail in the ways that a day brings, and no lifespan."""
    app = create_app(ApiSettings(public_url=HOUSE), database=DatabaseSettings(url=database_url))
    router = APIRouter(dependencies=[public("solo existe en esta prueba")])

    @router.get("/api/staff/fallo")
    @router.get("/api/client/fallo")
    async def fault() -> None:
        raise RuntimeError(SECRET)

    @router.get("/api/client/archivos")
    async def storage() -> None:
        raise StorageDown

    @router.get("/api/staff/temporal")
    async def temporal() -> None:
        raise Unavailable("TEMPORAL_DOWN", "Intenta de nuevo.")

    app.include_router(router)
    async with client_of(app) as http:
        yield http


async def test_a_fault_hides_its_insides_and_gives_an_id_that_the_log_has(
    broken: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
):
    """F186: logs had documents and phones."""
    with caplog.at_level(logging.ERROR):
        answer = await broken.get("/api/staff/fallo")
    assert answer.status_code == 500
    assert answer.json()["error_id"] in caplog.text
    assert answer.json()["error_id"] in answer.json()["detail"]
    for hidden in ("45678912", "persona@", "RuntimeError"):
        assert hidden not in answer.text
    assert "45678912" not in caplog.text
    assert (await broken.get("/api/client/fallo")).json()["success"] is False


async def test_what_is_away_answers_503_and_when_to_come_back(broken: httpx.AsyncClient):
    for path in ("/api/client/archivos", "/api/staff/temporal"):
        answer = await broken.get(path)
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0


async def test_without_a_database_everything_answers_503_and_the_process_lives(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{free_port()}")
    away = DatabaseSettings(url=f"postgresql://nadie:nada@127.0.0.1:{free_port()}/nada")
    app = create_app(ApiSettings(public_url=HOUSE), database=away)
    async with app.router.lifespan_context(app), client_of(app, Authorization="Bearer algo") as http:
        assert (await http.get("/healthz")).status_code == 200
        answer = await http.get("/api/staff/me")
        assert (answer.status_code, answer.json()["code"]) == (503, "DATABASE_DOWN")
        ready = await http.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["checks"]["database"].startswith("no responde")
