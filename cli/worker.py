"""`qoricash worker`: one worker process; SIGTERM lets it finish what it has in hand."""


def work() -> None:
    """Atiende las operaciones: ejecuta sus pasos, plazos y efectos."""
    from worker.main import run

    run()
