# `make` or `make help` lists the targets.

# The environment's own Python, if there is one; else the first of these that runs.
PYTHON ?= $(shell for one in .venv/bin/python python3.11 python3.12 python3.13 python3; do \
	"$$one" -c "" 2>/dev/null && echo "$$one" && break; done)
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
IN_ENV := .venv/bin/
# What the tests' searches train in: auto, float32 or mixed_bfloat16.
DTYPE ?= auto
# Further arguments of pytest, such as TESTS="--random-order-seed=2".
TESTS ?=
# Further arguments of `study run`, such as ARGS="--name mine".
ARGS ?=
# Further arguments of the chaos test, such as CHAOS="--seed 2" or CHAOS="--only 17".
CHAOS ?=

# Every process would compile the project again, and the tests' ones rewrite all assertions.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help study test quick-test check chaos bench browser clean

help:  ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 12

study: .venv/ready  ## Make the environment, run the whole study (about fifteen minutes), say where the report is
	$(IN_ENV)python -m study run --preset quick $(ARGS)

test: .venv/ready-to-test browser check  ## Make the environment, check style and types, run all tests
	STUDY_TEST_DTYPE=$(DTYPE) $(IN_ENV)python -m pytest -n 2 --dist worksteal $(TESTS)

quick-test: .venv/ready-to-test  ## Run the fast tests only, in one to two minutes
	STUDY_TEST_DTYPE=$(DTYPE) $(IN_ENV)python -m pytest -n 2 --dist worksteal -m "not slow" $(TESTS)

check: .venv/ready-to-test  ## Style, types and imports only
	$(IN_ENV)ruff check
	$(IN_ENV)ruff format --check
	$(IN_ENV)mypy
	$(IN_ENV)lint-imports

chaos: .venv/ready-to-test  ## Kill, interrupt and starve a hundred small studies (about twenty minutes)
	$(IN_ENV)python -m tests.chaos $(CHAOS)

bench: .venv/ready-to-bench  ## Time the search beside its peers, on a quiet machine (about two hours)
	$(IN_ENV)python -m benchmarks

browser:  ## Install a headless Chromium for the tests of the report, if there is none and it can
	@sh tests/install_browser.sh

clean:  ## Remove the environment and caches; results and reports stay
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# Another Python than the environment's begins a new one.
.venv/python-$(VERSION):
	@case "$(VERSION)" in 3.11|3.12|3.13) ;; *) \
		echo "error: expected Python 3.11, 3.12 or 3.13, got $(or $(VERSION),no Python by the name of $(PYTHON)): run make PYTHON=/path/to/python3.12" >&2; exit 1;; esac
	@.venv/bin/python -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != "$(VERSION)")' 2>/dev/null \
		|| { rm -rf .venv && $(PYTHON) -m venv .venv; }
	@touch $@

.venv/ready: .venv/python-$(VERSION) requirements.txt
	$(IN_ENV)python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

.venv/ready-to-test: .venv/ready tests/requirements.txt
	$(IN_ENV)python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
	touch $@

.venv/ready-to-bench: .venv/ready benchmarks/requirements.txt
	$(IN_ENV)python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	touch $@
