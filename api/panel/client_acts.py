"""What is done to a client from its file: each act asks in a dialog, and is the staff API's own function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from api.auth import SignedUser
from api.panel.questions import REASON, Ask, Question, Typed
from api.services import Services
from api.staff import client_actions as acts
from api.staff import client_kyc as kyc
from api.staff.client_bodies import AccountBody, ContactBody, IdentityBody, ReasonBody
from api.staff.clients import ClientView
from domain.accounts import AccountType, Bank, Region
from domain.clients import ClientStatus, DocumentType, KycStatus
from domain.money import Currency
from domain.permissions import Permission

BANKS = tuple((bank.value, bank.value.capitalize() if len(bank.value) > 4 else bank.value) for bank in Bank)  # noqa: PLR2004 - BCP and BBVA are initials


@dataclass(frozen=True, kw_only=True)
class Call:
    """One click on a client's file."""

    client: ClientView
    user: SignedUser
    services: Services
    typed: Typed
    place: int = 0

    @property
    def reason(self) -> ReasonBody:
        """The reason that was typed."""
        return ReasonBody(reason=self.typed.text("reason"))


@dataclass(frozen=True, kw_only=True)
class ClientAct:
    """An act: who may, when it makes sense, what it asks, how it is done, and what is said afterwards."""

    permission: Permission
    icon: str
    text: str
    done: str
    question: Callable[[ClientView], Question]
    run: Callable[[Call], Awaitable[object]]
    now: Callable[[ClientView], bool] = lambda _: True
    button: bool = True
    danger: bool = False


def _contact(client: ClientView) -> Question:
    return Question(
        title="Datos de contacto",
        lead="El correo y el celular reciben los avisos de sus operaciones.",
        asks=(
            Ask(name="email", label="Correo", value=client.email, hint="Varios se separan con punto y coma."),
            Ask(name="phone", label="Celular", value=client.phone),
            Ask(name="address", label="Dirección", value=client.address),
            Ask(name="department", label="Departamento", value=client.department),
            Ask(name="province", label="Provincia", value=client.province),
            Ask(name="district", label="Distrito", value=client.district),
            *(
                (Ask(name="contact_person", label="Contacto", value=client.contact_person),)
                if client.company_name
                else ()
            ),
        ),
        ok="Guardar datos",
    )


def _identity(client: ClientView) -> Question:
    names = (
        (Ask(name="company_name", label="Razón social", value=client.company_name),)
        if client.company_name
        else (
            Ask(name="given_names", label="Nombres", value=client.given_names),
            Ask(name="paternal_surname", label="Apellido paterno", value=client.paternal_surname),
            Ask(name="maternal_surname", label="Apellido materno", value=client.maternal_surname),
        )
    )
    kinds = [(kind.value, kind.value) for kind in DocumentType]
    return Question(
        title="Corregir nombres o documento",
        effects=(
            ("history", "Lo anterior queda en la historia."),
            ("shield-check", "Se revisa de nuevo en las listas."),
        ),
        asks=(
            Ask(name="document_type", label="Tipo", kind="choice", options=kinds, value=client.document_type),
            Ask(name="document_number", label="Número", value=client.document_number),
            *names,
            REASON,
        ),
        ok="Corregir",
    )


def _account(_: ClientView) -> Question:
    return Question(
        title="Agregar cuenta",
        asks=(
            Ask(name="bank", label="Banco", kind="choice", options=BANKS),
            Ask(name="account_type", label="Tipo", kind="choice", options=[(k.value, k.value) for k in AccountType]),
            Ask(
                name="currency",
                label="Moneda",
                kind="choice",
                options=[(c.value, c.words.capitalize()) for c in Currency],
            ),
            Ask(name="region", label="Lugar", kind="choice", options=[(r.value, r.value) for r in Region]),
            Ask(name="number", label="Número o CCI", hint="Sin guiones. En otros bancos, el CCI de 20 dígitos."),
            Ask(name="declared_own", label="El cliente declara que la cuenta es suya", kind="check"),
        ),
        ok="Agregar cuenta",
    )


def _documents(client: ClientView) -> Question:
    company = client.document_type is DocumentType.RUC
    asks = (
        Ask(name="dni_front", label="Documento, anverso", kind="file"),
        Ask(name="dni_back", label="Documento, reverso", kind="file"),
    )
    ficha = (Ask(name="ruc_ficha", label="Ficha RUC", kind="file"),) if company else ()
    return Question(
        title="Adjuntar documentos",
        lead="PNG, JPG, WEBP, HEIC o PDF de hasta 10 MB. Pasan a revisión.",
        asks=(*asks, *ficha),
        ok="Adjuntar documentos",
    )


def _because(title: str, ok: str, *effects: tuple[str, str], danger: bool = False) -> Callable[[ClientView], Question]:
    def asked(client: ClientView) -> Question:
        return Question(title=title.format(client.name), effects=effects, asks=(REASON,), ok=ok, danger=danger)

    return asked


def _approve(client: ClientView) -> Question:
    return Question(
        title=f"¿Aprobar a {client.name}?",
        effects=(("circle-check", "Queda Activo y sin tope."), ("mail", "Se le avisa por correo.")),
        asks=(Ask(name="notes", label="Notas de la aprobación", kind="area", most=1000),),
        ok="Aprobar cliente",
    )


def _accept(_: ClientView) -> Question:
    return Question(title="¿Aceptar este documento?", ok="Aceptar documento")


def _remove(_: ClientView) -> Question:
    lead = "Deja de ofrecerse. Las operaciones que la usaron la conservan."
    return Question(title="¿Quitar esta cuenta?", lead=lead, ok="Quitar cuenta", danger=True)


CONTACT = ("email", "phone", "address", "department", "province", "district", "contact_person")


async def _do_contact(call: Call) -> None:
    given = {name: call.typed.text(name) for name in CONTACT if name in call.typed.form}
    await acts.edit_client(call.client.id, ContactBody(**given), call.user, call.services)


async def _do_identity(call: Call) -> None:
    names = ("document_type", "document_number", "given_names", "paternal_surname", "maternal_surname", "company_name")
    given = {name: call.typed.text(name) for name in names if name in call.typed.form}
    body = IdentityBody(**given, reason=call.typed.text("reason"))
    await acts.correct_identity(call.client.id, body, call.user, call.services)


async def _do_account(call: Call) -> None:
    given = {name: call.typed.text(name) for name in ("bank", "account_type", "currency", "number", "region")}
    body = AccountBody(**given, declared_own=call.typed.ticked("declared_own"))
    await acts.add_account(call.client.id, body, call.user, call.services)


async def _do_remove(call: Call) -> None:
    await acts.remove_account(call.client.id, call.place, call.user, call.services)


async def _do_documents(call: Call) -> None:
    sent = {name: call.typed.file(name) for name in ("dni_front", "dni_back", "ruc_ficha")}
    await kyc.send_documents(client_id=call.client.id, user=call.user, services=call.services, **sent)


async def _do_accept(call: Call) -> None:
    await kyc.accept_document(
        client_id=call.client.id, paper_id=call.place, user=call.user, services=call.services, key=call.typed.key
    )


async def _do_observe(call: Call) -> None:
    await kyc.ask_document_again(
        client_id=call.client.id,
        paper_id=call.place,
        body=call.reason,
        user=call.user,
        services=call.services,
        key=call.typed.key,
    )


async def _do_approve(call: Call) -> None:
    body = kyc.NotesBody(notes=call.typed.text("notes"))
    await kyc.activate_client(call.client.id, body, call.user, call.services, call.typed.key)


async def _do_reject(call: Call) -> None:
    await kyc.reject_client(call.client.id, call.reason, call.user, call.services, call.typed.key)


async def _do_reopen(call: Call) -> None:
    await kyc.reopen_client(call.client.id, call.reason, call.user, call.services, call.typed.key)


async def _do_block(call: Call) -> None:
    await acts.block_client(call.client.id, call.reason, call.user, call.services)


async def _do_unblock(call: Call) -> None:
    await acts.unblock_client(call.client.id, call.reason, call.user, call.services)


async def _do_close(call: Call) -> None:
    await acts.close_client(call.client.id, call.reason, call.user, call.services)


def _reviewable(client: ClientView) -> bool:
    return client.kyc_status in {KycStatus.PENDIENTE, KycStatus.EN_PROCESO} and client.closed_at is None


def _blocked(client: ClientView) -> bool:
    return client.status is ClientStatus.BLOQUEADO


ACTS: dict[str, ClientAct] = {
    "aprobar": ClientAct(
        permission=Permission.CLIENTS_KYC,
        icon="circle-check",
        text="Aprobar",
        done="Aprobado",
        question=_approve,
        run=_do_approve,
        now=_reviewable,
    ),
    "contacto": ClientAct(
        permission=Permission.CLIENTS_EDIT,
        icon="pencil",
        text="Editar datos de contacto",
        done="Datos guardados",
        question=_contact,
        run=_do_contact,
    ),
    "identidad": ClientAct(
        permission=Permission.CLIENTS_KYC,
        icon="id-card",
        text="Corregir nombres o documento",
        done="Corregido",
        question=_identity,
        run=_do_identity,
    ),
    "cuenta": ClientAct(
        permission=Permission.CLIENTS_EDIT,
        icon="landmark",
        text="Agregar cuenta",
        done="Cuenta agregada",
        question=_account,
        run=_do_account,
    ),
    "documentos": ClientAct(
        permission=Permission.CLIENTS_EDIT,
        icon="upload",
        text="Adjuntar documentos",
        done="Documentos en revisión",
        question=_documents,
        run=_do_documents,
        now=lambda client: client.kyc_status is not KycStatus.APROBADO,
    ),
    "rechazar": ClientAct(
        permission=Permission.CLIENTS_KYC,
        icon="x",
        text="Rechazar",
        done="Rechazado",
        question=_because("¿Rechazar a {}?", "Rechazar cliente", ("mail", "Se le avisa con este motivo."), danger=True),
        run=_do_reject,
        now=_reviewable,
        danger=True,
    ),
    "reabrir": ClientAct(
        permission=Permission.CLIENTS_KYC,
        icon="rotate-ccw",
        text="Revisar de nuevo",
        done="En revisión otra vez",
        question=_because("¿Revisar de nuevo a {}?", "Revisar de nuevo"),
        run=_do_reopen,
        now=lambda client: client.kyc_status is KycStatus.RECHAZADO,
    ),
    "desbloquear": ClientAct(
        permission=Permission.CLIENTS_KYC,
        icon="lock-open",
        text="Desbloquear",
        done="Desbloqueado",
        question=_because("¿Desbloquear a {}?", "Desbloquear cliente"),
        run=_do_unblock,
        now=_blocked,
    ),
    "bloquear": ClientAct(
        permission=Permission.CLIENTS_KYC,
        icon="lock",
        text="Bloquear",
        done="Bloqueado",
        question=_because(
            "¿Bloquear a {}?",
            "Bloquear cliente",
            ("ban", "No puede crear operaciones hasta que se desbloquee."),
            ("eye-off", "No se le dice por qué."),
            danger=True,
        ),
        run=_do_block,
        now=lambda client: not _blocked(client) and client.closed_at is None,
        danger=True,
    ),
    "cerrar": ClientAct(
        permission=Permission.CLIENTS_CLOSE,
        icon="user-x",
        text="Cerrar la cuenta",
        done="Cuenta cerrada",
        question=_because(
            "¿Cerrar la cuenta de {}?",
            "Cerrar cuenta",
            ("log-out", "No puede volver a entrar."),
            ("archive", "Lo que la ley manda guardar se conserva por su plazo."),
            danger=True,
        ),
        run=_do_close,
        now=lambda client: client.closed_at is None,
        danger=True,
    ),
    "quitar-cuenta": ClientAct(
        permission=Permission.CLIENTS_EDIT,
        icon="trash-2",
        text="Quitar",
        done="Cuenta quitada",
        question=_remove,
        run=_do_remove,
        button=False,
    ),
    "aceptar-documento": ClientAct(
        permission=Permission.CLIENTS_KYC,
        icon="check",
        text="Aceptar",
        done="Documento aceptado",
        question=_accept,
        run=_do_accept,
        button=False,
    ),
    "observar-documento": ClientAct(
        permission=Permission.CLIENTS_KYC,
        icon="message-square-text",
        text="Pedir de nuevo",
        done="Pedido de nuevo",
        question=_because(
            "¿Pedir este documento de nuevo?", "Pedir de nuevo", ("mail", "Le llega un correo con este motivo.")
        ),
        run=_do_observe,
        button=False,
    ),
}


def buttons(client: ClientView, user: SignedUser) -> list[tuple[str, ClientAct]]:
    """The acts that this person may do with this client now."""
    return [(name, act) for name, act in ACTS.items() if act.button and user.may(act.permission) and act.now(client)]
