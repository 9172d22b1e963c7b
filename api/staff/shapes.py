"""How the staff JSON writes and reads: money as text, lists by key, and bodies that refuse what they don't know."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, TypeVar
from uuid import uuid4

from fastapi import Header, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from domain.errors import Invalid

Item = TypeVar("Item")

PAGE = 50
MAX_ID = 2**63 - 1


def _number_or_text(value: object) -> object:
    """Money comes as text ("1500.00") or as a JSON number, read by its shortest text; never as true or false."""
    if isinstance(value, bool):
        raise ValueError("not a number")  # noqa: TRY004 - pydantic turns a ValueError into a refusal of the field
    return str(value) if isinstance(value, float) else value


# Written as text, so that no reader turns it into a binary fraction.
Money = Annotated[
    Decimal,
    BeforeValidator(_number_or_text),
    PlainSerializer(lambda value: f"{value:.2f}", return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "examples": ["1500.00"]}),
]
Rate = Annotated[
    Decimal,
    BeforeValidator(_number_or_text),
    PlainSerializer(lambda value: f"{value:.4f}", return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "examples": ["3.7650"]}),
]


# Lima days that a report or a movement can be of: what is beyond is a slip, and no calendar reckons with it.
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2999, 12, 31))]


class Body(BaseModel):
    """A request's body: a name that is not known is refused, so that a misspelt one is not taken for an absent one."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Answer(BaseModel):
    """A response's body."""

    model_config = ConfigDict(from_attributes=True)


class Done(Answer):
    """It was done; there is nothing more to say."""

    success: bool = True


Cursor = Annotated[str | None, Query(max_length=40, description="El `next_cursor` de la página anterior.")]
Limit = Annotated[int, Query(ge=1, le=200, description="Cuántos por página.")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[!-~]+$",
        description="Una clave por clic: repetirla devuelve la primera respuesta y no hace nada de nuevo.",
    ),
]


def key_or_new(given: str | None) -> str:
    """The caller's key, or one for this request only.

    Where the caller sends none, a repeat is another order. Every command that may be repeated by accident is refused by
    the state that the first one left, so nothing is done twice.
    """
    return given or str(uuid4())


def after(cursor: str | None) -> int | None:
    """The row id to go on from. Raises Invalid for a cursor that we did not write."""
    if cursor is None:
        return None
    try:
        row_id = int(urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error) as error:
        raise Invalid("CURSOR_UNKNOWN", "Vuelve a empezar la lista desde la primera página.", field="cursor") from error
    if not 0 < row_id <= MAX_ID:
        raise Invalid("CURSOR_UNKNOWN", "Vuelve a empezar la lista desde la primera página.", field="cursor")
    return row_id


def page(rows: Sequence[Item], limit: int, row_id: Callable[[Item], int]) -> tuple[Sequence[Item], str | None]:
    """The first `limit` of `limit + 1` rows read, and the cursor of the next page when there is one."""
    if len(rows) <= limit:
        return rows, None
    shown = rows[:limit]
    return shown, urlsafe_b64encode(str(row_id(shown[-1])).encode()).rstrip(b"=").decode()


def example(**values: Any) -> ConfigDict:
    """A body's example for the documentation, with the same strictness."""
    return ConfigDict(extra="forbid", str_strip_whitespace=True, json_schema_extra={"examples": [values]})
