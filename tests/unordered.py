"""A statement that names no order answers in any: to a test, backwards.

The tables of a test are emptied, not made anew (see tests.clean_database), and once PostgreSQL has cleared the room of
what was there, new rows go into it in whatever order: on a slow machine, now and then. What leans on the order in which
rows were written is wrong in the house too, where every row that changes moves.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from sqlalchemy import Engine, event

_QUOTED = re.compile(r"'(?:[^']|'')*'")
_INNERMOST = re.compile(r"\([^()]*\)")
_READS = re.compile(r"\s*(SELECT|WITH)\b", re.IGNORECASE)
_WRITES = re.compile(r"\b(INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
# A row that is locked must be one of a table.
_SETTLED = re.compile(r"\bORDER\s+BY\b|\bFOR\s+(NO\s+KEY\s+)?(UPDATE|SHARE|KEY)\b|;", re.IGNORECASE)


def answer_backwards(engine: Engine) -> None:
    """Turn round what this engine's statements leave without an order."""

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def turned(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
    ) -> tuple[str, Any]:
        return _turned(statement), parameters


@cache
def _turned(statement: str) -> str:
    if not _READS.match(statement) or (statement.lstrip()[0] in "Ww" and _WRITES.search(statement)):
        return statement
    outermost = _QUOTED.sub("", statement)
    while (less := _INNERMOST.sub("", outermost)) != outermost:
        outermost = less
    if _SETTLED.search(outermost) or not re.search(r"\bFROM\b", outermost, re.IGNORECASE):
        return statement
    return f"SELECT * FROM ({statement}) AS answer ORDER BY row_number() OVER () DESC"  # noqa: S608 - the house's own statement
