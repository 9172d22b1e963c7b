"""What a client wants to be told by mail and by push, and what comes in any case."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.auth import CurrentClient
from api.public.identity import Json, Text
from api.services import ServicesDep
from db import notice_preferences
from domain.notice_preferences import Choice, Topic, topic

router = APIRouter(prefix="/api/web/notice-preferences", tags=["Contrato: avisos"])


class TopicChosen(BaseModel):
    """One topic: `pasos` (created, in process), `alertas` (of the rate), `documentos` (of the account)."""

    tema: Text = Field(examples=["pasos"])
    correo: bool
    push: bool


class Chosen(BaseModel):
    """The topics that change; those left out stay as they are."""

    temas: list[TopicChosen] = Field(max_length=len(Topic))


@router.get("")
async def read(client: CurrentClient, services: ServicesDep) -> Json:
    """Every topic that may be turned off, with what the client chose. What is not here always comes."""
    async with services.sessions() as session:
        found = await notice_preferences.read(session, client.id)
    return {"success": True, "data": _shown(found)}


@router.put("")
async def change(body: Chosen, client: CurrentClient, services: ServicesDep) -> Json:
    """Choose. Refused for a topic that the house must tell: comprobantes, cancellations, the account's security."""
    chosen = [Choice(topic=topic(one.tema), mail=one.correo, push=one.push) for one in body.temas]
    async with services.sessions.begin() as session:
        found = await notice_preferences.change(session, client.id, chosen, actor=client.actor)
    return {"success": True, "message": "Guardamos cómo quieres tus avisos.", "data": _shown(found)}


def _shown(found: Iterable[Choice]) -> list[Json]:
    return [{"tema": one.topic.value, "correo": one.mail, "push": one.push} for one in found]
