# make lab     everything, then JupyterLab on the tour        make lab ARGS="--no-browser --port 8899"
# make test    everything, then every check and every test
# make build   the environment and the compiled core; quick when nothing changed
PYTHON ?= python3
BIN := .venv/bin
DEVELOP := $(PYTHON) .ci/develop.py

.PHONY: build
.DEFAULT_GOAL := build

build:
	@$(DEVELOP)
