"""`qoricash up`: the whole house on one machine, with one command; Ctrl-C stops it and the next start continues."""

import argparse
import contextlib
import fcntl
import json
import os
import shlex
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import ports
import postgres
import temporal
from ports import Ports, Refused
from stack import Stack, read_secrets, write_private
from supervisor import Stopped, Supervisor


def main() -> int:
    """Run until stopped; 0 after a clean stop, 1 when the stack cannot run (the reason goes to stderr)."""
    options = _arguments()
    data = options.data.expanduser().resolve()
    supervisor = Supervisor(data, say=_say)
    supervisor.listen()
    try:
        with _reserved(data, options.port):
            try:
                _bring_up(supervisor, _prepare(supervisor, data, options), demo=options.demo)
                supervisor.watch()
            finally:
                if supervisor.children:
                    _say("\nDeteniendo todo…")
                supervisor.stop()
    except Stopped:
        pass  # how Ctrl-C and SIGTERM arrive: the normal end, told below
    except Refused as refusal:
        print(f"\n{refusal}", file=sys.stderr, flush=True)
        return 1
    _say(f"Todo detenido. Tus datos quedan en {data}.")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="qoricash up", description="Levanta toda la casa de cambio en esta máquina.")
    ports.add_flags(parser)
    parser.add_argument("--data", type=Path, default=Path("var"), help="carpeta de los datos (por defecto var/)")
    parser.add_argument("--no-demo", dest="demo", action="store_false", help="sin datos de ejemplo")
    return parser.parse_args()


def _prepare(supervisor: Supervisor, data: Path, options: argparse.Namespace) -> Stack:
    """Everything that can refuse the start without having started anything."""
    supervisor.stop_leftovers()
    chosen = Ports.from_base(options.port, **{name: getattr(options, f"{name}_port") for name in ports.TITLES})
    chosen.refuse_taken()
    stack = Stack(data, chosen, read_secrets(data / "secrets.json"))
    temporal.prepare(data / "temporal")
    postgres.prepare(data / "postgres", password=stack.secrets["database_password"])
    return stack


def _bring_up(supervisor: Supervisor, stack: Stack, *, demo: bool) -> None:
    began = time.monotonic()
    _say(f"QoriCash en esta máquina · datos en {stack.data}")
    servers, stand_ins = stack.servers(), stack.stand_ins()
    supervisor.launch(*servers, *stand_ins)
    supervisor.wait(*servers)
    temporal.keep_history(stack.ports.temporal)
    supervisor.run(stack.migrations())
    supervisor.wait(*stand_ins)
    people = stack.data / "demo.json"
    if demo and not people.exists():
        supervisor.run(stack.demo("people", "Personas, cuentas y tasas de ejemplo"))
    # Before the API answers: whoever waits for /readyz finds both files in their place.
    write_private(stack.data / "stack.json", json.dumps(stack.addresses(), indent=2))
    variables = (f"{name}={shlex.quote(value)}" for name, value in stack.variables().items())
    write_private(stack.data / "stack.env", "\n".join([*variables, ""]))
    supervisor.start(*stack.house())
    if demo and "operations" not in json.loads(people.read_text()):
        _live_a_day(supervisor, stack)
    _say(_block(stack, people, seconds=time.monotonic() - began))


def _live_a_day(supervisor: Supervisor, stack: Stack) -> None:
    """The example operations. The house is open already: should they fail it stays so, and the next start goes on."""
    try:
        supervisor.run(stack.demo("operations", "Operaciones de ejemplo"))
    except Refused as refusal:
        _say(f"{refusal}\nLa casa sigue en marcha; las operaciones de ejemplo se completan en el próximo arranque.")


def _block(stack: Stack, people: Path, *, seconds: float) -> str:
    """What a person needs to begin: where to go and as whom."""
    place = stack.addresses()
    rows = [
        ("Portal de los clientes", place["api"]),
        ("Panel de la casa", f"{place['api']}/panel"),
        ("API y su documentación", f"{place['api']}/docs"),
        ("Temporal", place["temporal_ui"]),
        ("Correos", place["mail"]),
        ("NubeFact de prueba", place["nubefact"]),
        ("Archivos", place["files"]),
        ("Avisos push", place["push"]),
        ("Consultas DNI y RUC", place["lookup"]),
        ("Base de datos", place["database_url"]),
    ]
    lines = [
        "",
        f"ENTORNO LOCAL · todo listo en {seconds:.0f} s",
        "",
        *(f"  {what:<24}{where}" for what, where in rows),
    ]
    return "\n".join(
        [*lines, "", *_people(people), "", "Ctrl-C detiene todo; el próximo arranque sigue con estos datos."]
    )


def _people(file: Path) -> list[str]:
    if not file.exists():
        return ["  Sin datos de ejemplo. Crea a la primera persona con: qoricash user create"]
    demo = json.loads(file.read_text())
    staff = [f"  {who['role']:<16}{who['username']:<24}{who['password']}" for who in demo["staff"]]
    active = [who for who in demo["clients"] if who["status"] == "Activo"][:4]
    clients = [f"  {who['document_type']:<16}{who['dni']:<24}{who['password']}" for who in active]
    return ["Casa (usuario y contraseña)", *staff, "", f"Clientes (todos en {file})", *clients]


@contextlib.contextmanager
def _reserved(data: Path, port: int) -> Iterator[None]:
    """Hold the data folder while the block runs; the kernel gives it back should this program die."""
    with _opened(data) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "otro proceso"
            raise Refused(
                f"La carpeta {data} ya está en uso por otro `qoricash up` ({holder}). "
                "Detenlo con Ctrl-C, o usa otra carpeta con --data y otro --port."
            ) from None
        lock.truncate(0)
        lock.write(f"proceso {os.getpid()}, puerto {port}")
        lock.flush()
        yield


def _opened(data: Path) -> TextIO:
    try:
        data.mkdir(parents=True, exist_ok=True)
        return (data / "lock").open("a+")
    except OSError as error:
        raise Refused(f"No se puede escribir en {data} ({error.strerror}). Elige otra carpeta con --data.") from error


def _say(line: str) -> None:
    # Whoever read us may have left (a closed terminal, `| head`); the house goes on.
    with contextlib.suppress(BrokenPipeError):
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
