"""`qoricash bench seed`: fills a database with an invented house, to look at its pages or to explain a query."""

from __future__ import annotations

from api.settings import ApiSettings
from cli.benches.full_house import fill
from cli.benches.stack import BenchError
from db.session import make_engine, make_sessions
from db.settings import DatabaseSettings


async def run(*, operations: int, clients: int) -> str:
    """Fill the database of DATABASE_URL. Raises BenchError in production."""
    if ApiSettings().production:
        raise BenchError("En producción no se siembra: son personas y operaciones inventadas.")
    engine = make_engine(DatabaseSettings())
    try:
        await fill(make_sessions(engine), operations=operations, clients=clients)
    finally:
        await engine.dispose()
    return f"Sembradas {operations:,} operaciones de {clients:,} clientes."
