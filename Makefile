# irisproof: `make demo` runs the main job, `make test` passes the tests. Both set up all they need, once.
# Needs: python3 (3.11 to 3.13, with venv), Node 20, make. Nothing is installed outside this folder.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
BUNDLE ?= build/bundle
COMMITTEE  := .venv-committee
SPU_PYTHON ?= python3.11
OLDER_OPENCV := build/opencv-4.12
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Two workers fill two processors; more threads in each are in each other's way.
ONE_THREAD := OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1

.PHONY: help setup committee-venv demo demo-upgrade window bundle screenshots page-screenshots messages window-system page-system mobile-system phone-tree test lint check bench train soak coverage circuit srs format lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.runtime node_modules/.installed ## Install what the program needs, pinned and hash-checked

committee-venv: ## Install SPU and Ray for the uniqueness committee, in an environment of its own (needs Python 3.11)
	@if $(SPU_PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; \
	then $(MAKE) --no-print-directory $(COMMITTEE)/.installed; \
	else echo "no Python 3.11 here: the committee runs on MPyC, and the tests of SPU are skipped"; fi

demo: setup ## From three eye images to a counted vote, on a local chain of its own
	@$(BIN)/irisproof demo

demo-upgrade: setup ## From one iris network to the next: who upgrades, who is left out, who comes back
	@$(BIN)/irisproof demo-upgrade

window: setup $(VENV)/.window node_modules/.installed-dev ## Open the app's window (WINDOW="--registry FILE --camera URL")
	@$(BIN)/irisproof-window $(WINDOW)

bundle: setup $(VENV)/.bundle node_modules/.installed-dev ## Build the desktop bundle (one folder, no Python needed) into build/bundle/irisproof
	@SDL_VIDEODRIVER=offscreen LIBGL_ALWAYS_SOFTWARE=1 KIVY_NO_CONSOLELOG=1 KIVY_NO_FILELOG=1 KIVY_HOME=$(CURDIR)/build/kivy \
	$(BIN)/python -m PyInstaller --noconfirm --log-level WARN --distpath $(BUNDLE) --workpath $(BUNDLE)/parts desktop_build/irisproof.spec
	@rm -rf $(BUNDLE)/parts
	@du -sh $(BUNDLE)/irisproof

screenshots: setup $(VENV)/.dev node_modules/.installed-dev ## Draw every screen of the window into docs/screens
	@$(BIN)/python -m tests.app.window.screenshots

page-screenshots: setup $(VENV)/.dev ## Draw the poll page and the example dApp into docs/screens (needs page-system)
	@$(BIN)/python -m tests.app.page.screenshots

messages: setup $(VENV)/.dev ## Bring the window's catalogues (app/locale) up to its messages
	@$(BIN)/python -m tests.app.catalogues

window-system: ## Install the Debian packages that the tests of window and key store need (as root): OpenGL, Xvfb, GNOME keyring
	apt-get update -q
	apt-get install -q -y --no-install-recommends libegl1 libgl1-mesa-dri libgles2 xvfb xdotool x11-utils dbus gnome-keyring

page-system: ## Install the Debian packages that the poll page's tests need (as root): Chromium and its driver
	apt-get update -q
	apt-get install -q -y --no-install-recommends chromium chromium-driver

mobile-system: ## Install the Debian packages that the phone package's checks need (as root): aapt2, a JDK, virgl's renderer
	apt-get update -q
	apt-get install -q -y --no-install-recommends aapt android-framework-res binutils openjdk-17-jdk-headless virgl-server

phone-tree: setup node_modules/.installed-dev ## Stage what ships on a phone into build/phone
	@rm -rf build/phone
	@$(BIN)/python -m mobile_build.stage build/phone

test: setup $(VENV)/.dev node_modules/.installed-dev $(OLDER_OPENCV)/.installed committee-venv ## Run all tests
	$(ONE_THREAD) $(BIN)/python -m pytest -n 2 --dist loadgroup

lint: setup $(VENV)/.dev ## Format, style, types, import rules, Solidity format
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m registry_contract.forge fmt --check

check: lint test ## What CI runs

bench: setup $(VENV)/.dev ## Measure, print a table, write benchmarks/latest.json
	$(BIN)/python -m benchmarks.run

soak: setup $(VENV)/.dev ## 10,000 real ballots through the relayer, killed and restarted (hours; goes on where it was stopped)
	$(BIN)/python -m benchmarks.soak

train: setup $(VENV)/.dev ## Learn kernels on synthetic eyes, compare banks of kernels by accuracy and circuit cells
	$(BIN)/python -m model.training

coverage: setup $(VENV)/.dev node_modules/.installed-dev ## Branch coverage of protocol, circuits and registry_contract
	$(BIN)/python -m pytest -n 2 --dist loadgroup --cov --cov-report=term:skip-covered

circuit: setup ## Build the iris circuits from their ONNX files and compare them with the pins
	$(BIN)/irisproof circuit build --network iris_v1
	$(BIN)/irisproof circuit build --network iris_v2

srs: setup node_modules/.installed-dev ## Derive the SRS from the published key and check every point
	$(BIN)/irisproof srs derive
	$(BIN)/irisproof srs check

format: $(VENV)/.dev ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python -m registry_contract.forge fmt

lock: ## Pin the Python packages again from requirements/*.in (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements/runtime.in -o requirements/runtime.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements/runtime.txt requirements/window.in -o requirements/window.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements/runtime.txt requirements/bundle.in -o requirements/bundle.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements/dev.in -o requirements/dev.txt
	uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements/spu.in -o requirements/spu.txt

clean: ## Remove everything that set-up and builds made
	rm -rf $(VENV) $(COMMITTEE) node_modules build registry_contract/out registry_contract/cache *.egg-info

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "irisproof needs Python 3.11 to 3.13: make PYTHON=...")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(BIN)/python
	@echo "setting up: Python packages"
	@$(PIP) --require-hashes -r requirements/runtime.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(OLDER_OPENCV)/.installed: requirements/older-opencv.txt | $(BIN)/python
	@echo "setting up: OpenCV 4.12, for the test of the pipeline with it"
	@rm -rf $(OLDER_OPENCV)
	@$(PIP) --no-deps --require-hashes --only-binary :all: --target $(OLDER_OPENCV) -r requirements/older-opencv.txt
	@touch $@

$(VENV)/.window: requirements/window.txt $(VENV)/.runtime
	@echo "setting up: the window's packages"
	@$(PIP) --require-hashes -r requirements/window.txt
	@touch $@

$(VENV)/.bundle: requirements/bundle.txt $(VENV)/.window
	@echo "setting up: what builds the bundle"
	@$(PIP) --require-hashes -r requirements/bundle.txt
	@touch $@

# torch has hashes of its own on every platform, so it stands alone; its dependencies are pinned in dev.txt
$(VENV)/.dev: requirements/dev.txt requirements/torch.txt $(VENV)/.runtime
	@echo "setting up: test and training packages"
	@$(PIP) --require-hashes -r requirements/dev.txt
	@$(PIP) -r requirements/torch.txt
	@touch $@

# SPU wants Python 3.11, numpy 1 and an old jax: nothing of ours is installed beside it, and it is run as a process
$(COMMITTEE)/.installed: requirements/spu.txt
	@echo "setting up: SPU for the uniqueness committee (about 1.3 GB)"
	@$(SPU_PYTHON) -m venv $(COMMITTEE)
	@$(COMMITTEE)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/spu.txt
	@touch $@

node_modules/.installed: package.json package-lock.json
	@echo "setting up: npm packages"
	@npm ci --omit=dev --no-audit --no-fund --loglevel=error
	@touch $@

# the window's fonts; for the tests, the published Groth16 key that the SRS is derived from and Semaphore's JavaScript client
node_modules/.installed-dev: node_modules/.installed
	@echo "setting up: npm packages of the tests"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch node_modules/.installed $@
