"""The `qoricash` command as a person of the house meets it: sentences, never tracebacks."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from cli.main import commands
from cli.migrate import UNKNOWN_REVISION

PROGRAM = Path(sys.executable).with_name("qoricash")


@pytest.fixture
def cli(database_url, monkeypatch):
    """Runs a command on this test's database."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    return lambda *words, **more: CliRunner().invoke(commands, list(words), **more)


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The real program, with nothing of this machine's settings."""
    env = {"PATH": os.environ["PATH"], **environment}
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=60, check=False, env=env, cwd="/")


def test_migrating_twice_says_that_the_tables_are_up_to_date(cli):
    assert "Tablas al día" in cli("migrate").output
    done = cli("migrate", "--check")
    assert done.exit_code == 0
    assert "Tablas al día" in done.output


def test_a_database_of_a_newer_program_is_refused_with_what_to_do(cli, database_url):
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    done = cli("migrate")
    assert done.exit_code == UNKNOWN_REVISION
    assert "9999" in done.output
    assert "--data" in done.output


def test_a_person_is_made_once_and_gets_another_password_when_asked(cli):
    new = ("user", "create", "ana", "--role", "Master", "--email", "ana@example.test", "--name", "Ana de Prueba")
    assert "Contraseña temporal" in cli(*new).output

    again = cli(*new)
    assert again.exit_code == 1
    assert "Ya hay una persona activa" in again.output

    assert "contraseña nueva para ana" in cli("user", "reset", "ana").output
    assert "Ana de Prueba" in cli("user", "list").output


def test_a_weak_password_is_refused(cli):
    new = ("user", "create", "ana", "--role", "Trader", "--email", "ana@example.test", "--name", "Ana")
    done = cli(*new, "--ask-password", input="corta\ncorta\n")
    assert done.exit_code == 1
    assert "8 caracteres" in done.output
    assert "ana" not in cli("user", "list").output


def test_a_reset_of_nobody_says_so(cli):
    done = cli("user", "reset", "nadie")
    assert done.exit_code == 1
    assert "nadie" in done.output


def test_a_missing_variable_is_named():
    done = run("migrate")
    assert done.returncode == 1
    assert "Falta la variable DATABASE_URL." in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_variable_is_named_and_its_value_is_not_repeated():
    done = run("migrate", DATABASE_URL="postgresql://x@127.0.0.1/x", DATABASE_POOL_SIZE="secreto")
    assert "DATABASE_POOL_SIZE" in done.stderr
    assert "secreto" not in done.stderr


@pytest.mark.parametrize(
    ("variable", "value"),
    [("TEMPORAL_ADDRESS", ""), ("TEMPORAL_ADDRESS", "casa:puerto"), ("PAYLOAD_KEYS", "a:secreto!")],
)
def test_a_worker_that_can_not_reach_temporal_names_the_variable(variable: str, value: str):
    done = run("worker", **{"TEMPORAL_ADDRESS": "127.0.0.1:1", variable: value})
    assert (done.returncode, "Traceback" in done.stderr, variable in done.stderr) == (1, False, True)
    assert "secreto" not in done.stderr


def test_a_database_that_is_down_is_told_in_a_sentence():
    done = run("migrate", DATABASE_URL="postgresql://x:y@127.0.0.1:1/z")
    assert done.returncode == 1
    assert "No se puede conectar a la base de datos" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_doctor_looks_at_every_part_and_says_how_to_mend_each():
    # Closed ports: the defaults are those of a local stack, which may be running beside this test.
    done = run("doctor", MAIL_PORT="1", CLOUDINARY_UPLOAD_PREFIX="http://127.0.0.1:1")
    assert done.returncode == 1
    for part in ("Base de datos", "Temporal", "NubeFact", "Correo", "Archivos", "Reloj"):
        assert f"✗  {part}" in done.stdout
    for variable in ("DATABASE_URL", "TEMPORAL_ADDRESS", "NUBEFACT_ENABLED", "VAPID_PRIVATE_KEY"):
        assert variable in done.stdout.replace("\n", " ")
    assert "Falló la revisión" not in done.stdout


def test_a_data_folder_without_a_stack_is_told():
    done = run("--data", "/nonexistent", "user", "list")
    assert done.returncode == 1
    assert "qoricash up --data /nonexistent" in done.stderr


def test_replaying_nothing_is_not_a_success(tmp_path):
    done = run("replay", "--folder", str(tmp_path))
    assert done.returncode == 1
    assert "0 de 0 historias" in done.stdout


def test_a_partner_gets_a_key_and_another_when_asked(cli):
    first = cli("partner", "create", "Remesas del Sur").output.split()[-1]
    second = cli("partner", "rotate", "remesas del sur", "--grace-hours", "0").output.split()[-1]
    assert first.startswith("qck_")
    assert first != second
    assert first[:10] in cli("partner", "list").output
    assert cli("partner", "close", "Remesas del Sur").exit_code == 0
    assert cli("partner", "rotate", "Remesas del Sur").exit_code == 1


def test_a_rule_is_tried_by_its_name_or_from_a_file_and_nothing_is_kept(cli, tmp_path):
    listed = cli("rules", "list").output
    assert "lista-restrictiva" in listed
    tried = cli("rules", "backtest", "monto-alto", "--months", "2")
    assert "0 operaciones" in tried.output
    assert "Alertas: 0" in tried.output
    assert cli("rules", "backtest", "no-existe").exit_code == 1
    file = tmp_path / "rule.json"
    file.write_text('{"name": "Mía", "kind": "monitoreo", "severity": "Alta", "conditions": [{"test": "eval"}]}')
    refused = cli("rules", "backtest", "mia", "--file", str(file))
    assert refused.exit_code == 1
    assert "conditions.0" in refused.output
