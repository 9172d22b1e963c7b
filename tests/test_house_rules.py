"""The ceilings and customs of the house, read from the source itself."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("domain", "workflows", "activities", "integrations", "db", "api", "worker", "cli", "temporal-dev")
EXACT_MONEY = ("domain", "db", "workflows", "activities")  # where a float could touch an amount
FUNCTION_LINES, FILE_LINES, TEST_LINES, TEMPLATE_LINES, POSITIONAL = 50, 400, 600, 200, 6
# Written once by Alembic, never read as code, never changed: their size says nothing.
MIGRATIONS = "db/migrations/versions/"
VAGUE_FOLDERS = {"utils", "helpers", "common", "misc"}
# In parts, so that this file does not name them either.
REGISTRIES = tuple(
    ".".join(parts)
    for parts in [
        ("pypi", "org"),
        ("files", "pythonhosted"),
        ("registry", "npmjs"),
        ("proxy", "golang"),
        ("deb", "debian"),
    ]
)
STATES = ("Pendiente", "En proceso", "Completada", "Cancelado", "Expirada")
# Other things have a state of the same name (a refund is Pendiente too), and SQL defaults are text.
STATE_LITERAL_ALLOWED = ("db/tables/", "db/migrations/", "temporal-dev/", "tests/")


def _tracked() -> list[Path]:
    """Files of the project as git sees them, whether committed yet or not."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = [name for name in listed.stdout.splitlines() if not name.startswith(MIGRATIONS)]
    return [path for name in names if (path := ROOT / name).is_file()]


FILES = _tracked()
PYTHON = [path for path in FILES if path.suffix == ".py"]
TREES = {path: ast.parse(path.read_text()) for path in PYTHON}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _in(path: Path, *folders: str) -> bool:
    return path.relative_to(ROOT).parts[0] in folders


def _functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{_name(path)}:{node.lineno} {node.name}", node


def _calls(*folders: str) -> Iterator[tuple[str, ast.Call]]:
    for path, tree in TREES.items():
        if _in(path, *folders):
            for node in ast.walk(tree):
                if isinstance(node, ast.Call):
                    yield f"{_name(path)}:{node.lineno}", node


def test_no_function_is_longer_than_fifty_lines():
    assert [
        f"{where} ({lines})"
        for where, node in _functions()
        if (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES
    ] == []


def test_no_function_takes_more_than_six_positional_arguments():
    assert [
        where
        for where, node in _functions()
        if len([a for a in node.args.posonlyargs + node.args.args if a.arg not in {"self", "cls"}]) > POSITIONAL
        and not where.startswith("tests/")  # fixtures are asked for by position
    ] == []


@pytest.mark.parametrize(
    ("suffixes", "tests", "ceiling"),
    [
        ((".py",), False, FILE_LINES),
        ((".py",), True, TEST_LINES),
        ((".html", ".txt"), False, TEMPLATE_LINES),
    ],
)
def test_no_file_outgrows_its_ceiling(suffixes, tests, ceiling):
    measured = [path for path in FILES if path.suffix in suffixes and _in(path, "tests") == tests]
    long = [f"{_name(p)} ({n})" for p in measured if (n := len(p.read_text().splitlines())) > ceiling]
    assert [name for name in long if not name.startswith("requirements")] == []


def test_no_folder_has_a_name_that_says_nothing():
    assert sorted({_name(path) for path in FILES if VAGUE_FOLDERS & set(path.relative_to(ROOT).parts[:-1])}) == []


def test_every_instant_names_its_time_zone():
    def naive(call: ast.Call) -> bool:
        match call.func:
            case ast.Attribute(attr="utcnow" | "utcfromtimestamp"):
                return True
            case ast.Attribute(attr="now", value=ast.Name(id="datetime") | ast.Attribute(attr="datetime")):
                return not call.args and not call.keywords
        return False

    assert [where for where, call in _calls(*PACKAGES, "tests") if naive(call)] == []


def test_no_float_comes_near_money():
    assert [
        where for where, call in _calls(*EXACT_MONEY) if isinstance(call.func, ast.Name) and call.func.id == "float"
    ] == []


def test_only_the_domain_spells_the_states_of_an_operation():
    """Elsewhere it is `State.PENDIENTE`: a misspelt name fails at import, a misspelt text only when it is compared."""
    found = [
        f"{_name(path)}:{node.lineno} {node.value}"
        for path, tree in TREES.items()
        if not _in(path, "domain") and not _name(path).startswith(STATE_LITERAL_ALLOWED)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in STATES
    ]
    assert found == []


def test_no_work_is_left_for_later():
    mark = re.compile(r"#\s*(TODO|FIXME|XXX)\b")
    assert [_name(path) for path in PYTHON if mark.search(path.read_text())] == []


def test_no_exception_is_swallowed():
    """65 of the predecessor's recorded faults are effects lost in a `try … except: pass`."""
    assert [
        f"{_name(path)}:{node.lineno}"
        for path, tree in TREES.items()
        if not _in(path, "tests")
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and _catches_all(node) and _does_nothing(node)
    ] == []


def _catches_all(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or (
        isinstance(handler.type, ast.Name) and handler.type.id in {"Exception", "BaseException"}
    )


def _does_nothing(handler: ast.ExceptHandler) -> bool:
    return all(isinstance(node, ast.Pass | ast.Continue) for node in handler.body)


def test_no_file_names_a_package_registry():
    """Where packages come from is the machine's own setting, not the project's."""
    texts = ((path, path.read_bytes().decode(errors="replace")) for path in FILES)
    assert [(_name(path), host) for path, text in texts for host in REGISTRIES if host in text] == []


def test_every_locked_library_has_its_hashes():
    lock = (ROOT / "requirements.lock").read_text()
    entries = re.split(r"\n(?=[A-Za-z0-9])", "\n" + lock.replace("\\\n", " "))
    pinned = [entry for entry in entries if "==" in entry.split("#")[0]]
    assert pinned
    assert [entry.split()[0] for entry in pinned if "--hash=sha256:" not in entry] == []
