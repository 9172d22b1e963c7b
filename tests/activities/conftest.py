"""The outside of the house for its activities: stand-ins as programs, the real clients in front of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.client_notices import ClientNoticeActivities
from activities.invoices import InvoiceActivities
from activities.notices import NoticeActivities
from db.session import Sessions
from integrations.files import FileStore
from integrations.mail import Mailer
from integrations.nubefact import NubeFact
from integrations.push import Pusher
from integrations.settings import FilesSettings, MailSettings, NoticeSettings, NubefactSettings, PushSettings
from tests.free_ports import free_port
from tests.standins.programs import StandIn

TOKEN, ACCOUNT = "token-de-prueba-1234", "3f1b7c2e-0000-4000-8000-000000000001"
SECRET_KEY = "clave-de-prueba-de-cuarenta-caracteres-ok"


def attempt(number: int) -> ActivityEnvironment:
    """An attempt of an activity: the first one, or one that follows a failure."""
    environment = ActivityEnvironment()
    environment.info = replace(ActivityEnvironment.default_info(), attempt=number)
    return environment


@dataclass(frozen=True)
class MailHouse:
    """A mail stand-in and how to reach it."""

    stand_in: StandIn
    settings: MailSettings

    def about(self, word: str) -> list[dict[str, Any]]:
        """The mails whose subject or text mention `word`."""
        return [mail for mail in self.stand_in.received() if word in mail["subject"] + mail["text"]]


@pytest.fixture(scope="session")
def nubefact_program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    flags = ["--token", TOKEN, "--account", ACCOUNT]
    program = StandIn("nubefact", tmp_path_factory.mktemp("nubefact"), flags)
    program.start()
    yield program
    program.stop()


@pytest.fixture
def nubefact(nubefact_program: StandIn) -> StandIn:
    """Emptied, since numbers start again with the test's database."""
    return nubefact_program.empty()


@pytest.fixture
def nubefact_settings(nubefact: StandIn) -> NubefactSettings:
    return NubefactSettings(api_url=f"{nubefact.url}/api/v1/{ACCOUNT}", token=TOKEN, enabled=True, timeout=1)


@pytest.fixture
async def provider(nubefact_settings: NubefactSettings) -> AsyncIterator[NubeFact]:
    made = NubeFact(nubefact_settings)
    yield made
    await made.aclose()


@pytest.fixture(scope="session")
def mail_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailHouse]:
    port = free_port()
    program = StandIn("mail", tmp_path_factory.mktemp("mail"), ["--smtp-port", str(port)])
    program.start()
    yield MailHouse(program, MailSettings(port=port, default_sender="QoriCash <avisos@qoricash.test>", timeout=3))
    program.stop()


@pytest.fixture
def mail(mail_house: MailHouse) -> MailHouse:
    mail_house.stand_in.empty()
    return mail_house


@pytest.fixture(scope="session")
def push_program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    program = StandIn("push", tmp_path_factory.mktemp("push"), [])
    program.start()
    yield program
    program.stop()


@pytest.fixture
async def pusher(push_program: StandIn) -> AsyncIterator[Pusher]:
    push_program.empty()
    made = Pusher(PushSettings(expo_push_url=f"{push_program.url}/--/api/v2/push/send", push_timeout=2))
    yield made
    await made.aclose()


@pytest.fixture
async def mailer(mail: MailHouse) -> AsyncIterator[Mailer]:
    made = Mailer(mail.settings)
    yield made
    await made.aclose()


@pytest.fixture
def notice_settings() -> NoticeSettings:
    return NoticeSettings(public_url="https://qoricash.test", secret_key=SECRET_KEY)


@pytest.fixture
def invoicing(sessions: Sessions, provider: NubeFact, nubefact_settings: NubefactSettings) -> InvoiceActivities:
    return InvoiceActivities(sessions, provider, nubefact_settings)


@pytest.fixture
def notices(
    sessions: Sessions, mailer: Mailer, pusher: Pusher, provider: NubeFact, notice_settings: NoticeSettings
) -> NoticeActivities:
    return NoticeActivities(sessions, mailer, pusher, provider, notice_settings)


@pytest.fixture
def client_notices(
    sessions: Sessions, mailer: Mailer, pusher: Pusher, notice_settings: NoticeSettings
) -> ClientNoticeActivities:
    return ClientNoticeActivities(sessions, mailer, pusher, notice_settings)


@pytest.fixture(scope="module")
def files_program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    flags = ["--cloud", "casa", "--api-key", "1234", "--api-secret=secreto"]
    program = StandIn("files", tmp_path_factory.mktemp("files"), flags)
    program.start()
    yield program
    program.stop()


@pytest.fixture
async def files(files_program: StandIn) -> AsyncIterator[FileStore]:
    place = {"cloud_name": "casa", "api_key": "1234", "api_secret": "secreto"}
    store = FileStore(FilesSettings(upload_prefix=files_program.url, **place))
    yield store
    await store.aclose()
