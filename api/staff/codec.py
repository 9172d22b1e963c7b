"""Shows the encrypted payloads of workflows in the Temporal UI, to who may see them.

The UI posts what it has and gets it back in clear: https://docs.temporal.io/codec-server
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads

from api.auth import SignedUser, requires
from api.services import ServicesDep
from domain.errors import Invalid
from domain.permissions import Permission
from integrations.temporal import codec

router = APIRouter(prefix="/api/staff/codec", tags=["Temporal"])


@router.post("/decode")
async def decode(
    body: Annotated[dict[str, Any], Body(examples=[{"payloads": []}])],
    _user: Annotated[SignedUser, requires(Permission.TEMPORAL_DECODE)],
    services: ServicesDep,
) -> dict[str, Any]:
    """The same payloads, decrypted. Those that travel in clear come back as they are."""
    try:
        asked = json_format.ParseDict(body, Payloads())
    except json_format.ParseError as error:
        raise Invalid("PAYLOADS", "Envía {payloads: [...]} como lo hace la interfaz de Temporal.") from error
    hidden = codec(services.temporal_settings)
    shown: list[Payload] = list(asked.payloads)
    if hidden is not None:
        try:
            shown = await hidden.decode(shown)
        except ValueError as error:
            raise Invalid("PAYLOAD_KEY", str(error)) from error
    return json_format.MessageToDict(Payloads(payloads=shown))
