"""What stops the start in production."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from api.settings import SEED_ORIGINS, ApiSettings

GOOD = {"APP_ENV": "production", "SECRET_KEY": "x" * 40, "PUBLIC_URL": "https://qoricash.pe"}


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch):
    for name in (*GOOD, "CORS_ORIGINS", "OPERATION_EXPIRY", "RATE_LIMIT_LOGIN"):
        monkeypatch.delenv(name, raising=False)


def _with(monkeypatch: pytest.MonkeyPatch, **changes: str) -> ApiSettings:
    for name, value in {**GOOD, **changes}.items():
        monkeypatch.setenv(name, value)
    return ApiSettings()


def test_a_good_production_starts(monkeypatch: pytest.MonkeyPatch):
    settings = _with(monkeypatch, CORS_ORIGINS="https://a.pe, https://b.pe")
    assert settings.cors_origins == ["https://a.pe", "https://b.pe"]
    assert settings.expiry == timedelta(minutes=15)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "solo-para-esta-maquina"),
        ("SECRET_KEY", "corta"),
        ("OPERATION_EXPIRY", "4.9"),
        ("PUBLIC_URL", "http://qoricash.pe"),
        ("CORS_ORIGINS", "*"),
        ("RATE_LIMIT_LOGIN", "muchas"),
    ],
)
def test_production_refuses_and_names_the_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    with pytest.raises(ValidationError, match=name):
        _with(monkeypatch, **{name: value})


def test_on_one_machine_nothing_is_needed_and_a_term_may_be_short(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPERATION_EXPIRY", "0.05")
    settings = ApiSettings()
    assert settings.expiry == timedelta(seconds=3)
    assert tuple(settings.cors_origins) == SEED_ORIGINS
