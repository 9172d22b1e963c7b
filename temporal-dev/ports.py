"""Where each piece of the local stack listens, and what to say when somebody is already there."""

import argparse
import random
import socket
from dataclasses import dataclass, fields

HOST = "127.0.0.1"
LAST_PORT = 65535


class Refused(Exception):
    """The stack cannot start; the message says, in Spanish, why and what to do."""


@dataclass(frozen=True)
class Ports:
    """One port per piece; each is the base port plus a fixed distance unless its own flag says otherwise."""

    api: int
    temporal: int
    temporal_ui: int
    postgres: int
    nubefact: int
    mail: int
    smtp: int
    files: int
    push: int
    lookup: int

    @classmethod
    def from_base(cls, base: int, **chosen: int | None) -> "Ports":
        """`chosen` holds the ports given by their own flag (None: take the derived one)."""
        names = [field.name for field in fields(cls)]
        ports = {name: base + distance for distance, name in enumerate(names)}
        return cls(**ports | {name: port for name, port in chosen.items() if port is not None})

    def refuse_taken(self) -> None:
        """Raise `Refused` naming every port that is repeated, out of range or in use, and the flag that moves it."""
        chosen = {name: getattr(self, name) for name in TITLES}
        lines = [f"  {_trouble(name, chosen)}" for name in chosen if _trouble(name, chosen)]
        if lines:
            advice = "Cierra lo que usa ese puerto, o mueve toda la pila con --port (por ejemplo --port 9000)."
            raise Refused("\n".join(["No se puede empezar:", *lines, advice]))


TITLES = {
    "api": "la API",
    "temporal": "Temporal",
    "temporal_ui": "la pantalla de Temporal",
    "postgres": "PostgreSQL",
    "nubefact": "NubeFact de prueba",
    "mail": "la bandeja de correos",
    "smtp": "el correo (SMTP)",
    "files": "el almacén de archivos",
    "push": "los avisos push",
    "lookup": "las consultas de DNI y RUC",
}


def flag(name: str) -> str:
    """The command-line flag that moves one piece: `temporal_ui` → `--temporal-ui-port`."""
    return f"--{name.replace('_', '-')}-port"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add `--port` and one flag per piece."""
    parser.add_argument("--port", type=int, default=8000, help="puerto de la API; los demás van a continuación")
    for name, title in TITLES.items():
        parser.add_argument(flag(name), type=int, metavar="N", help=f"puerto de {title}")


def _trouble(name: str, chosen: dict[str, int]) -> str:
    port, title, change = chosen[name], TITLES[name], flag(name)
    if not 1 <= port <= LAST_PORT:
        return f"el puerto {port} ({title}) no existe: usa uno de 1024 a 65535 con --port o {change}."
    twin = next((other for other in chosen if other != name and chosen[other] == port), None)
    if twin:
        return f"el puerto {port} está pedido dos veces ({title} y {TITLES[twin]}): cambia uno con {change}."
    if not is_free(port):
        return f"el puerto {port} ({title}) está ocupado: cámbialo con --port o {change}."
    return ""


def is_free(port: int) -> bool:
    """True when a server could listen on the port of this machine now."""
    with socket.socket() as probe:
        # Without it, a port that our own last run closed a second ago would look taken (TIME_WAIT).
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def free_base(start: int = 20000, stop: int = 32000) -> int:
    """A base port whose whole block is free, below the range that the kernel gives to clients (for tests).

    At random: two that look in the same instant, and start a moment later, would else meet on the first free block.
    """
    block = len(TITLES) + 1
    bases = range(start, stop, block)
    for base in random.sample(bases, len(bases)):
        if all(is_free(port) for port in range(base, base + block)):
            return base
    raise Refused(f"No hay {block} puertos seguidos libres entre {start} y {stop}.")
