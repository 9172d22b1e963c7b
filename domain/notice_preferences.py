"""What a client may choose not to be told by mail or push, and what the house tells it in any case.

A choice is about the way, never about knowing: everything is also in the client's own notices on screen. What the law
asks for (the comprobante, the answers to complaints), what concerns its money and what protects its account leave
whatever was chosen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.errors import Invalid


class Channel(StrEnum):
    """A way to be told away from the screen."""

    MAIL = "correo"
    PUSH = "push"


class Topic(StrEnum):
    """What a client chooses about, one by one."""

    PASOS = "pasos"
    ALERTAS = "alertas"
    DOCUMENTOS = "documentos"


# Notices of each topic, by the names that their mails have. A notice in none of them can't be turned off.
NOTICES: Mapping[Topic, frozenset[str]] = {
    Topic.PASOS: frozenset({"creada", "en_proceso"}),
    Topic.ALERTAS: frozenset({"alerta_tc"}),
    Topic.DOCUMENTOS: frozenset({"aprobada", "documento_observado", "recordatorio_documentos"}),
}


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One topic, and whether its notices come by mail and by push."""

    topic: Topic
    mail: bool
    push: bool


def choices(muted: Collection[str]) -> tuple[Choice, ...]:
    """Every topic as a client's row has it."""
    return tuple(
        Choice(
            topic=topic,
            mail=_written(topic, Channel.MAIL) not in muted,
            push=_written(topic, Channel.PUSH) not in muted,
        )
        for topic in Topic
    )


def muted(chosen: Iterable[Choice]) -> list[str]:
    """What a client's row keeps: only what is off, so that a topic of tomorrow begins by being told."""
    off = [
        _written(one.topic, channel)
        for one in chosen
        for channel, on in ((Channel.MAIL, one.mail), (Channel.PUSH, one.push))
        if not on
    ]
    return sorted(off)


def topic(text: str) -> Topic:
    """Raises Invalid for what is none, or can't be turned off."""
    try:
        return Topic(text)
    except ValueError as error:
        names = ", ".join(Topic)
        words = f"Eso no se puede cambiar: puedes elegir entre {names}."
        raise Invalid("TOPIC_UNKNOWN", words, field="tema") from error


def leaves(notice: str, channel: Channel, muted: Collection[str]) -> bool:
    """Whether a notice goes out by this way to a client who muted these."""
    of = next((topic for topic, notices in NOTICES.items() if notice in notices), None)
    return of is None or _written(of, channel) not in muted


def _written(topic: Topic, channel: Channel) -> str:
    return f"{topic}:{channel}"
