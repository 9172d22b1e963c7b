"""The house's files through the real Cloudinary SDK: private, content-addressed, byte for byte."""

from __future__ import annotations

from hashlib import sha256

import pytest

from domain.errors import Missing
from integrations.files import FOLDERS, FileStore, StorageDown
from integrations.settings import FilesSettings
from tests.free_ports import free_port
from tests.standins.programs import HTTP, StandIn

PNG = b"\x89PNG\r\n\x1a\n" + b"una imagen" * 50


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize(
    ("content_type", "extension"), [("image/png", "png"), ("image/heic", "heic"), ("application/pdf", "pdf")]
)
async def test_what_is_stored_comes_back_byte_for_byte(
    files: FileStore, folder: str, content_type: str, extension: str
):
    stored = await files.put(PNG, folder=folder, content_type=content_type)
    assert stored.key == f"{folder}/{sha256(PNG).hexdigest()}.{extension}"
    assert (stored.size, stored.content_type) == (len(PNG), content_type)
    assert await files.get(stored.key) == PNG


async def test_the_same_file_twice_is_one_file(files: FileStore):
    first = await files.put(PNG, folder="dni", content_type="image/png")
    assert await files.put(PNG, folder="dni", content_type="image/png") == first
    assert await files.get(first.key) == PNG


async def test_a_stored_file_has_no_public_address(files: FileStore, files_program: StandIn):
    stored = await files.put(PNG, folder="dni", content_type="image/png")
    for access in ("upload", "authenticated"):
        address = f"{files_program.url}/qoricash-local/raw/{access}/v1/{stored.key}"
        assert HTTP.get(address).status_code in {401, 404}


async def test_a_forgotten_file_is_gone_and_forgetting_it_again_is_no_error(files: FileStore, files_program: StandIn):
    stored = await files.put(PNG, folder="dni", content_type="image/png")
    files_program.inject("500")
    with pytest.raises(StorageDown):
        await files.forget(stored.key)
    for _ in range(2):
        await files.forget(stored.key)
    with pytest.raises(Missing):
        await files.get(stored.key)


@pytest.mark.parametrize("failure", ["500", "down", "timeout_before"])
async def test_storage_that_fails_records_nothing_and_says_so(files: FileStore, files_program: StandIn, failure: str):
    """F209."""
    files_program.inject(failure, seconds=3)
    with pytest.raises(StorageDown) as down:
        await files.put(PNG, folder="dni", content_type="image/png")
    assert (down.value.status, down.value.code) == (503, "STORAGE_DOWN")


async def test_an_upload_whose_answer_was_lost_is_harmless_when_repeated(files: FileStore, files_program: StandIn):
    files_program.inject("timeout_after", operacion="upload", seconds=3)
    with pytest.raises(StorageDown):
        await files.put(PNG, folder="dni", content_type="image/png")
    stored = await files.put(PNG, folder="dni", content_type="image/png")
    assert await files.get(stored.key) == PNG


async def test_a_store_that_is_not_there_is_down():
    store = FileStore(FilesSettings(upload_prefix=f"http://127.0.0.1:{free_port()}", timeout=1))
    with pytest.raises(StorageDown):
        await store.put(PNG, folder="dni", content_type="image/png")
    with pytest.raises(StorageDown):
        await store.get(f"dni/{'0' * 64}.png")
    await store.aclose()


async def test_a_wrong_secret_is_down_and_not_missing(files_program: StandIn):
    store = FileStore(FilesSettings(upload_prefix=files_program.url, api_secret="otro", timeout=2))
    with pytest.raises(StorageDown):
        await store.get(f"dni/{'0' * 64}.png")
    await store.aclose()


@pytest.mark.parametrize("key", ["dni/" + "0" * 64 + ".png", "../secrets", "dni/../../x.png", ""])
async def test_a_file_that_is_not_there_is_missing(files: FileStore, key: str):
    with pytest.raises(Missing):
        await files.get(key)


@pytest.mark.parametrize(("folder", "content_type"), [("otra", "image/png"), ("dni", "text/html")])
async def test_the_house_keeps_no_other_folders_nor_kinds(files: FileStore, folder: str, content_type: str):
    with pytest.raises(ValueError, match="unknown"):
        await files.put(PNG, folder=folder, content_type=content_type)
