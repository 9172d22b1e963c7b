"""One look at each part of the house. A checkup says what it saw, or raises `Ill` with the sentence that mends it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import aiosmtplib
from pydantic_settings import BaseSettings
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from api.settings import ApiSettings
from db import migrations
from db.invoices import open_troubles, overdue
from db.session import make_engine, make_sessions
from db.settings import DatabaseSettings
from db.tables import User
from db.users import ACTIVE
from domain.errors import Missing
from domain.permissions import Role
from integrations import nubefact_account
from integrations.files import FileStore, StorageDown
from integrations.settings import (
    BcrpSettings,
    FilesSettings,
    InspektorSettings,
    ListSettings,
    LookupSettings,
    MailSettings,
    NoticeSettings,
    NubefactSettings,
    PushSettings,
)
from integrations.temporal import TemporalSettings, codec, connect
from worker.settings import WorkerSettings
from worker.shares import Share
from workflows import names

Checkup = Callable[[], Awaitable[str]]
CLOCK_TOLERANCE = timedelta(seconds=2)
# A poll lasts a minute, and the server lists a poller for five after it has gone.
POLLED_WITHIN = timedelta(seconds=90)
INVOICE_PATIENCE = timedelta(minutes=15)
NO_FILE = f"dni/{'0' * 64}.png"


class Ill(Exception):
    """A part does not work; the message says how to mend it."""


async def settings() -> str:
    """Every variable that a process reads has a value it can use."""
    for each in _SETTINGS:
        each()
    codec(TemporalSettings())
    return f"APP_ENV={ApiSettings().app_env}"


async def database() -> str:
    """PostgreSQL answers."""
    async with _session() as session:
        version = await session.scalar(text("show server_version"))
    return f"PostgreSQL {version}"


async def tables() -> str:
    """The tables are those of this program."""
    chosen = DatabaseSettings()
    async with _session():
        present, last = await asyncio.to_thread(migrations.current, chosen), migrations.head(chosen)
    if present != last:
        raise Ill(f"La base está en la revisión {present or 'cero'} y el programa en {last}: usa `qoricash migrate`.")
    return f"revisión {last}"


async def masters() -> str:
    """Somebody can run the house."""
    async with _session() as session:
        wanted = select(func.count()).where(User.role == Role.MASTER, User.status == ACTIVE)
        found = await session.scalar(wanted)
    if not found:
        raise Ill("No hay ningún Master activo: crea uno con `qoricash user create <usuario> --role Master`.")
    return f"activos: {found}"


async def temporal() -> str:
    """The Temporal server answers."""
    client = await _client()
    return f"{client.service_client.config.target_host} · {client.namespace}"


async def search_attributes() -> str:
    """Temporal knows the attributes by which support looks for operations, with their types."""
    client = await _client()
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace), timeout=timedelta(seconds=5)
    )
    missing = [
        f"{key.name} ({key.indexed_value_type.name})"
        for key in names.SEARCH_ATTRIBUTES
        if int(listed.custom_attributes.get(key.name, 0)) != int(key.indexed_value_type)
    ]
    if missing:
        create = "temporal operator search-attribute create --name <nombre> --type <tipo>"
        raise Ill(f"Faltan atributos de búsqueda: {', '.join(missing)}. Créalos con `{create}`.")
    return f"{len(names.SEARCH_ATTRIBUTES)} registrados"


async def workers() -> str:
    """Every queue has a worker that asks for work."""
    client = await _client()
    idle = [queue for queue in Share.ALL.queues if not await _is_polled(client, queue)]
    if idle:
        raise Ill(f"Nadie atiende {', '.join(idle)}: arranca un worker con `qoricash worker` y mira su registro.")
    return ", ".join(Share.ALL.queues)


async def nubefact() -> str:
    """NubeFact answers, takes the token and has every series of the house open."""
    chosen = NubefactSettings()
    if not chosen.enabled:
        raise Ill("La facturación está apagada: pon NUBEFACT_ENABLED=true, NUBEFACT_API_URL y NUBEFACT_TOKEN.")
    found = await nubefact_account.examine(chosen)
    if wrong := [finding.said for finding in found if not finding.works]:
        raise Ill(" ".join(wrong))
    series = ", ".join(finding.subject for finding in found)
    return f"acepta el token; series {series}; {chosen.treatment.value}, en {chosen.currency.value}"


async def invoices() -> str:
    """No comprobante is kept back by the account, and none has waited for long."""
    async with _session() as session:
        told = await open_troubles(session)
        waiting = await overdue(session, before=datetime.now(UTC) - INVOICE_PATIENCE)
    if told:
        raise Ill(" ".join(told))
    if waiting:
        raise Ill(f"{waiting} sin enviar desde hace más de 15 minutos: mira `issue_invoice` en Temporal.")
    return "ninguno espera"


async def mail() -> str:
    """The mail server takes the house's name and password."""
    chosen = MailSettings()
    server = aiosmtplib.SMTP(
        hostname=chosen.server,
        port=chosen.port,
        username=chosen.username or None,
        password=chosen.password.get_secret_value() or None,
        use_tls=chosen.implicit_tls,
        start_tls=chosen.use_tls and not chosen.implicit_tls,
        timeout=chosen.timeout,
    )
    try:
        async with server:
            await server.noop()
    except aiosmtplib.SMTPAuthenticationError as error:
        raise Ill("El servidor de correo no acepta MAIL_USERNAME o MAIL_PASSWORD.") from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise Ill(
            f"El correo no responde ({type(error).__name__}): revisa MAIL_SERVER, MAIL_PORT, MAIL_USE_TLS."
        ) from error
    return f"{chosen.server}:{chosen.port}"


async def files() -> str:
    """The file store takes a signed request."""
    store = FileStore(FilesSettings())
    try:
        await store.get(NO_FILE)
    except Missing:
        return f"cuenta {FilesSettings().cloud_name}"
    except StorageDown as error:
        raise Ill("El almacén no responde o no acepta la firma: revisa las variables CLOUDINARY_*.") from error
    finally:
        await store.aclose()
    raise Ill("El almacén dice tener un archivo que nadie guardó: revisa CLOUDINARY_UPLOAD_PREFIX.")


async def push() -> str:
    """There is a key to sign web pushes with."""
    if not PushSettings().vapid_private_key.get_secret_value():
        raise Ill("Falta VAPID_PRIVATE_KEY: sin ella no salen avisos a navegadores (créala con `vapid --gen`).")
    return "llave VAPID presente"


async def lookups() -> str:
    """Whether sign-up can fill in names. It asks for nobody: each question costs money."""
    return "proveedor configurado" if LookupSettings().enabled else "sin proveedor: las personas escriben sus datos"


async def clock() -> str:
    """The clock agrees with the database's, and Lima's time zone is known."""
    try:
        lima = datetime.now(ZoneInfo("America/Lima"))
    except ZoneInfoNotFoundError as error:
        raise Ill("Esta máquina no conoce la hora de Lima: instala el paquete tzdata.") from error
    async with _session() as session:
        theirs = await session.scalar(text("select clock_timestamp()"))
    drift = abs(datetime.now(UTC) - theirs) if theirs else CLOCK_TOLERANCE
    if drift > CLOCK_TOLERANCE:
        raise Ill(f"El reloj difiere {drift.total_seconds():.0f} s del de la base de datos: activa NTP en ambos.")
    return f"en Lima son las {lima:%H:%M} del {lima:%d/%m/%Y}"


@contextlib.asynccontextmanager
async def _session() -> AsyncIterator[AsyncSession]:
    engine = make_engine(DatabaseSettings())
    try:
        async with make_sessions(engine)() as session:
            yield session
    except SQLAlchemyError as error:
        raise Ill("La base de datos no responde: revisa DATABASE_URL y que PostgreSQL esté en marcha.") from error
    finally:
        await engine.dispose()


async def _client() -> Client:
    try:
        return await connect(TemporalSettings())
    except (RuntimeError, RPCError) as error:
        raise Ill("Temporal no responde: revisa TEMPORAL_ADDRESS y TEMPORAL_NAMESPACE.") from error


async def _is_polled(client: Client, queue: str) -> bool:
    # A queue without workflows of its own is asked for activities only.
    for kind in (TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW, TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY):
        asked = DescribeTaskQueueRequest(
            namespace=client.namespace, task_queue=TaskQueue(name=queue), task_queue_type=kind
        )
        told = await client.workflow_service.describe_task_queue(asked, timeout=timedelta(seconds=5))
        oldest = datetime.now(UTC) - POLLED_WITHIN
        if any(poller.last_access_time.ToDatetime(UTC) > oldest for poller in told.pollers):
            return True
    return False


_SETTINGS: tuple[type[BaseSettings], ...] = (
    *(DatabaseSettings, TemporalSettings, ApiSettings, WorkerSettings, NubefactSettings),
    *(MailSettings, FilesSettings, LookupSettings, PushSettings, NoticeSettings),
    *(BcrpSettings, InspektorSettings, ListSettings),
)

CHECKUPS: tuple[tuple[str, Checkup], ...] = (
    ("Variables", settings),
    ("Base de datos", database),
    ("Tablas", tables),
    ("Master", masters),
    ("Temporal", temporal),
    ("Atributos de búsqueda", search_attributes),
    ("Workers", workers),
    ("NubeFact", nubefact),
    ("Comprobantes", invoices),
    ("Correo", mail),
    ("Archivos", files),
    ("Avisos push", push),
    ("Consultas DNI y RUC", lookups),
    ("Reloj", clock),
)
