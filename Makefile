# make demo    set up, read the sample documents, search them
# make ui      set up, open the knowledge base in the browser
# make test    set up, run the tests (test-full: the slow ones and the attacks, too)
# make lint    check style and types (fix: put right what can be put right)
# make bench   measure speed (bench-long: scale, load and an hour of ordinary work)
# make lock    pin the newest packages

PYTHON ?= python3
BIN := .venv/bin
# Tests wait a third of their time, for processes, clocks and the disk: one more than two cores.
WORKERS ?= 3
QUICK_TESTS = $(BIN)/pytest -m "not slow" --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder
RUN_BENCH = set -- $$each; name=$$1; shift; echo "$$name $$*"; $(BIN)/python tests/benchmarks/$$name.py $$*

BENCH := embedding splitting ocr ingest "search --sizes 1000,10000"
BENCH_LONG := search "scale --sizes 10000,100000" library load "soak --minutes 60" "soak_serving --minutes 30" "ingest single --megabytes 50 --sample 60" cuda_build

.PHONY: demo ui test test-full lint fix bench bench-long lock setup setup-dev

demo: setup
	@$(BIN)/python -m kb.install.demo

ui: setup
	$(BIN)/kb ui

test: setup-dev
	$(QUICK_TESTS)

# What is slow is often an attack with a bound on time or memory: nothing runs beside it.
test-full: setup-dev
	$(BIN)/python tests/golden/set_up.py
	$(BIN)/python tests/fuzz/install_schemathesis.py
	$(BIN)/python tests/integrations/install_libraries.py
	$(BIN)/python tests/scaling/install_scaling.py
	$(QUICK_TESTS)
	$(BIN)/pytest -m slow --durations=20

lint: setup-dev
	$(BIN)/ruff check && $(BIN)/ruff format --check && $(BIN)/mypy

fix: setup-dev
	$(BIN)/ruff check --fix && $(BIN)/ruff format

bench: setup-dev
	for each in $(BENCH); do $(RUN_BENCH) || exit; done

bench-long: setup-dev
	for each in $(BENCH_LONG); do $(RUN_BENCH) || exit; done

lock: setup-dev
	bash kb/install/lock.sh && $(BIN)/python -m kb.install.notices

setup:
	@$(PYTHON) kb/install

setup-dev:
	@$(PYTHON) kb/install --dev
