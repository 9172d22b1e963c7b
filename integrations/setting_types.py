"""What a variable of the environment may hold: a wrong one stops the start by its name, not a call a week later."""

from __future__ import annotations

import json
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

from integrations.vapid import public_key


def _web_address(text: str) -> str:
    try:
        parts = urlsplit(text)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # an unclosed IPv6 address, or a port that is no number
        sound = False
    if text and not sound:
        raise ValueError("debe ser una dirección completa, por ejemplo https://ejemplo.pe/ruta")
    return text


def _numbers(value: object) -> object:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError as error:
        raise ValueError('lleva JSON, por ejemplo {"DNI": 1}') from error


def _vapid(key: SecretStr) -> SecretStr:
    try:
        if key.get_secret_value():
            public_key(key.get_secret_value())
    except Exception as error:
        raise ValueError("no es una clave VAPID: créala con `vapid --gen`") from error
    return key


WebAddress = Annotated[str, AfterValidator(_web_address)]
VapidKey = Annotated[SecretStr, AfterValidator(_vapid)]
Seconds = Annotated[float, Field(gt=0, le=600)]
Numbers = Annotated[dict[str, int], NoDecode, BeforeValidator(_numbers)]
Port = Annotated[int, Field(ge=1, le=65535)]
