"""Files in and out of the API, against the stand-in of the store."""

from __future__ import annotations

import time
from dataclasses import replace
from io import BytesIO

import httpx
import pytest
from fastapi import FastAPI, UploadFile
from starlette.datastructures import Headers

from api import files
from api.files import LINK_SECONDS, link, store
from domain.errors import Invalid
from domain.files import MAX_BYTES
from integrations.files import FileStore, StorageDown
from integrations.settings import FilesSettings
from tests.api.conftest import client_of
from tests.free_ports import free_port
from tests.standins.conftest import start
from tests.standins.programs import Starter

__all__ = ["start"]

PNG = b"\x89PNG\r\n\x1a\n" + b"constancia"


@pytest.fixture(autouse=True)
def _storage(start: Starter, monkeypatch: pytest.MonkeyPatch):
    stand_in = start("files", "--cloud", "qoricash", "--api-key", "clave", "--api-secret", "secreto")
    monkeypatch.setenv("CLOUDINARY_CLOUD_NAME", "qoricash")
    monkeypatch.setenv("CLOUDINARY_API_KEY", "clave")
    monkeypatch.setenv("CLOUDINARY_API_SECRET", "secreto")
    monkeypatch.setenv("CLOUDINARY_UPLOAD_PREFIX", stand_in.url)


def _upload(content: bytes, name: str = "foto.exe", kind: str = "text/html") -> UploadFile:

    return UploadFile(BytesIO(content), filename=name, headers=Headers({"content-type": kind}))


async def test_a_stored_file_is_shown_by_its_link_with_the_type_of_its_bytes(app: FastAPI, http: httpx.AsyncClient):
    """F213: the kind is judged by the bytes, not by the name or by what the caller says."""
    services = app.state.services
    stored = await store(services, _upload(PNG), folder="operations/payment_proofs")
    assert stored.content_type == "image/png"
    answer = await http.get(link(services, stored.key, stored.content_type))
    assert answer.content == PNG
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"] == "inline"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_link_ends_and_cannot_be_made_by_hand(
    app: FastAPI, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
):
    services = app.state.services
    stored = await store(services, _upload(PNG), folder="operations/payment_proofs")
    address = link(services, stored.key, stored.content_type)
    for broken in (address[:-2], "/api/files/abc", "/api/files/..%2f..%2fetc"):
        assert (await http.get(broken)).status_code == 404
    later = time.time() + LINK_SECONDS + 2
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: later)
    expired = await http.get(address)
    assert (expired.status_code, expired.json()["code"]) == (404, "LINK_EXPIRED")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "FILE_EMPTY"),
        (b"<script>alert(1)</script>", "FILE_KIND"),
        (PNG + b"x" * MAX_BYTES, "FILE_TOO_LARGE"),
    ],
)
async def test_a_bad_upload_is_refused_before_it_is_stored(app: FastAPI, content: bytes, code: str):
    with pytest.raises(Invalid) as refused:
        await store(app.state.services, _upload(content, "foto.png", "image/png"), folder="dni")
    assert refused.value.code == code


async def test_without_a_store_the_client_is_told_to_try_again(
    database_url: str, app: FastAPI, monkeypatch: pytest.MonkeyPatch
):
    """F209: a file that could not be kept is not recorded."""

    monkeypatch.setenv("CLOUDINARY_UPLOAD_PREFIX", f"http://127.0.0.1:{free_port()}")
    away = FileStore(FilesSettings())
    services = replace(app.state.services, files=away)
    with pytest.raises(StorageDown):
        await store(services, _upload(PNG), folder="dni")
    app.state.services = services
    key = f"dni/{'0' * 64}.png"
    async with client_of(app) as http:
        answer = await http.get(link(services, key, "image/png"))
    assert (answer.status_code, answer.json()["code"]) == (503, "STORAGE_DOWN")
    await away.aclose()


def test_only_kinds_that_the_house_stores_are_shown_in_the_browser():
    assert "text/html" not in files.SHOWN
    assert "image/png" in files.SHOWN
