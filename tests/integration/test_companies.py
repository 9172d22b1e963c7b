"""A company in the whole house: what one of its people prepares and another approves is one operation."""

from __future__ import annotations

import asyncio
import re

import httpx
import pytest

from domain.clients import DocumentType
from tests.integration.people import Customer, Town, visit
from tests.integration.running import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]


async def act(http: httpx.AsyncClient, path: str, **form: str) -> httpx.Response:
    page = (await http.get("/cuenta")).text
    found = re.search(r'<meta name="csrf" content="(\w+)">', page)
    assert found
    headers = {"X-CSRF-Token": found[1], "HX-Request": "true", "Origin": str(http.base_url).rstrip("/")}
    return await http.post(path, data=form, headers=headers)


async def comes_in(stack: Stack, head: Customer, document: str, rights: str) -> httpx.AsyncClient:
    """A new person of the company, signed in."""
    form = {"document": document, "full_name": f"Persona {document}", "derechos": rights}
    shown = (await act(head.http, "/empresa/personas", **form)).text
    password = re.findall(r'select-all">([^<]+)<', shown)[0]
    http = visit(stack.api)
    given = {"documento": head.identity.document, "persona": document, "clave": password}
    answer = await http.post("/ingresar", data=given, headers={"Origin": stack.api})
    assert answer.headers["location"] == "/inicio"
    return http


async def prepare(http: httpx.AsyncClient, key: str) -> None:
    page = (await http.get("/cambiar/cuentas?quiero=vender&campo=envia&envia=120")).text
    fields = dict(re.findall(r'name="(quiero|usd|cupon|tasa_vista)" value="([^"]*)"', page))
    chosen = {name: re.findall(rf'name="{name}" value="(\d+)"', page)[0] for name in ("origen", "destino")}
    answer = await act(http, "/cambiar", **fields, **chosen, clave_unica=key)
    assert answer.headers["HX-Redirect"] == "/por-aprobar"


async def approve(http: httpx.AsyncClient, request_id: str) -> httpx.Response:
    page = (await http.get("/por-aprobar")).text
    seen = re.findall(r'name="tasa_vista" value="([0-9.]+)"', page)
    return await act(http, f"/por-aprobar/{request_id}/aprobar", tasa_vista=seen[0] if seen else "")


async def test_two_yeses_at_once_are_one_operation_and_what_is_forbidden_now_waits_again(stack: Stack, town: Town):
    head = await town.arrive(DocumentType.RUC)
    maker = await comes_in(stack, head, "40000031", "prepara")
    first, second = [await comes_in(stack, head, f"4000003{place}", "aprueba") for place in (2, 3)]
    assert (await act(head.http, "/empresa/regla", dos="si")).status_code == 200
    for key in ("uno", "uno", "dos"):
        await prepare(maker, key)
    page = (await first.get("/por-aprobar")).text
    later, sooner = re.findall(r"/por-aprobar/(\d+)/aprobar\" hx-post", page)
    both = await asyncio.gather(approve(first, sooner), approve(second, sooner))
    (code,) = {answer.headers["HX-Redirect"].rpartition("/")[2] for answer in both}
    (made,) = await head.operations()
    assert made["codigo_operacion"] == code
    refused = await approve(first, later)
    assert refused.status_code == 409
    assert "en curso" in refused.text
    assert "Aprobar y fijar" in (await second.get("/por-aprobar")).text
    told = (await head.http.get("/por-aprobar")).text
    assert f'href="/operaciones/{code}"' in told
    assert "Preparó Persona 40000031" in told
    for http in (maker, first, second):
        await http.aclose()
