# make lab      the environment, the build, then JupyterLab on the tour (loopback only)
#               make lab ARGS="--no-browser --port 8899" passes arguments on
# make test     the environment, the build, style and types, then every test
# make build    the environment and the compiled core in place; quick when nothing changed
# make check    style, types, layering: everything that can be said without running the product
# make format   rewrite Python and C++ in the agreed style
# make sanitize the operator tests on a core with AddressSanitizer and UndefinedBehaviorSanitizer, then threads with
#               ThreadSanitizer; make fuzz: random calls of every operator, for long
# make messages the errors that no test provokes, of the C++ core and of Python; make messages ARGS="tests/io --keep"
# make peers    arrays and operators beside PyTorch and JAX, which it installs
# make docs     write the reference to docs/reference/ (start at index.md), every example run
# make wheel    a wheel in dist/;  make sdist: a source distribution there
# make clean    remove what was built (make distclean: .venv as well)

PYTHON ?= python3
ARGS ?=
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
BIN := .venv/bin
NO_PYTHON := dlcore: no $(PYTHON) was found; on Debian or Ubuntu: apt-get install python3 python3-venv python3-dev
DEVELOP := command -v $(PYTHON) >/dev/null || { echo "$(NO_PYTHON)" >&2; exit 1; }; $(PYTHON) .ci/develop.py
TOUR := notebooks/01_tour.ipynb
# Loopback only, the address leads to the tour, and the server asks nobody for newer versions.
LAB := --ServerApp.ip=127.0.0.1 "--ServerApp.root_dir=$(CURDIR)" --LabApp.default_url=/lab/tree/$(TOUR) \
  --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate
# A lane need not read every file to find its few tests.
SERIAL = $(shell grep -rl --include='test_*.py' 'mark\.serial' tests)
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

export PATH := $(CURDIR)/$(BIN):$(PATH)
# Kept, whatever an image says: the tests start hundreds of Pythons, each of which would compile what it imports.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help lab test build check check-only style format sanitize fuzz messages peers docs wheel sdist clean distclean

help:
	@sed -n 's/^# \{0,1\}//p' Makefile

build:
	@$(DEVELOP)

lab:
	@$(DEVELOP) --extras lab
	$(BIN)/jupyter lab $(LAB) $(AS_ROOT) $(ARGS)

test:
	@$(DEVELOP) --extras lab test
	@$(BIN)/python tests/chromium.py
	@$(MAKE) --no-print-directory style
	$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal -m "not browser and not serial"
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m browser tests/browser
	$(BIN)/python -m pytest -q -m "serial and not browser" $(SERIAL)

check:
	@$(DEVELOP) --no-build --extras lab test
	@$(MAKE) --no-print-directory check-only

check-only: style
	$(BIN)/python -m pytest -q -p no:cacheprovider tests/test_layering.py tests/test_repository.py

style:
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/python .ci/cpp_style.py
	$(BIN)/python .ci/typecheck.py

format:
	@$(DEVELOP) --no-build --extras test
	$(BIN)/ruff check --quiet --fix .
	$(BIN)/ruff format --quiet .
	$(BIN)/python .ci/cpp_style.py --write

sanitize:
	@$(DEVELOP) --extras test
	$(BIN)/python .ci/sanitize.py address -n $(JOBS) $(ARGS)
	$(BIN)/python .ci/sanitize.py thread -n $(JOBS) $(ARGS)

fuzz:
	@$(DEVELOP) --extras test
	DLCORE_FUZZ=thorough $(BIN)/python -m pytest -q -n $(JOBS) tests/fuzz $(ARGS)

messages:
	@$(DEVELOP) --extras test
	$(BIN)/python .ci/messages.py $(ARGS); core=$$?; \
	  $(BIN)/python .ci/messages_python.py $(ARGS) && exit $$core

peers:
	@$(DEVELOP) --extras test peers
	DLCORE_PEERS=1 $(BIN)/python -m pytest -q -n $(JOBS) tests/peers $(ARGS)

docs:
	@$(DEVELOP)
	@$(BIN)/python docs/generate.py $(ARGS)

wheel:
	@$(DEVELOP) --no-build
	$(BIN)/python -m pip wheel --disable-pip-version-check --no-deps --wheel-dir dist .

sdist:
	@$(DEVELOP) --no-build
	$(BIN)/python widgets/build.py
	$(BIN)/python -c "from scikit_build_core.build import build_sdist; print(build_sdist('dist'))"

clean:
	rm -rf build dist .pytest_cache .ruff_cache .mypy_cache
	rm -f widgets/*/bundle.js widgets/*/bundle.css .venv/stamps/editable
	find dlcore kernel_ext widgets tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	rm -rf .venv
