# districttype: `make classify` and `make test` need Python 3.11+, make and git, nothing else.
PYTHON ?= python3
CITY   ?= espoo
DATA   ?= auto
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: help classify test test-all lint hooks docs pictures bench clean
.DEFAULT_GOAL := help

help:  ## say what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "districttype needs Python 3.11 or newer; '$(PYTHON)' is older. Name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Setting up the environment in $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "Python's venv module is missing; on Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.run: pyproject.toml | $(BIN)/python
	@echo "Installing what the program needs"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	@echo "Installing what the program and its tests need"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@ $(VENV)/.run

classify: $(VENV)/.run  ## classify all districts (CITY=kladno for another city, DATA=DIR for files of your own)
	@$(BIN)/districttype classify $(CITY) --data $(DATA)

lint: $(VENV)/.test  ## style, types, and the line of stages
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

hooks: $(VENV)/.test  ## have git run the checks before each commit, and lint before each push
	@$(BIN)/pre-commit install

ALL := --nbmake --nbmake-timeout=600 tests notebooks

test: lint  ## the test suite (in CI with the slow tests and the notebooks too)
	@$(BIN)/python -m pytest -n auto $(if $(CI),$(ALL),-m "not slow") $(PYTEST_ARGS)

test-all: lint  ## the test suite with the slow tests and the notebooks
	@$(BIN)/python -m pytest -n auto $(ALL) $(PYTEST_ARGS)

$(VENV)/.bench: pyproject.toml | $(BIN)/python
	@echo "Installing what the program and the benchmark's peers need"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	@touch $@ $(VENV)/.run

bench: $(VENV)/.bench  ## measure beside geopandas, momepy, tobler, SedonaDB, OSMnx and rasterstats (BENCH_ARGS=--quick)
	@$(BIN)/python benchmarks/bench.py $(BENCH_ARGS)

$(VENV)/.docs: pyproject.toml | $(BIN)/python
	@echo "Installing what the program and its documentation need"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[docs]'
	@touch $@ $(VENV)/.run

docs: $(VENV)/.docs  ## the documentation, as pages that open from disk: site/index.html
	@$(BIN)/sphinx-build --quiet --fresh-env --fail-on-warning --keep-going docs site
	@echo "The documentation is in site/index.html"

pictures: $(VENV)/.test  ## take the documentation's pictures anew (needs Chromium)
	@$(BIN)/python docs/pictures.py

clean:  ## remove the environment and everything made
	rm -rf $(VENV) dist site
	find data/processed data/raw -mindepth 1 ! -name README.md -exec rm -rf {} +
