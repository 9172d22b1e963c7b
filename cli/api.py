"""`qoricash api`: one API process (or several) under uvicorn."""

from typing import Annotated

import typer

from cli.loading import for_good


def serve(
    *,
    host: Annotated[str, typer.Option(help="dirección en que escucha")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="puerto")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="procesos")] = 1,
    access_log: Annotated[bool, typer.Option("--access-log", help="escribe cada pedido en el registro")] = False,
) -> None:
    """Sirve la API y las páginas."""
    with for_good():
        import uvicorn

        from api.main import create_app  # noqa: F401 - uvicorn looks it up by name, in each of its processes

    # The access log is off by default: a path may carry what a person searched for.
    uvicorn.run(
        "api.main:create_app",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        loop="uvloop",
        http="httptools",
        access_log=access_log,
        # Whose forwarded headers count is TRUSTED_PROXIES alone (F170).
        proxy_headers=False,
        timeout_graceful_shutdown=5,
        # Longer than a proxy keeps an idle connection (nginx: 60 s): closing first loses the click sent at that moment.
        timeout_keep_alive=75,
    )
