"""Encrypted payloads shown in the Temporal UI, to who may see them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fastapi import FastAPI
from google.protobuf import json_format
from pydantic import SecretStr
from temporalio.api.common.v1 import Payload, Payloads

from domain.permissions import Role
from integrations.temporal import TemporalSettings, codec
from tests.api.conftest import Staff

KEY = "a:AAAAAAAAAAAAAAAAAAAAAA=="
URL = "/api/staff/codec/decode"


@pytest.fixture
async def hidden(app: FastAPI) -> dict[str, object]:
    settings = TemporalSettings().model_copy(update={"payload_keys": SecretStr(KEY)})
    app.state.services = replace(app.state.services, temporal_settings=settings)
    made = codec(settings)
    assert made is not None
    payloads = await made.encode([Payload(metadata={"encoding": b"json/plain"}, data=b'"EXP-1001"')])
    return json_format.MessageToDict(Payloads(payloads=payloads))


async def test_who_may_sees_what_was_hidden(staff: Staff, hidden: dict[str, object]):
    master = await staff("marta", Role.MASTER)
    shown = (await master.http.post(URL, json=hidden)).json()
    assert json_format.ParseDict(shown, Payloads()).payloads[0].data == b'"EXP-1001"'


@pytest.mark.parametrize("role", [Role.TRADER, Role.OPERADOR])
async def test_who_may_not_does_not(staff: Staff, hidden: dict[str, object], role: Role):
    person = await staff("ana", role)
    assert (await person.http.post(URL, json=hidden)).status_code == 403


async def test_rubbish_is_refused(staff: Staff, hidden: dict[str, object]):
    master = await staff("marta", Role.MASTER)
    for body in ({"payloads": 3}, {"otra": []}):
        assert (await master.http.post(URL, json=body)).status_code == 422
    broken = json_format.ParseDict(hidden, Payloads())
    broken.payloads[0].data = broken.payloads[0].data[:-1]
    other = json_format.ParseDict(hidden, Payloads())
    other.payloads[0].metadata["key"] = b"otra"
    bare = Payloads(payloads=[Payload(metadata={"encoding": b"binary/encrypted"}, data=b"")])
    for payloads in (broken, other, bare):
        answer = await master.http.post(URL, json=json_format.MessageToDict(payloads))
        assert answer.status_code == 422, answer.text
