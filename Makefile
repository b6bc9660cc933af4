# `make` or `make help` lists the targets.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
IN_ENV := .venv/bin/

.DEFAULT_GOAL := help
.PHONY: help study test check bench browser clean

help:  ## List the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 10

study: .venv/ready  ## Make the environment, run the whole study (about fourteen minutes), say where the report is
	$(IN_ENV)python -m study run --preset quick

test: .venv/ready-to-test browser check  ## Make the environment, check style and types, run all tests
	$(IN_ENV)python -m pytest -n 2 --dist worksteal

check: .venv/ready-to-test  ## Style and types only
	$(IN_ENV)ruff check
	$(IN_ENV)ruff format --check
	$(IN_ENV)mypy

bench: .venv/ready-to-bench  ## Time the search beside its peers, on a quiet machine (about two hours)
	$(IN_ENV)python -m benchmarks

browser:  ## Install a headless Chromium for the tests of the report, if there is none and it can
	@sh tests/install_browser.sh

clean:  ## Remove the environment and caches; results and reports stay
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/ready: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11) and "Python 3.11 is needed, this is " + sys.version.split()[0] + "; run: make PYTHON=/path/to/python3.11")'
	test -x .venv/bin/python || $(PYTHON) -m venv .venv
	$(IN_ENV)python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/ready-to-test: .venv/ready tests/requirements.txt
	$(IN_ENV)python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	touch $@

.venv/ready-to-bench: .venv/ready benchmarks/requirements.txt
	$(IN_ENV)python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	touch $@
