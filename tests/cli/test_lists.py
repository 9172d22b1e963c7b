"""`qoricash lists` on a real database: what is in force, what a file would change, and what it changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import commands

LISTS = Path(__file__).parents[2] / "temporal-dev" / "lists"


@pytest.fixture
def said(database_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", database_url)

    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(commands, ["lists", *words])
        assert done.exit_code == code, done.output
        return done.output

    return run


def test_a_list_is_tried_taken_and_shown(said, tmp_path: Path):
    tried = said("import", "OFAC", str(LISTS), "--dry-run")
    assert "10 entradas con 7 alias: 10 nuevas, 0 cambiadas, 0 que salen" in tried
    assert "OFAC     sin cargar" in said("show")
    assert "OFAC versión 1 · 10 entradas" in said("import", "ofac", str(LISTS), "--no-rescreen")
    assert "no cambió nada" in said("import", "OFAC", str(LISTS), "--no-rescreen")
    said("import", "ONU", str(LISTS / "consolidated.xml"), "--no-rescreen")
    assert "5 entradas, 8 alias, 0 documentos · publicada el 2026-01-15" in said("show")


def test_a_file_that_is_not_believed_is_taken_only_when_it_is_trusted(said, tmp_path: Path):
    said("import", "ONU", str(LISTS / "consolidated.xml"), "--no-rescreen")
    older = tmp_path / "consolidated.xml"
    older.write_bytes((LISTS / "consolidated.xml").read_bytes().replace(b"2026-01-15", b"2025-01-15"))
    refused = said("import", "ONU", str(older), "--no-rescreen", code=1)
    assert "es del 2025-01-15 y la vigente es del 2026-01-15. Si es correcta, repite con --trust." in refused
    assert "versión 2" in said("import", "ONU", str(older), "--no-rescreen", "--trust")
    older.write_bytes(older.read_bytes()[:-90])
    assert "No se cambió nada" in said("import", "ONU", str(older), "--no-rescreen", code=1)
