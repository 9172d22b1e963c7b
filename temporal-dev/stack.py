"""The pieces of the local stack and what each one is told: its command, its environment and how it shows it is ready.

Everything listens on 127.0.0.1. The environment of the pieces is the house's own: whatever the shell holds for these
names (a developer's real NubeFact token, another database) is left out, so that a local stack never reaches outside.
"""

import base64
import json
import os
import secrets
import sys
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

import postgres
import temporal
from ports import HOST, Ports
from supervisor import Piece

HERE = Path(__file__).parent
# The niceness of what nobody waits for: effects, and the services that only they talk to. A third of the weight of the
# others: enough that clicks go first, and not so much that a machine that others keep busy starves them.
GIVES_WAY = 5
# A proxy of the company must not be asked for the addresses of this machine.
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
OURS = (
    *("APP_ENV", "SECRET_KEY", "PAYLOAD_KEYS", "PUBLIC_URL", "CORS_ORIGINS", "OPERATION_EXPIRY", "EXPO_PUSH_URL"),
    *("DATABASE_", "TEMPORAL_", "CLOUDINARY_", "NUBEFACT_", "MAIL_", "VAPID_", "LISTS_", "INSPEKTOR_", "LOOKUP_"),
)
# A test or a person may ask the local house for other limits or a shorter expiry; these stay as the shell has them.
KEPT = ("OPERATION_EXPIRY", "CORS_ORIGINS", "NUBEFACT_TIMEOUT")


@dataclass(frozen=True)
class Stack:
    """Where everything is: the data folder, the ports and the secrets of this installation."""

    data: Path
    ports: Ports
    secrets: dict[str, str]

    @property
    def api(self) -> str:
        """The address of the house."""
        return f"http://{HOST}:{self.ports.api}"

    @property
    def database_url(self) -> str:
        """The address of the database, with its password."""
        return postgres.url(self.ports.postgres, self.secrets["database_password"])

    def addresses(self) -> dict[str, str]:
        """What `stack.json` tells to benches, checks and people."""
        nubefact = f"http://{HOST}:{self.ports.nubefact}"
        return {
            "api": self.api,
            "temporal_address": f"{HOST}:{self.ports.temporal}",
            "temporal_ui": f"http://{HOST}:{self.ports.temporal_ui}",
            "database_url": self.database_url,
            "nubefact": nubefact,
            "nubefact_url": f"{nubefact}/api/v1/{self.secrets['nubefact_account']}",
            "nubefact_token": self.secrets["nubefact_token"],
            "mail": f"http://{HOST}:{self.ports.mail}",
            "files": f"http://{HOST}:{self.ports.files}",
            "push": f"http://{HOST}:{self.ports.push}",
            "lookup": f"http://{HOST}:{self.ports.lookup}",
        }

    def environment(self) -> dict[str, str]:
        """The environment of worker, API, migrations and demo data."""
        outside = {name: value for name, value in os.environ.items() if name in KEPT or not name.startswith(OURS)}
        return outside | self.variables() | {"PYTHONUNBUFFERED": "1"}

    def variables(self) -> dict[str, str]:
        """What the house is told by its environment; `stack.env` keeps it for the other commands."""
        place, secret = self.addresses(), self.secrets
        return {
            "APP_ENV": "local",
            "PUBLIC_URL": self.api,
            "SECRET_KEY": secret["secret_key"],
            "DATABASE_URL": self.database_url,
            # As many connections as by default, all of them kept: the overflow would be opened and closed all day.
            "DATABASE_POOL_SIZE": "10",
            "DATABASE_MAX_OVERFLOW": "0",
            "TEMPORAL_ADDRESS": place["temporal_address"],
            "TEMPORAL_NAMESPACE": temporal.NAMESPACE,
            "TEMPORAL_UI_URL": place["temporal_ui"],
            "CLOUDINARY_CLOUD_NAME": secret["files_cloud"],
            "CLOUDINARY_API_KEY": secret["files_key"],
            "CLOUDINARY_API_SECRET": secret["files_secret"],
            "CLOUDINARY_UPLOAD_PREFIX": place["files"],
            "NUBEFACT_ENABLED": "true",
            "NUBEFACT_API_URL": place["nubefact_url"],
            "NUBEFACT_TOKEN": secret["nubefact_token"],
            "MAIL_SERVER": HOST,
            "MAIL_PORT": str(self.ports.smtp),
            "MAIL_USE_TLS": "false",
            "LISTS_OFAC_URL": f"{place['files']}/lists",
            "LISTS_UN_URL": f"{place['files']}/lists/consolidated.xml",
            "EXPO_PUSH_URL": f"{place['push']}/--/api/v2/push/send",
            "BCRP_API_URL": f"{place['push']}/estadisticas/series/api",
            "VAPID_PRIVATE_KEY": secret["vapid_private_key"],
            "LOOKUP_API_URL": place["lookup"],
            "LOOKUP_TOKEN": "local",
            "VAPID_SUBJECT": "mailto:sistemas@qoricash.local",
        }

    def servers(self) -> list[Piece]:
        """The two servers that hold data."""
        ports, data, password = self.ports, self.data, self.secrets["database_password"]
        return [
            Piece(
                name="postgres",
                title="PostgreSQL",
                command=postgres.command(data / "postgres", port=ports.postgres),
                env=dict(os.environ),
                ready=partial(postgres.is_ready, ports.postgres, password),
                stop_signal=postgres.STOP_SIGNAL,
                patience=20,
            ),
            Piece(
                name="temporal",
                title="Temporal",
                command=temporal.command(ports.temporal, ui_port=ports.temporal_ui, data=data / "temporal"),
                env=temporal.environment(),
                ready=partial(temporal.is_ready, ports.temporal),
            ),
        ]

    def stand_ins(self) -> list[Piece]:
        """The outside services, as programs of this machine that speak their protocols."""
        ports, secret = self.ports, self.secrets
        account = ["--token", secret["nubefact_token"], "--account", secret["nubefact_account"]]
        # One word with its =: a random secret may begin with a dash, which the program would read as another option.
        keys = ["--cloud", secret["files_cloud"], "--api-key", secret["files_key"]]
        keys.append(f"--api-secret={secret['files_secret']}")
        behind = [
            self._stand_in("nubefact", "NubeFact de prueba", ports.nubefact, *account),
            self._stand_in("mail", "Correo de prueba", ports.mail, "--smtp-port", str(ports.smtp)),
            self._stand_in("push", "Avisos push de prueba", ports.push),
            self._stand_in("lookup", "Consultas de DNI y RUC", ports.lookup),
        ]
        files = self._stand_in("files", "Almacén de archivos", ports.files, *keys)
        return [*(replace(piece, niceness=GIVES_WAY) for piece in behind), files]

    def house(self) -> list[Piece]:
        """The house itself: API and workers, ready when the API says that it and the operations' one are."""
        ready = f"{self.api}/readyz"
        api = self._command("api", "API", "api", "--port", str(self.ports.api))
        api = replace(api, ready=partial(answers, ready), waiting_for=partial(detail, ready))
        # Last to start, first to stop: they may need half a minute to hand over what they have in hand. The effects are
        # a process of their own, which gives way: a mail or a comprobante takes no processor from a person's click.
        operations = self._command("worker", "Worker de operaciones", "worker", "--only", "operaciones")
        effects = self._command("effects", "Worker de efectos", "worker", "--only", "efectos")
        return [api, replace(operations, patience=30.0), replace(effects, patience=30.0, niceness=GIVES_WAY)]

    def migrations(self) -> Piece:
        """Brings the tables to the last revision."""
        return self._command("migrate", "Tablas al día", "migrate")

    def demo(self, part: str, title: str) -> Piece:
        """One part of the demo data: `people` (before the API answers) or `operations` (through it)."""
        program = [sys.executable, str(HERE / "demo.py"), part, "--data", str(self.data), "--api", self.api]
        return Piece(name=f"demo-{part}", title=title, command=program, env=self.environment())

    def _command(self, name: str, title: str, *words: str) -> Piece:
        program = str(Path(sys.executable).with_name("qoricash"))
        return Piece(name=name, title=title, command=[program, *words], env=self.environment())

    def _stand_in(self, name: str, title: str, port: int, *options: str) -> Piece:
        program = [sys.executable, str(HERE / f"{name}.py"), "--port", str(port), "--data", str(self.data / name)]
        return Piece(
            name=name,
            title=title,
            command=[*program, *options],
            env=dict(os.environ) | {"PYTHONUNBUFFERED": "1"},
            ready=partial(answers, f"http://{HOST}:{port}/received"),
        )


def read_secrets(file: Path) -> dict[str, str]:
    """The secrets of this installation: made the first time, kept in a file that only its owner reads."""
    if file.exists():
        return dict(json.loads(file.read_text()))
    made = {
        "secret_key": secrets.token_urlsafe(48),
        "database_password": secrets.token_urlsafe(18),
        "nubefact_account": str(uuid.uuid4()),
        "nubefact_token": secrets.token_hex(32),
        "files_cloud": "qoricash-local",
        "files_key": str(secrets.randbelow(10**15)).zfill(15),
        "files_secret": secrets.token_urlsafe(20),
        "vapid_private_key": _vapid_key(),
    }
    write_private(file, json.dumps(made, indent=2))
    return made


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner reads; whole or not at all."""
    draft = file.with_name(file.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(text)
    draft.replace(file)


def _vapid_key() -> str:
    """A P-256 private key as py_vapid reads it: 32 bytes in base64url without padding."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()


def answers(address: str) -> bool:
    """True when a GET gets a 200."""
    try:
        with direct.open(address, timeout=2) as response:
            return bool(response.status == HTTPStatus.OK)
    except OSError:
        return False


def detail(address: str) -> str:
    """What an address answers when it is not ready."""
    try:
        with direct.open(address, timeout=2) as response:
            return str(response.read(2000).decode(errors="replace"))
    except urllib.error.HTTPError as error:
        return f"{address} responde {error.code}: {error.read(2000).decode(errors='replace')}"
    except OSError as error:
        return f"{address} no responde: {error}"
