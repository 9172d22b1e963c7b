"""What the outside services need from the environment. In production a missing or default secret stops the start.

Every default is the stand-in of `temporal-dev/` on this machine; with `APP_ENV=production` none of them is taken.
"""

from __future__ import annotations

from email.utils import parseaddr
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.errors import Invalid
from domain.invoices import InvoiceType, Treatment, check_series
from domain.money import Currency
from integrations.setting_types import Numbers, Port, Seconds, VapidKey, WebAddress

# The same value as the API's: what the API seals, the worker opens.
LOCAL_SECRET = "solo-para-esta-maquina"  # noqa: S105 - production refuses it
MIN_SECRET = 32
IMPLICIT_TLS_PORT = 465
OFAC_PUBLISHED = "https://sanctionslistservice.ofac.treas.gov/api/PublicationPreview/exports"
UN_PUBLISHED = "https://scsanctions.un.org/resources/xml/en/consolidated.xml"
LOCAL_LISTS = "http://127.0.0.1:8007/lists"


class ServiceSettings(BaseSettings):
    """What every service's settings share: in which world this process runs."""

    model_config = SettingsConfigDict(extra="ignore")

    app_env: Literal["local", "production"] = Field(default="local", validation_alias="APP_ENV")

    @property
    def production(self) -> bool:
        """Real clients and real money."""
        return self.app_env == "production"

    def _demand(self, **variables: str) -> None:
        """In production each field must have a value of its own. Raises ValueError naming the variable."""
        if not self.production:
            return
        for name, variable in variables.items():
            value, default = getattr(self, name), type(self).model_fields[name].default
            if not _plain(value) or value == default:
                raise ValueError(f"Falta {variable}: en producción no se usa ningún servicio de prueba.")

    def _demand_https(self, address: str, variable: str) -> None:
        if self.production and not address.startswith("https://"):
            raise ValueError(f"{variable} debe empezar con https:// en producción.")


class NubefactSettings(ServiceSettings):
    """`NUBEFACT_*`. `api_url` is the whole address with the account's path; nothing is appended. `timeout` in seconds.

    `treatment` is how IGV treats an exchange and `currency` that of the comprobantes; changing either needs the
    accountant's word (F092). Notas de crédito are numbered in a series of their own for each kind that they amend.
    """

    model_config = SettingsConfigDict(env_prefix="NUBEFACT_", extra="ignore")

    api_url: WebAddress = ""
    token: SecretStr = SecretStr("")
    enabled: bool = False
    series_factura: str = "F001"
    series_boleta: str = "B001"
    series_nota_factura: str = "FC01"
    series_nota_boleta: str = "BC01"
    treatment: Treatment = Treatment.INAFECTO
    currency: Currency = Currency.PEN
    timeout: Seconds = 8

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for variable, kind in (("series_factura", InvoiceType.FACTURA), ("series_boleta", InvoiceType.BOLETA)):
            self._check_series(variable, kind)
            # A nota's series begins with the letter of what it amends.
            self._check_series(variable.replace("series_", "series_nota_"), kind)
        self._demand(api_url="NUBEFACT_API_URL", token="NUBEFACT_TOKEN")  # noqa: S106 - the variable's name
        self._demand_https(self.api_url, "NUBEFACT_API_URL")
        return self

    @property
    def series(self) -> dict[InvoiceType, str]:
        """The series in which each type is numbered."""
        return {InvoiceType.FACTURA: self.series_factura, InvoiceType.BOLETA: self.series_boleta}

    def note_series(self, amended: InvoiceType) -> str:
        """The series of the notas de crédito that amend a factura, or a boleta."""
        return self.series_nota_factura if amended is InvoiceType.FACTURA else self.series_nota_boleta

    def _check_series(self, name: str, kind: InvoiceType) -> None:
        try:
            check_series(getattr(self, name), kind)
        except Invalid as refused:
            raise ValueError(f"NUBEFACT_{name.upper()}: {refused.message}") from refused


class MailSettings(ServiceSettings):
    """`MAIL_*`. `use_tls` is STARTTLS, as Gmail's port 587; port 465 is TLS from the first byte. `timeout`: seconds."""

    model_config = SettingsConfigDict(env_prefix="MAIL_", extra="ignore")

    server: str = "127.0.0.1"
    port: Port = 8006
    use_tls: bool = False
    username: str = ""
    password: SecretStr = SecretStr("")
    default_sender: str = "QoriCash <avisos@qoricash.local>"
    timeout: Seconds = 8

    @model_validator(mode="after")
    def _sound(self) -> Self:
        self._demand(
            server="MAIL_SERVER",
            username="MAIL_USERNAME",
            password="MAIL_PASSWORD",  # noqa: S106 - the variable's name
            default_sender="MAIL_DEFAULT_SENDER",
        )
        if self.production and not (self.use_tls or self.implicit_tls):
            raise ValueError("MAIL_USE_TLS debe ser true en producción (o usa el puerto 465).")
        if "@" not in parseaddr(self.default_sender)[1]:
            raise ValueError("MAIL_DEFAULT_SENDER debe llevar un correo, por ejemplo QoriCash <avisos@ejemplo.pe>.")
        return self

    @property
    def implicit_tls(self) -> bool:
        """TLS before SMTP says anything."""
        return self.port == IMPLICIT_TLS_PORT

    @property
    def domain(self) -> str:
        """The sender's domain: the right half of every Message-ID."""
        return parseaddr(self.default_sender)[1].rpartition("@")[2]


class FilesSettings(ServiceSettings):
    """`CLOUDINARY_*`. `upload_prefix` moves the API elsewhere; empty is Cloudinary's own. `timeout` in seconds."""

    model_config = SettingsConfigDict(env_prefix="CLOUDINARY_", extra="ignore")

    cloud_name: str = "qoricash-local"
    api_key: str = "local"
    api_secret: SecretStr = SecretStr("local")
    upload_prefix: WebAddress = ""
    timeout: Seconds = 8

    @model_validator(mode="after")
    def _sound(self) -> Self:
        self._demand(
            cloud_name="CLOUDINARY_CLOUD_NAME",
            api_key="CLOUDINARY_API_KEY",
            api_secret="CLOUDINARY_API_SECRET",  # noqa: S106 - the variable's name
        )
        if self.upload_prefix:
            self._demand_https(self.upload_prefix, "CLOUDINARY_UPLOAD_PREFIX")
        elif not self.production:
            self.upload_prefix = "http://127.0.0.1:8007"
        return self


class LookupSettings(ServiceSettings):
    """`LOOKUP_*`: the provider that answers for RENIEC and SUNAT. `timeout` in seconds.

    Without an address in production there is no look-up and people type their data; with one, its token must be there.
    """

    model_config = SettingsConfigDict(env_prefix="LOOKUP_", extra="ignore")

    api_url: WebAddress = ""
    token: SecretStr = SecretStr("")
    timeout: Seconds = 6

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.api_url:
            self._demand(token="LOOKUP_TOKEN")  # noqa: S106 - the variable's name
            self._demand_https(self.api_url, "LOOKUP_API_URL")
        elif not self.production:
            self.api_url, self.token = "http://127.0.0.1:8009", SecretStr("local")
        return self

    @property
    def enabled(self) -> bool:
        """Whether there is anybody to ask."""
        return bool(self.api_url)


class ListSettings(ServiceSettings):
    """`LISTS_*`: where the lists are published. `ofac_url` is the folder of SDN.CSV, ALT.CSV and ADD.CSV.

    Empty is, in production, where OFAC and the UN publish; on this machine, the stand-in. `timeout` in seconds a file.
    """

    model_config = SettingsConfigDict(env_prefix="LISTS_", extra="ignore")

    ofac_url: WebAddress = ""
    un_url: WebAddress = ""
    timeout: Seconds = 60

    @model_validator(mode="after")
    def _sound(self) -> Self:
        local = (LOCAL_LISTS, f"{LOCAL_LISTS}/consolidated.xml")
        ofac, un = (OFAC_PUBLISHED, UN_PUBLISHED) if self.production else local
        self.ofac_url, self.un_url = self.ofac_url or ofac, self.un_url or un
        self._demand_https(self.ofac_url, "LISTS_OFAC_URL")
        self._demand_https(self.un_url, "LISTS_UN_URL")
        return self


class InspektorSettings(ServiceSettings):
    """`INSPEKTOR_*`. Without `url` the house has no account and asks nothing; its own lists do not need it.

    `generation` is A or B; `document_types` how the vendor numbers ours, as JSON; `words` how many must agree in a
    partial match (priority 4), asked for when `partial`. `timeout` in seconds.
    """

    model_config = SettingsConfigDict(env_prefix="INSPEKTOR_", extra="ignore")

    url: WebAddress = ""
    user: str = ""
    password: SecretStr = SecretStr("")
    generation: Literal["A", "B"] = "A"
    document_types: Numbers = Field(default={"DNI": 1, "CE": 2, "RUC": 3, "PASAPORTE": 4})
    words: int = Field(default=3, ge=1, le=9)
    partial: bool = True
    timeout: Seconds = 30

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.url:
            self.url = self.url.rstrip("/")
            self._demand(user="INSPEKTOR_USER", password="INSPEKTOR_PASSWORD")  # noqa: S106 - the variable's name
            self._demand_https(self.url, "INSPEKTOR_URL")
        return self


class PushSettings(ServiceSettings):
    """`EXPO_PUSH_URL` and `VAPID_*`. `vapid_subject` is a mailto: or https: address of the house (RFC 8292)."""

    expo_push_url: WebAddress = "https://exp.host/--/api/v2/push/send"
    vapid_private_key: VapidKey = SecretStr("")
    vapid_subject: str = ""
    push_timeout: Seconds = 5

    @model_validator(mode="after")
    def _sound(self) -> Self:
        self._demand(vapid_private_key="VAPID_PRIVATE_KEY", vapid_subject="VAPID_SUBJECT")
        self._demand_https(self.expo_push_url, "EXPO_PUSH_URL")
        return self


class BcrpSettings(ServiceSettings):
    """`BCRP_API_URL`: the public series API of the central bank; it asks for no account."""

    bcrp_api_url: WebAddress = "https://estadisticas.bcrp.gob.pe/estadisticas/series/api"
    bcrp_timeout: Seconds = 10

    @model_validator(mode="after")
    def _sound(self) -> Self:
        self._demand_https(self.bcrp_api_url, "BCRP_API_URL")
        return self


class NoticeSettings(ServiceSettings):
    """What notices say besides the operation: where the house is on the web, and the key that opens sealed secrets."""

    public_url: WebAddress = "http://127.0.0.1:8000"
    secret_key: SecretStr = SecretStr(LOCAL_SECRET)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        self._demand(public_url="PUBLIC_URL", secret_key="SECRET_KEY")  # noqa: S106 - the variable's name
        self._demand_https(self.public_url, "PUBLIC_URL")
        if self.production and len(self.secret_key.get_secret_value()) < MIN_SECRET:
            raise ValueError(f"SECRET_KEY es débil: en producción lleva al menos {MIN_SECRET} caracteres al azar.")
        return self


def _plain(value: object) -> object:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
