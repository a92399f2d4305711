# Every target makes the environment it needs; `make` alone lists them.
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3; do \
	command -v $$python >/dev/null 2>&1 && $$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { echo $$python; break; }; done)
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run test live check static fmt bench migration docs lock build clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/product: requirements/product.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Duebridge needs Python 3.11 or newer with its venv module (Debian: apt install python3-venv)."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/product.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/develop: $(VENV)/product requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

run: $(VENV)/product ## set up, run the night on the example company, show the result
	@$(BIN)/duebridge demo

test: $(VENV)/develop ## set up, run every test, on every processor
	$(BIN)/pytest --numprocesses auto --dist loadfile

live: $(VENV)/develop ## run the tests against real accounting systems, installed into .live
	$(BIN)/pytest tests/live -m live

check: $(VENV)/develop static ## what each commit must pass: static checks, unit and architecture tests
	$(BIN)/pytest tests/unit tests/architecture

static: $(VENV)/develop ## formatter, linter, types, import order
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fmt: $(VENV)/develop ## format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/develop ## measure against the floors in one run (some minutes)
	$(BIN)/python -m benchmarks

migration: $(VENV)/develop ## write a migration: make migration WORDS="add a column"
	$(BIN)/python -m app.migrate "$(WORDS)"

docs: $(VENV)/develop ## check the documents: links, commands, settings
	$(BIN)/pytest tests/architecture/test_documents.py

build: $(VENV)/develop ## build the wheel and the source archive into dist/
	$(BIN)/python -m hatchling build

lock: $(VENV)/develop ## pin all dependencies again
	$(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-annotate --custom-compile-command "make lock" --output-file requirements/product.txt --upgrade
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --generate-hashes --no-annotate --custom-compile-command "make lock" --output-file requirements/dev.txt --upgrade

clean: ## remove the environment and what the tools left
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
