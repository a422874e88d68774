# make demo    set up, read the sample documents, search them
# make ui      set up, open the knowledge base in the browser
# make test    set up, run the tests (test-full: the slow ones too)
# make lint    check style and types (fix: put right what can be put right)
# make bench   measure speed; make lock: pin the newest packages

PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo ui test test-full lint fix bench lock setup setup-dev

demo: setup
	@$(BIN)/python -m kb.install.demo

ui: setup
	$(BIN)/kb ui

test: setup-dev
	$(BIN)/pytest -m "not slow"

test-full: setup-dev
	$(BIN)/pytest

lint: setup-dev
	$(BIN)/ruff check && $(BIN)/ruff format --check && $(BIN)/mypy

fix: setup-dev
	$(BIN)/ruff check --fix && $(BIN)/ruff format

bench: setup-dev
	for each in $$(grep -l __main__ tests/benchmarks/*.py); do echo "$$each"; $(BIN)/python $$each || exit; done

lock: setup-dev
	bash kb/install/lock.sh && $(BIN)/python -m kb.install.notices

setup:
	@$(PYTHON) kb/install

setup-dev:
	@$(PYTHON) kb/install --dev
