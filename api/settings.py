"""What the API is told by its environment. In production a missing or default secret stops the start."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal, Self

from limits import RateLimitItem, parse_many
from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from integrations.setting_types import VapidKey, WebAddress

LOCAL_SECRET = "solo-para-esta-maquina"  # noqa: S105 - production refuses it
MIN_SECRET = 32
MIN_EXPIRY_MINUTES = 5
# The four of the predecessor's configuration: web and mobile, in development and in production.
SEED_ORIGINS = (
    "http://localhost:3000",
    "https://qoricash.vercel.app",
    "http://localhost:8081",
    "https://app.qoricash.pe",
)


def _listed(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Listed = Annotated[list[str], NoDecode, BeforeValidator(_listed)]


class ApiSettings(BaseSettings):
    """Environment of the API process.

    `operation_expiry` is in minutes. `trusted_proxies` lists the addresses or networks whose forwarded headers are
    believed; nobody else's are (F170). `client_dates` says how the public contract writes an instant: the web of
    mid 2026 and the mobile need `lima` (-05:00), that of January 2026 `utc` (client contract, 0.4).
    `rate_limit_lookup` counts RENIEC and SUNAT look-ups by address, `rate_limit_partner` a partner's calls.
    """

    model_config = SettingsConfigDict(extra="ignore")

    app_env: Literal["local", "production"] = "local"
    secret_key: SecretStr = SecretStr(LOCAL_SECRET)
    public_url: WebAddress = "http://127.0.0.1:8000"
    cors_origins: Listed = Field(default_factory=lambda: list(SEED_ORIGINS))
    trusted_proxies: Listed = Field(default_factory=list)
    rate_limit_anonymous: str = "200/day;50/hour"
    rate_limit_login: str = "5/minute"
    operation_expiry: Decimal = Field(default=Decimal(15), gt=0, le=1440)
    rate_limit_lookup: str = "20/hour;60/day"
    rate_limit_partner: str = "120/minute"
    client_dates: Literal["utc", "lima"] = "lima"
    vapid_private_key: VapidKey = SecretStr("")
    staff_idle_minutes: int = Field(default=10, ge=1, le=1440)
    staff_absolute_hours: int = Field(default=12, ge=1, le=720)
    client_idle_hours: int = Field(default=12, ge=1, le=720)
    client_absolute_days: int = Field(default=30, ge=1, le=366)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        _limits(self.rate_limit_anonymous, "RATE_LIMIT_ANONYMOUS")
        _limits(self.rate_limit_login, "RATE_LIMIT_LOGIN")
        _limits(self.rate_limit_lookup, "RATE_LIMIT_LOOKUP")
        _limits(self.rate_limit_partner, "RATE_LIMIT_PARTNER")
        self.proxy_networks()
        if "*" in self.cors_origins:
            raise ValueError("CORS_ORIGINS no acepta *: escribe cada origen, separados por comas.")
        if self.production:
            self._fit_for_production()
        return self

    def _fit_for_production(self) -> None:
        secret = self.secret_key.get_secret_value()
        if secret == LOCAL_SECRET or len(secret) < MIN_SECRET:
            raise ValueError(
                f"SECRET_KEY falta o es débil: en producción lleva al menos {MIN_SECRET} caracteres al azar."
            )
        if self.operation_expiry < MIN_EXPIRY_MINUTES:
            raise ValueError(f"OPERATION_EXPIRY debe ser de al menos {MIN_EXPIRY_MINUTES} minutos en producción.")
        if not self.public_url.startswith("https://"):
            raise ValueError("PUBLIC_URL debe ser la dirección https:// del sitio en producción.")

    @property
    def production(self) -> bool:
        """Real clients and real money."""
        return self.app_env == "production"

    @property
    def expiry(self) -> timedelta:
        """The client's time to transfer."""
        return timedelta(minutes=float(self.operation_expiry))

    @property
    def staff_idle(self) -> timedelta:
        """Inactivity that ends a session of the house."""
        return timedelta(minutes=self.staff_idle_minutes)

    @property
    def staff_absolute(self) -> timedelta:
        """Life of a session of the house, however active."""
        return timedelta(hours=self.staff_absolute_hours)

    @property
    def client_idle(self) -> timedelta:
        """Inactivity that ends a client's session."""
        return timedelta(hours=self.client_idle_hours)

    @property
    def client_absolute(self) -> timedelta:
        """Life of a client's session, however active."""
        return timedelta(days=self.client_absolute_days)

    def proxy_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Whose forwarded headers are believed."""
        try:
            return tuple(ip_network(item, strict=False) for item in self.trusted_proxies)
        except ValueError as error:
            raise ValueError("TRUSTED_PROXIES lleva direcciones o redes, por ejemplo 10.0.0.0/8, con comas.") from error

    def anonymous_limits(self) -> list[RateLimitItem]:
        """How many calls an address may make without signing in."""
        return _limits(self.rate_limit_anonymous, "RATE_LIMIT_ANONYMOUS")

    def login_limits(self) -> list[RateLimitItem]:
        """How many failed sign-ins an account, and an address, may make."""
        return _limits(self.rate_limit_login, "RATE_LIMIT_LOGIN")

    def lookup_limits(self) -> list[RateLimitItem]:
        """How many look-ups of a document an address may ask: each costs money and shows somebody's name."""
        return _limits(self.rate_limit_lookup, "RATE_LIMIT_LOOKUP")

    def partner_limits(self) -> list[RateLimitItem]:
        """How many calls a partner may make."""
        return _limits(self.rate_limit_partner, "RATE_LIMIT_PARTNER")


def _limits(text: str, variable: str) -> list[RateLimitItem]:
    """Raises ValueError with a sentence that names the variable. An empty text is no limit."""
    if not text.strip():
        return []
    try:
        return parse_many(text)
    except ValueError as error:
        raise ValueError(f"{variable} se escribe así: 200/day;50/hour") from error
