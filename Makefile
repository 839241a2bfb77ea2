# irisproof: `make demo` runs the main job, `make test` passes the tests. Both set up all they need, once.
# Needs: python3 (3.11 to 3.13, with venv), Node 20, make. Nothing is installed outside this folder.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test lint check bench coverage circuit srs format lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.runtime node_modules/.installed ## Install what the program needs, pinned and hash-checked

demo: setup ## From three eye images to a counted vote, on a local chain of its own
	@$(BIN)/irisproof demo

test: setup $(VENV)/.dev ## Run all tests
	$(BIN)/python -m pytest -n 2 --dist loadgroup

lint: setup $(VENV)/.dev ## Format, style, types, import rules, Solidity format
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m registry_contract.forge fmt --check

check: lint test ## What CI runs

bench: setup $(VENV)/.dev ## Measure, print a table, write benchmarks/latest.json
	$(BIN)/python -m benchmarks.run

coverage: setup $(VENV)/.dev ## Branch coverage of protocol, circuits and registry_contract
	$(BIN)/python -m pytest -n 2 --dist loadgroup --cov --cov-report=term:skip-covered

circuit: setup ## Build the iris circuit from its ONNX file and compare it with the pins
	$(BIN)/irisproof circuit build

srs: setup ## Derive the SRS from the published key and check every point
	$(BIN)/irisproof srs derive
	$(BIN)/irisproof srs check

format: $(VENV)/.dev ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python -m registry_contract.forge fmt

lock: ## Pin the Python packages again from requirements/*.in (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements/runtime.in -o requirements/runtime.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements/dev.in -o requirements/dev.txt

clean: ## Remove everything that set-up and builds made
	rm -rf $(VENV) node_modules build registry_contract/out registry_contract/cache *.egg-info

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "irisproof needs Python 3.11 to 3.13: make PYTHON=...")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(BIN)/python
	@echo "setting up: Python packages"
	@$(PIP) --require-hashes -r requirements/runtime.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

# torch has hashes of its own on every platform, so it stands alone; its dependencies are pinned in dev.txt
$(VENV)/.dev: requirements/dev.txt requirements/torch.txt $(VENV)/.runtime
	@echo "setting up: test and training packages"
	@$(PIP) --require-hashes -r requirements/dev.txt
	@$(PIP) -r requirements/torch.txt
	@touch $@

node_modules/.installed: package.json package-lock.json
	@echo "setting up: npm packages"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@
