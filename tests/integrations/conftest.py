"""The stand-ins as programs, shared by all tests of the real clients."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from integrations.files import FileStore
from integrations.settings import FilesSettings
from tests.standins.programs import StandIn

SECRET = "secreto-de-archivos"


@pytest.fixture(scope="module")
def files_program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    program = StandIn("files", tmp_path_factory.mktemp("files"), ["--api-secret", SECRET])
    program.start()
    yield program
    program.stop()


@pytest.fixture
async def files(files_program: StandIn) -> AsyncIterator[FileStore]:
    files_program.empty()
    store = FileStore(FilesSettings(upload_prefix=files_program.url, api_secret=SECRET, timeout=2))
    yield store
    await store.aclose()


@pytest.fixture(scope="module")
def push_program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    program = StandIn("push", tmp_path_factory.mktemp("push"), [])
    program.start()
    yield program
    program.stop()
