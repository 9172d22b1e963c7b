"""Outside services start with their own credentials in production, and with this machine's stand-ins elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import ValidationError
from pydantic_settings import BaseSettings

from api.settings import ApiSettings
from cli.settings import complaints
from db.settings import DatabaseSettings
from integrations.settings import (
    FilesSettings,
    InspektorSettings,
    LookupSettings,
    MailSettings,
    NoticeSettings,
    NubefactSettings,
    PushSettings,
)

COMPLETE = {
    "NUBEFACT_API_URL": "https://nubefact.test/api/v1/cuenta",
    "NUBEFACT_TOKEN": "t",
    "NUBEFACT_ENABLED": "True",
    "MAIL_SERVER": "smtp.test",
    "MAIL_PORT": "587",
    "MAIL_USE_TLS": "True",
    "MAIL_USERNAME": "avisos",
    "MAIL_PASSWORD": "p",
    "MAIL_DEFAULT_SENDER": "QoriCash <avisos@qoricash.test>",
    "CLOUDINARY_CLOUD_NAME": "casa",
    "CLOUDINARY_API_KEY": "k",
    "CLOUDINARY_API_SECRET": "s",
    "LOOKUP_API_URL": "https://reniec.test",
    "LOOKUP_TOKEN": "l",
    "VAPID_PRIVATE_KEY": "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE",
    "VAPID_SUBJECT": "mailto:sistemas@qoricash.test",
    "PUBLIC_URL": "https://qoricash.test",
    "SECRET_KEY": "x" * 40,
}
OWNERS: dict[str, Callable[[], BaseSettings]] = {
    "NUBEFACT_API_URL": NubefactSettings,
    "NUBEFACT_TOKEN": NubefactSettings,
    "MAIL_SERVER": MailSettings,
    "MAIL_USERNAME": MailSettings,
    "MAIL_PASSWORD": MailSettings,
    "MAIL_DEFAULT_SENDER": MailSettings,
    "MAIL_USE_TLS": MailSettings,
    "CLOUDINARY_CLOUD_NAME": FilesSettings,
    "CLOUDINARY_API_KEY": FilesSettings,
    "CLOUDINARY_API_SECRET": FilesSettings,
    "LOOKUP_TOKEN": LookupSettings,
    "VAPID_PRIVATE_KEY": PushSettings,
    "VAPID_SUBJECT": PushSettings,
    "PUBLIC_URL": NoticeSettings,
    "SECRET_KEY": NoticeSettings,
}


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("APP_ENV", "production")
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_production_starts_with_every_credential(production: pytest.MonkeyPatch):
    for settings in set(OWNERS.values()):
        settings()
    assert FilesSettings().upload_prefix == ""


@pytest.mark.parametrize("variable", OWNERS)
def test_production_refuses_to_start_without_one_and_names_it(production: pytest.MonkeyPatch, variable: str):
    """F107."""
    production.delenv(variable)
    with pytest.raises(ValidationError, match=variable):
        OWNERS[variable]()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("NUBEFACT_API_URL", "http://127.0.0.1:8004/api/v1/cuenta"),
        ("LOOKUP_API_URL", "http://127.0.0.1:8009"),
        ("SECRET_KEY", "corta"),
        ("PUBLIC_URL", "http://qoricash.test"),
    ],
)
def test_production_refuses_a_stand_in_or_a_weak_secret(production: pytest.MonkeyPatch, variable: str, value: str):
    production.setenv(variable, value)
    with pytest.raises(ValidationError, match=variable):
        {**OWNERS, "LOOKUP_API_URL": LookupSettings}[variable]()


@pytest.mark.parametrize(
    ("variable", "value", "owner"),
    [
        ("PUBLIC_URL", "http://[::1", NoticeSettings),
        ("PUBLIC_URL", "qoricash.pe", ApiSettings),
        ("NUBEFACT_API_URL", "https://nubefact.test:puerto/x", NubefactSettings),
        ("VAPID_PRIVATE_KEY", "x", PushSettings),
        ("VAPID_PRIVATE_KEY", "x", ApiSettings),
        ("MAIL_PORT", "65536", MailSettings),
        ("MAIL_TIMEOUT", "1e400", MailSettings),
        ("OPERATION_EXPIRY", "1e400", ApiSettings),
        ("INSPEKTOR_DOCUMENT_TYPES", "uno", InspektorSettings),
        ("DATABASE_URL", "postgresql://u:p@casa:puerto/base", DatabaseSettings),
        ("DATABASE_URL", "mysql://u:p@casa/base", DatabaseSettings),
    ],
)
def test_what_no_process_could_use_stops_the_start_by_its_name(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, owner: Callable[[], BaseSettings]
):
    """The API ended on an address that was none, and each push failed on a key that was none: `doctor` saw neither."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(ValidationError) as refused:
        owner()
    assert any(variable in said for said in complaints(refused.value))
    assert value not in " ".join(complaints(refused.value))


def test_without_a_provider_in_production_there_is_no_look_up(production: pytest.MonkeyPatch):
    production.delenv("LOOKUP_API_URL")
    assert not LookupSettings().enabled


@pytest.mark.parametrize(
    ("variable", "series"),
    [
        ("FACTURA", "B001"),
        ("BOLETA", "F1"),
        ("BOLETA", ""),
        ("NOTA_FACTURA", "BC01"),
        ("NOTA_BOLETA", "FC01"),
    ],
)
def test_a_series_of_the_wrong_letter_stops_the_start(monkeypatch: pytest.MonkeyPatch, variable: str, series: str):
    monkeypatch.setenv(f"NUBEFACT_SERIES_{variable}", series)
    with pytest.raises(ValidationError, match=f"NUBEFACT_SERIES_{variable}"):
        NubefactSettings()


def test_this_machine_needs_no_variables(monkeypatch: pytest.MonkeyPatch):
    for name in (*COMPLETE, "APP_ENV", "CLOUDINARY_UPLOAD_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    for settings in set(OWNERS.values()):
        settings()
    assert FilesSettings().upload_prefix == "http://127.0.0.1:8007"
    assert not NubefactSettings().enabled


def test_no_secret_is_shown_by_its_settings(production: pytest.MonkeyPatch):
    production.setenv("NUBEFACT_TOKEN", "muy-secreto")
    assert "muy-secreto" not in repr(NubefactSettings())
