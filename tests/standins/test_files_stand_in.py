"""The stand-in of Cloudinary serves the real SDK: signed upload, overwrite, destroy, signed delivery."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from typing import Any

import cloudinary
import cloudinary.exceptions
import cloudinary.uploader
import cloudinary.utils
import pytest

from tests.standins.programs import HTTP, StandIn, Starter

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 500
OTHER_PNG = b"\x89PNG\r\n\x1a\n" + b"1" * 700
PDF = b"%PDF-1.7\n" + b"2" * 500
HEIC = b"\x00\x00\x00\x18ftypheic" + b"3" * 500


@pytest.fixture(scope="module")
def process(start: Starter) -> StandIn:
    return start("files", "--cloud", "qoricash-local", "--api-key", "123", "--api-secret", "un secreto")


@pytest.fixture
def files(process: StandIn) -> Iterator[StandIn]:
    stand_in = process.empty()
    cloudinary.reset_config()
    cloudinary.config(
        cloud_name="qoricash-local",
        api_key="123",
        api_secret="un secreto",
        upload_prefix=stand_in.url,
        secure=False,
        cname=stand_in.url.removeprefix("http://"),
    )
    yield stand_in
    cloudinary.reset_config()


def upload(content: bytes, **options: Any) -> dict[str, Any]:
    return dict(cloudinary.uploader.upload(content, **{"filename": "foto.png", **options}))


def address(name: str, **options: Any) -> str:
    return str(cloudinary.utils.cloudinary_url(name, **options)[0])


def test_the_sdk_uploads_and_downloads(files: StandIn):
    asset = upload(PNG, folder="dni", public_id="abc123", tags=["kyc", "anverso"])
    assert (asset["public_id"], asset["format"], asset["bytes"]) == ("dni/abc123", "png", len(PNG))
    assert asset["tags"] == ["kyc", "anverso"]
    assert cloudinary.utils.verify_api_response_signature(asset["public_id"], asset["version"], asset["signature"])
    for url in (asset["secure_url"], address("dni/abc123", format="png"), address("dni/abc123.png", version=7)):
        response = HTTP.get(url)
        assert response.content == PNG
        assert response.headers["content-type"] == "image/png"
    assert HTTP.get(address("dni/otro.png")).status_code == 404


def test_authenticated_files_open_only_with_their_signature(files: StandIn):
    upload(PDF, folder="operations/payment_proofs", public_id="p1", type="authenticated", resource_type="auto")
    name = "operations/payment_proofs/p1"
    bare = address(name, format="pdf", type="authenticated")
    signed = address(name, format="pdf", type="authenticated", sign_url=True)
    assert "/s--" in signed
    assert HTTP.get(signed).content == PDF
    assert HTTP.get(bare).status_code == 401
    assert HTTP.get(signed.replace("/p1.pdf", "/p2.pdf")).status_code == 401
    assert HTTP.get(address(name, format="pdf")).status_code == 404
    assert HTTP.get(address(name, format="pdf", type="authenticated", sign_url=True, version=3)).content == PDF
    scaled = address(name, format="pdf", type="authenticated", sign_url=True, width=200, crop="scale")
    assert HTTP.get(scaled).content == PDF


def test_a_download_address_expires(files: StandIn):
    upload(PNG, public_id="dni/x", type="authenticated")
    soon, past = int(time.time()) + 60, int(time.time()) - 1
    url = cloudinary.utils.private_download_url("dni/x", "png", type="authenticated", expires_at=soon)
    assert HTTP.get(url).content == PNG
    assert HTTP.get(url.replace("dni%2Fx", "dni%2Fy")).status_code == 401
    expired = cloudinary.utils.private_download_url("dni/x", "png", type="authenticated", expires_at=past)
    assert HTTP.get(expired).status_code == 401


def test_a_public_id_is_overwritten_unless_told_not_to(files: StandIn):
    first = upload(PNG, public_id="compliance/a")
    second = upload(OTHER_PNG, public_id="compliance/a")
    assert (second["version"] > first["version"], second["overwritten"]) == (True, True)
    assert second["asset_id"] == first["asset_id"]
    third = upload(PNG, public_id="compliance/a", overwrite=False)
    assert third["existing"] is True
    assert HTTP.get(address("compliance/a.png")).content == OTHER_PNG
    assert [asset["bytes"] for asset in files.received()] == [len(PNG), len(OTHER_PNG)]


def test_a_destroyed_file_is_gone(files: StandIn):
    upload(PNG, public_id="dni/y")
    assert cloudinary.uploader.destroy("dni/y") == {"result": "ok"}
    assert cloudinary.uploader.destroy("dni/y") == {"result": "not found"}
    assert HTTP.get(address("dni/y.png")).status_code == 404
    assert len(files.received()) == 1


@pytest.mark.parametrize(
    ("content", "asked", "resource_type", "kept"),
    [
        (PDF, "image", "image", "pdf"),
        (PDF, "auto", "image", "pdf"),
        (HEIC, "auto", "image", "heic"),
        (PDF, "raw", "raw", None),
        (b"hola", "auto", "raw", None),
    ],
)
def test_the_content_decides_the_kind(files: StandIn, content: bytes, asked: str, resource_type: str, kept: str | None):
    """F213: judged by its bytes and not by its name."""
    asset = upload(content, public_id="c", resource_type=asked)
    assert (asset["resource_type"], asset.get("format")) == (resource_type, kept)
    assert HTTP.get(asset["url"]).content == content


def test_a_text_named_png_is_no_image(files: StandIn):
    """F213."""
    with pytest.raises(cloudinary.exceptions.BadRequest, match="Invalid image file"):
        upload(b"<script>alert(1)</script>")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"api_secret": "otro"}, "Invalid Signature"),
        ({"api_key": "otro"}, "Unknown API key"),
        ({"cloud_name": "otro"}, "Invalid cloud_name"),
    ],
)
def test_wrong_credentials_are_refused(files: StandIn, wrong: dict[str, str], message: str):
    with pytest.raises(cloudinary.exceptions.AuthorizationRequired, match=message):
        upload(PNG, **wrong)
    assert files.received() == []


def test_a_stale_request_is_refused(files: StandIn):
    params = {"timestamp": int(time.time()) - 7200, "public_id": "dni/w"}
    signed = {**params, "api_key": "123", "signature": cloudinary.utils.api_sign_request(params, "un secreto")}
    answer = HTTP.post(f"{files.url}/v1_1/qoricash-local/image/upload", data=signed, files={"file": PNG})
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("Stale request")


def test_storage_that_is_down_keeps_nothing(files: StandIn):
    """F209: a failed upload is a failure, not a placeholder link."""
    files.inject("500", operacion="upload")
    with pytest.raises(cloudinary.exceptions.GeneralError):
        upload(PNG)
    files.inject("timeout_before", seconds=3)
    with pytest.raises(cloudinary.exceptions.Error):
        upload(PNG, timeout=0.5)
    assert files.received() == []


def test_a_late_answer_comes_after_the_file_was_kept(files: StandIn):
    files.inject("timeout_after", operacion="upload", seconds=3)
    with pytest.raises(cloudinary.exceptions.Error):
        upload(PNG, public_id="z", timeout=0.5)
    assert HTTP.get(address("z.png")).content == PNG


def test_names_with_accents_and_spaces_are_delivered(files: StandIn):
    upload(PNG, public_id="dni/señal & número 1", type="authenticated")
    url = address("dni/señal & número 1", format="png", type="authenticated", sign_url=True)
    assert HTTP.get(url).content == PNG


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_files_survive_a_stop_and_a_kill(files: StandIn, number: int):
    upload(PNG, public_id="dni/z")
    assert files.stop(number) == (0 if number == signal.SIGTERM else -signal.SIGKILL)
    files.start()
    assert HTTP.get(address("dni/z.png")).content == PNG
    assert len(files.received()) == 1
