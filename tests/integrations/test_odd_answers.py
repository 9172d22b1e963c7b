"""Whatever a service outside answers, its client says so in its own words: what is caught is told, and tried again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

from domain.errors import Missing
from domain.invoices import InvoiceType
from domain.lists import EntryKind
from domain.screening import Subject
from integrations.bcrp import Bcrp, BcrpDown
from integrations.files import FileStore, StorageDown
from integrations.inspektor import Inspektor, InspektorFailed
from integrations.lookups import Lookup, LookupDown
from integrations.nubefact import NubeFact, NubefactError
from integrations.push import Device, Push, PushDown, Pusher, PushRefused
from integrations.settings import (
    BcrpSettings,
    FilesSettings,
    InspektorSettings,
    LookupSettings,
    NubefactSettings,
    PushSettings,
)
from tests.integrations.odd_service import OddService
from tests.integrations.test_nubefact import DOCUMENT

TURNS = 120
KEY = f"dni/{'0' * 64}.png"


async def asked(*calls: Callable[[], Awaitable[Any]], refusals: tuple[type[Exception], ...]) -> int:
    """How many answers were taken. Fails for anything that is no refusal of the client's own."""
    taken = 0
    for turn in range(TURNS):
        try:
            await calls[turn % len(calls)]()
            taken += 1
        except refusals:
            pass
    return taken


async def test_nubefact():
    said = {
        "tipo_de_comprobante": 2,
        "serie": "B001",
        "numero": 1,
        "aceptada_por_sunat": True,
        "anulado": False,
        "sunat_responsecode": "0",
        "sunat_description": "aceptada",
        "enlace_del_pdf": "",
        "codigo_hash": "x",
        "cadena_para_codigo_qr": "20|03|B001|1|0.00|1.00|2026-11-27|1|40000001|",
        "sunat_ticket_numero": "1",
    }
    with OddService.running(said, {"errors": "ya existe", "codigo": 23}) as service:
        client = NubeFact(NubefactSettings(api_url=service.url, token="0123456789abcdef", enabled=True))
        named, mine = (InvoiceType.BOLETA, "B001", 1), {"total": "1.00", "cliente_numero_de_documento": "40000001"}

        async def consult() -> None:
            answer = await client.consult(*named)
            assert not answer.belongs_to_other(mine) or answer.cadena_para_codigo_qr
            assert not answer.rejected or not answer.aceptada_por_sunat

        calls = (
            *(consult, lambda: client.issue(DOCUMENT), lambda: client.void(*named, reason="x")),
            *(lambda: client.query_void(*named), lambda: client.pdf(service.url), lambda: client.xml(service.url)),
        )
        assert await asked(*calls, refusals=(NubefactError,))
        await client.aclose()


async def test_the_central_bank():
    periods = [{"name": "25.Nov.26", "values": ["3.75", "3.76"]}, {"name": "26.Nov.26", "values": ["n.d.", "n.d."]}]
    with OddService.running({"periods": periods}) as service:
        client = Bcrp(BcrpSettings(bcrp_api_url=service.url))

        async def rates() -> None:
            for one in await client.rates(date(2026, 11, 25), date(2026, 11, 26)):
                assert 0 < one.buy < 100
                assert 0 < one.sell < 100

        assert await asked(rates, refusals=(BcrpDown,))


async def test_inspektor():
    found = {"prioridad": "1", "nombreCompleto": "ABELARDO CHUQUIMIA", "documentoIdentidad": "40000014", "alias": "A"}
    said = {"token": "t", "numConsulta": 7, "listas": [found], "listas_propias": [found]}
    with OddService.running(said) as service:
        client = Inspektor(InspektorSettings(url=service.url, user="casa", password="x", timeout=2))
        subject = Subject(kind=EntryKind.PERSONA, name="ABELARDO CHUQUIMIA")
        assert await asked(lambda: client.consult(subject), refusals=(InspektorFailed,))
        await client.aclose()


async def test_lookups():
    data = {"nombres": "ANA", "apellido_paterno": "QUISPE", "apellidos": "QUISPE", "razon_social": "Y SAC"}
    with OddService.running({"success": True, "data": data}) as service:
        client = Lookup(LookupSettings(api_url=service.url, token="t"))
        calls = (lambda: client.person("40000001"), lambda: client.company("20100000001"))
        assert await asked(*calls, refusals=(LookupDown,))
        await client.aclose()


async def test_push():
    tickets = ({"status": "ok", "id": "1"}, {"status": "error", "details": {"error": "DeviceNotRegistered"}})
    with OddService.running(*({"data": [ticket]} for ticket in tickets)) as service:
        client = Pusher(PushSettings(expo_push_url=service.url))
        device = Device(kind="expo", endpoint="ExponentPushToken[abcdefghij]", keys={})
        push = Push(title="QoriCash", body="Listo", data={})
        assert await asked(lambda: client.send(device, push), refusals=(PushDown, PushRefused))
        await client.aclose()


async def test_files():
    with OddService.running({"public_id": "x", "bytes": 3}, {"error": {"message": "no"}}) as service:
        client = FileStore(FilesSettings(upload_prefix=service.url, timeout=2))
        calls = (
            *(lambda: client.put(b"abc", folder="dni", content_type="image/png"), lambda: client.get(KEY)),
            lambda: client.forget(KEY),
        )
        assert await asked(*calls, refusals=(StorageDown, Missing))
        await client.aclose()
