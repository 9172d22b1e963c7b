"""Whatever the house writes in its audit or sends by mail has its Spanish name on the screen."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from api.panel import audit_words, operation_story
from db.tables import Base
from domain.lifecycle import RULES
from domain.movements import MovementKind
from domain.permissions import Permission

ROOT = Path(__file__).resolve().parents[2]
ACT = re.compile(r"[a-z_]+\.[a-z_]+")
# Of a mail's text: what others are built on, and the house's copy of one that has its name.
BUILT_ON = {"operation", "invoice", "receipt", "creada_casa"}


def calls() -> Iterator[ast.Call]:
    for folder in ("db", "api", "activities"):
        for path in (ROOT / folder).rglob("*.py"):
            yield from (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def texts(node: ast.AST) -> Iterator[str]:
    return (part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str))


def given(call: ast.Call, name: str) -> set[str]:
    return {text for one in call.keywords if one.arg == name for text in texts(one.value)}


def written(folder: str) -> set[str]:
    """Every text of a folder's code that looks like the name of an act; columns and permissions look like one too."""
    trees = [ast.parse(path.read_text()) for path in (ROOT / folder).rglob("*.py")]
    columns = {f"{table.name}.{column.name}" for table in Base.metadata.tables.values() for column in table.columns}
    return {text for tree in trees for text in texts(tree) if ACT.fullmatch(text)} - columns - {*Permission}


def called(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def test_every_act_of_the_audit_has_a_name():
    records = [call for call in calls() if called(call) in {"record", "_record", "_audit", "entry"}]
    acts = {text for call in records for text in texts(call) if ACT.fullmatch(text) and not text.endswith(".")}
    # One that goes through a function of its module's own is found by the noun that it begins with.
    nouns = {name.partition(".")[0] for name in audit_words.ACTIONS}
    acts |= {one for one in written("db") | written("api/staff") if one.partition(".")[0] in nouns}
    acts |= {f"treasury.{kind}" for kind in MovementKind} | {f"operations.{rule.name}" for rule in RULES.values()}
    assert acts > {"clients.edit", "netting.match", "operations.complete", "closings.sign"}
    assert sorted(acts - audit_words.ACTIONS.keys()) == []


def test_every_subject_and_field_of_the_audit_has_a_name():
    everything = list(calls())
    subjects = {text for call in everything if called(call) in {"record", "entry"} for text in given(call, "entity")}
    fields = {text for call in everything if called(call) == "FieldChange" for text in given(call, "field")}
    assert subjects > {"operation", "ledger_entry"}
    assert sorted(subjects - audit_words.ENTITIES.keys()) == []
    assert sorted(fields - audit_words.FIELDS.keys()) == []


def test_every_notice_has_a_name():
    written = {path.stem for path in (ROOT / "integrations/mail_templates").glob("*.txt")} - BUILT_ON
    assert sorted(written - operation_story.NOTICES.keys()) == []


def test_personal_data_that_changed_is_named_and_not_told():
    """The audit never holds it: «dirección: nada → nada» said that nothing was there."""
    assert audit_words.changed([{"field": "address", "before": "", "after": ""}]) == "dirección"
    assert audit_words.changed([{"field": "state", "before": "", "after": "Activo"}]) == "estado: nada → Activo"
