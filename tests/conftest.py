"""What every ring of tests stands on: a real PostgreSQL, with a migrated database as new for each test."""

from __future__ import annotations

import asyncio
import gc
import os
import secrets
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.ext.asyncio import AsyncEngine

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "temporal-dev"))
# Where bytecode may not be kept, each process of each house compiles every library again. It is kept here, and by the
# programs that the tests start.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

import postgres  # noqa: E402 - a program of temporal-dev/, found by path
from tests import engines  # noqa: E402

engines.keep()
from db import migrations  # noqa: E402
from db.session import Sessions, make_engine, make_sessions  # noqa: E402
from db.settings import DatabaseSettings  # noqa: E402
from tests import clean_database  # noqa: E402
from tests.free_ports import free_port  # noqa: E402
from tests.rings import ByHouse, long_first  # noqa: E402
from tests.temporal_server import TemporalServer, temporal_server  # noqa: E402

MIGRATED = "qoricash_test"
# What collection imports stays for the whole run: looking through it at every pass took a tenth of the suite.
gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    long_first(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByHouse:
    return ByHouse(config, log)


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of this test process."""
    password = secrets.token_hex(8)
    with postgres.running(tmp_path_factory.mktemp("postgres") / "data", port=free_port(), password=password) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            # Each of some ten thousand connections would prove its password 4,096 times over.
            connection.execute("SET scram_iterations = 1")
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(postgres.USER), password))
        yield url


@pytest.fixture(scope="session")
def migrated_url(postgres_url: str) -> Iterator[str]:
    """The migrated database that the tests of this process use, one after the other."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {MIGRATED}")
    url = f"{postgres_url.rpartition('/')[0]}/{MIGRATED}"
    migrations.upgrade(DatabaseSettings(url=url))
    clean_database.keep_as_migrated(url)
    yield url
    clean_database.close()


@pytest.fixture(scope="session")
def temporal_of_tests() -> Iterator[TemporalServer]:
    """A Temporal of this test process, which starts when a test first asks for a namespace."""
    with temporal_server() as server:
        yield server


@pytest.fixture
def database_url(migrated_url: str) -> str:
    """An empty, migrated database, of this test alone while it runs."""
    clean_database.make_as_migrated(migrated_url)
    return migrated_url


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """The pool of this test's database."""
    made = make_engine(DatabaseSettings(url=database_url))
    yield made
    await _all_returned(made)
    await made.dispose()


async def _all_returned(engine: AsyncEngine) -> None:
    """What a stopping worker or application cancelled gives its connection back a moment later."""
    for _ in range(100):
        if engine.pool.checkedout() == 0:
            return
        await asyncio.sleep(0.05)


@pytest.fixture
def sessions(engine: AsyncEngine) -> Sessions:
    """Sessions on this test's database."""
    return make_sessions(engine)
