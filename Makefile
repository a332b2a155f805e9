# districttype: `make classify` and `make test` need Python 3.11+, make and git, nothing else.
PYTHON ?= python3
CITY   ?= espoo
DATA   ?= auto
VENV   := .venv
BIN    := $(VENV)/bin
comma  := ,

.PHONY: help classify test test-all lint hooks docs pictures bench clean
.DEFAULT_GOAL := help

help:  ## say what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

say = { echo "districttype: $(1)" >&2; exit 1; }
other = Name another: make PYTHON=python3.12 ...

$(BIN)/python:
	@command -v '$(PYTHON)' >/dev/null 2>&1 \
	  || $(call say,Python 3.11 or newer is needed$(comma) and there is no '$(PYTHON)'. $(other))
	@'$(PYTHON)' -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || $(call say,Python 3.11 or newer is needed$(comma) and '$(PYTHON)' is older. $(other))
	@'$(PYTHON)' -c 'import ensurepip, venv' 2>/dev/null \
	  || $(call say,'$(PYTHON)' lacks the module venv; on Debian or Ubuntu: apt-get install python3-venv)
	@echo "Setting up the environment in $(VENV) (once)"
	@said=$$('$(PYTHON)' -m venv $(VENV) 2>&1) || { rm -rf $(VENV); \
	  $(call say,the environment could not be made in $(CURDIR)/$(VENV): $$(echo "$$said" | tail -n 1)) }

# What the program needs, and an extra: pip's own words go to a file, and the one that tells to the reader.
install = $(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.$(1)' 2>$(VENV)/pip.log \
	  || $(call say,pip could not install what is needed: $$(sed -n 's/.*ERROR: //p' $(VENV)/pip.log | tail -n 1) \
	  (is the package index reached from here? all it said: $(VENV)/pip.log))

$(VENV)/.run: pyproject.toml | $(BIN)/python
	@echo "Installing what the program needs"
	@$(call install,)
	@touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	@echo "Installing what the program and its tests need"
	@$(call install,[test])
	@touch $@ $(VENV)/.run

classify: $(VENV)/.run  ## classify all districts (CITY=kladno for another city, DATA=DIR for files of your own)
	@$(BIN)/districttype classify '$(CITY)' --data '$(DATA)'

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
	@$(call install,[bench])
	@touch $@ $(VENV)/.run

bench: $(VENV)/.bench  ## measure beside geopandas, momepy, tobler, SedonaDB, OSMnx and rasterstats (BENCH_ARGS=--quick)
	@$(BIN)/python benchmarks/bench.py $(BENCH_ARGS)

$(VENV)/.docs: pyproject.toml | $(BIN)/python
	@echo "Installing what the program and its documentation need"
	@$(call install,[docs])
	@touch $@ $(VENV)/.run

docs: $(VENV)/.docs  ## the documentation, as pages that open from disk: site/index.html
	@$(BIN)/sphinx-build --quiet --fresh-env --fail-on-warning --keep-going docs site
	@echo "The documentation is in site/index.html"

pictures: $(VENV)/.test  ## take the documentation's pictures anew (needs Chromium)
	@$(BIN)/python docs/pictures.py

clean:  ## remove the environment and everything made
	@rm -rf $(VENV) dist site
	@find data/processed data/raw -mindepth 1 ! -name README.md -delete
