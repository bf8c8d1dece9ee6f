# Each target sets up what it needs: a virtual environment in .venv, with only the extras it uses.
#   make demo    the whole product on a sandbox organisation, without an AWS account
#   make test    every test; browser tests where a chromium is found
.DEFAULT_GOAL := help
.PHONY: help setup demo gui test cases mutations kills lint lint-python lint-sql format docs bench chromium wheel clean

# Compiled modules are kept, whatever the environment says: tests and linters start dozens of processes that
# import the same ones, each of them for seconds.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin

# The first interpreter that the pinned dbt supports.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1 && echo $$p && break; done)

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "DynamoDB Optima needs Python 3.11, 3.12 or 3.13 on the PATH; name one with make PYTHON=…"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

# One stamp an extra: installed again only when pyproject.toml changed. Modules are compiled as they are imported:
# most of what is installed never is.
$(VENV)/.installed-%: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --no-compile --editable ".[$*]"
	@touch $@ $(VENV_HAS_$*)

# The linters come with all that is tested.
VENV_HAS_lint := $(VENV)/.installed-test

setup: $(VENV)/.installed-demo ## Make .venv with the product and its sandbox

demo: $(VENV)/.installed-demo ## Recommendations for a sandbox organisation, no AWS account needed
	$(BIN)/dynamodb-optima demo

gui: $(VENV)/.installed-demo ## Open the dashboard on what the demo published
	$(BIN)/dynamodb-optima --project-root demo gui

test: $(VENV)/.installed-test ## Run every test
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

# The modules that hold the exact cases, numbered as in the tests.
CASES := $(addprefix tests/models/test_,exact_cases.py window_cost.py price_basis.py reservations.py)

cases: $(VENV)/.installed-test ## Work out the exact cases of every formula and print them
	$(BIN)/python -m pytest -n 2 --dist loadfile --quiet --cases $(CASES)

mutations: $(VENV)/.installed-test ## Break each formula in a copy and see which test notices (takes minutes)
	$(BIN)/python -m tests.mutations

kills: $(VENV)/.installed-test ## Kill every load, build and publication at random instants (takes half an hour)
	$(BIN)/python -m tests.kills $(KILLS_ARGS)

lint: $(VENV)/.installed-lint ## Check style, types, import walls and SQL
	$(MAKE) --jobs 2 lint-python lint-sql

lint-python:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lint-sql:
	$(BIN)/sqlfmt --check --line-length 110 models macros tests/data
	OPTIMA_WAREHOUSE=:memory: $(BIN)/sqlfluff lint --processes 2 models tests/data

format: $(VENV)/.installed-lint ## Lay out Python and SQL
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	$(BIN)/sqlfmt --line-length 110 models macros tests/data

docs: $(VENV)/.installed-demo ## The models with their lineage, as one HTML file: site/index.html
	$(BIN)/dynamodb-optima docs --output site/index.html

bench: $(VENV)/.installed-test ## Measure load, build and simulation (BENCH_ARGS="--tables 100")
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

wheel: $(VENV)/.installed-test ## Build the wheel into dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

chromium: ## Install chromium for the browser tests (Debian and Ubuntu)
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || { \
		as_root=$$(test "$$(id -u)" = 0 || echo sudo); \
		$$as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$as_root apt-get install -qq -y --no-install-recommends chromium; }

clean: ## Remove what was built, but not what was loaded
	rm -rf $(VENV) target dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis
