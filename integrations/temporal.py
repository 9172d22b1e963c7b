"""The Temporal server: how a process connects, and how payloads are written and hidden.

Connection settings are Temporal's own (`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, TLS paths, or a
profile file), read by `temporalio.envconfig`. `PAYLOAD_KEYS` ("name:base64key,…", first one encrypts) turns on AES-GCM.
"""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import functools
import os
from collections.abc import Iterable, Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import Field, SecretStr, TypeAdapter
from pydantic_settings import BaseSettings, SettingsConfigDict
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WithStartWorkflowOperation
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
    PayloadCodec,
)
from temporalio.envconfig import ClientConfig

from integrations.setting_types import WebAddress

ENCODING = b"binary/encrypted"
NONCE_BYTES = 12


class TemporalSettings(BaseSettings):
    """What the house adds to Temporal's own connection variables."""

    model_config = SettingsConfigDict(extra="ignore")

    payload_keys: SecretStr | None = Field(default=None, validation_alias="PAYLOAD_KEYS")
    temporal_ui_url: WebAddress = Field(default="http://127.0.0.1:8233", validation_alias="TEMPORAL_UI_URL")


class Misconfigured(ValueError):
    """A variable is missing or can not be used; the message names it."""


class EncryptionCodec(PayloadCodec):
    """AES-GCM over whole payloads. The key's name travels in clear, so that keys can be rotated."""

    def __init__(self, keys: dict[str, bytes]) -> None:
        """`keys` by name; the first one encrypts, all of them decrypt."""
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self._current = next(iter(keys))

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Hide each payload."""
        return [self._encode(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Show each payload that was hidden; leave the others as they are. Raises ValueError for an unknown key."""
        return [self._decode(payload) for payload in payloads]

    def _encode(self, payload: Payload) -> Payload:
        nonce = os.urandom(NONCE_BYTES)
        hidden = self._ciphers[self._current].encrypt(nonce, payload.SerializeToString(), None)
        return Payload(metadata={"encoding": ENCODING, "key": self._current.encode()}, data=nonce + hidden)

    def _decode(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        cipher = self._ciphers.get(payload.metadata["key"].decode())
        if cipher is None:
            raise ValueError("PAYLOAD_KEYS no tiene la clave con que se guardó este dato.")
        try:
            shown = cipher.decrypt(payload.data[:NONCE_BYTES], payload.data[NONCE_BYTES:], None)
        except InvalidTag as error:
            raise ValueError("La clave de PAYLOAD_KEYS no corresponde a este dato.") from error
        return Payload.FromString(shown)


def codec(settings: TemporalSettings) -> EncryptionCodec | None:
    """The codec of PAYLOAD_KEYS, or None where payloads travel in clear. Raises Misconfigured for a malformed key."""
    if settings.payload_keys is None or not settings.payload_keys.get_secret_value():
        return None
    return EncryptionCodec(dict(_keys(settings.payload_keys.get_secret_value().split(","))))


def _keys(pairs: Iterable[str]) -> Iterable[tuple[str, bytes]]:
    for pair in pairs:
        name, _, encoded = pair.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except ValueError:
            key = b""
        if not name or len(key) not in {16, 24, 32}:
            raise Misconfigured("PAYLOAD_KEYS va como nombre:clave, en base64 de 16, 24 o 32 bytes, con comas.")
        yield name, key


@functools.lru_cache(maxsize=1024)
def _adapter(type_hint: type[Any]) -> TypeAdapter[Any]:
    """How a type is read, worked out once a process.

    The SDK's own converter keeps this a workflow instance at a time: building it anew took 10 ms of every operation,
    and on a busy machine once more than the two seconds that a workflow task may hold the processor.
    """
    return TypeAdapter(type_hint)


class _SharedJson(PydanticJSONPlainPayloadConverter):
    def from_payload(self, payload: Payload, type_hint: type[Any] | None = None) -> Any:
        hint: Any = type_hint or Any
        return _adapter(hint).validate_json(payload.data)


_CONVERTERS = tuple(
    _SharedJson() if isinstance(each, JSONPlainPayloadConverter) else each
    for each in DefaultPayloadConverter.default_encoding_payload_converters
)


class ExactPayloadConverter(CompositePayloadConverter):
    """Pydantic's JSON (exact decimals) in the place of the default one."""

    def __init__(self) -> None:
        """The SDK makes one for each workflow task; what they are made of is shared."""
        super().__init__(*_CONVERTERS)


PLAIN_CONVERTER = DataConverter(payload_converter_class=ExactPayloadConverter)


def data_converter(settings: TemporalSettings) -> DataConverter:
    """Pydantic's converter (exact decimals), encrypted when there are keys; failures are hidden with the rest."""
    hidden = codec(settings)
    if hidden is None:
        return PLAIN_CONVERTER
    return dataclasses.replace(
        PLAIN_CONVERTER,
        payload_codec=hidden,
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


async def connect(settings: TemporalSettings, *, lazy: bool = False) -> Client:
    """A client for this process. `lazy` lets the API start while Temporal is away: reads go on, commands answer 503.

    Raises Misconfigured without an address that can be used, and RuntimeError or RPCError when an eager connection
    fails.
    """
    config, converter = ClientConfig.load_client_connect_config(), data_converter(settings)
    if not config.get("target_host"):
        raise Misconfigured("Falta la variable TEMPORAL_ADDRESS, por ejemplo 127.0.0.1:7233.")
    try:
        return await Client.connect(**config, data_converter=converter, lazy=lazy)
    except ValueError as error:
        raise Misconfigured(
            "TEMPORAL_ADDRESS (va como 127.0.0.1:7233) o las TEMPORAL_TLS_* no sirven para conectarse."
        ) from error


async def update_with_start(
    client: Client, update: str, *args: Any, opening: WithStartWorkflowOperation[Any, Any], **options: Any
) -> Any:
    """The SDK's `execute_update_with_start_workflow`, quiet about an opening that failed.

    The SDK tells of it twice: by raising, and to whoever waits for the workflow's handle. Where nobody does, asyncio
    writes it in the log as an error that nobody heard.
    """
    opened = asyncio.ensure_future(opening.workflow_handle())
    try:
        return await client.execute_update_with_start_workflow(
            update, *args, start_workflow_operation=opening, **options
        )
    finally:
        opened.cancel()
        await asyncio.gather(opened, return_exceptions=True)


def workflow_url(settings: TemporalSettings, namespace: str, workflow_id: str) -> str:
    """Where staff reads this workflow in the Temporal UI."""
    return f"{settings.temporal_ui_url.rstrip('/')}/namespaces/{namespace}/workflows/{workflow_id}"
