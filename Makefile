# make run and make test set up what they need. Nothing is installed outside .venv and node_modules, except Debian's
# packages for the tests (Chromium, its fonts for Chinese and emoji, Redis), and those only by root.

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
# Two cores: a third of the time tests wait for processes and browsers. tests/conftest.py says which files come first.
PARALLEL ?= -n 3 --dist loadfile --no-loadscope-reorder
ON_REDIS := tests/store tests/services/friends/test_inbox.py tests/walks/test_messages.py \
  tests/walks/test_sessions.py
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Each of the tests' workers and servers would compile everything again, which doubles their start.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run setup test check format docs soak bench pictures icons

help:
	@echo "make run       start the server on http://127.0.0.1:8080 (ARGS='--port 9000')"
	@echo "make test      run all tests (ARGS='tests/store -k lock')"
	@echo "make check     lint, types, import order, and the page's unit tests and types"
	@echo "make format    format the code"
	@echo "make docs      regenerate the tables and examples of docs/ from the code"
	@echo "make soak      run the tests that take minutes"
	@echo "make bench     run the benchmarks"
	@echo "make pictures  take screenshots of the page into docs/pictures/"
	@echo "make icons     redraw the page's icons from web/icons/icon.svg"

run: .venv/run.stamp
	@$(BIN)/chatserver serve $(ARGS)

setup: .venv/dev.stamp node_modules/.stamp

test: .venv/dev.stamp
	@sh .ci/packages chromium-headless-shell fonts-noto-cjk fonts-noto-color-emoji redis-server nodejs npm
	@! command -v npm > /dev/null || $(MAKE) --no-print-directory node_modules/.stamp
	$(BIN)/pytest $(PARALLEL) $(ARGS)
ifeq ($(strip $(ARGS)),)
	@command -v redis-server > /dev/null || echo "REDIS IS MISSING: nothing was tried on Debian's Redis 7. apt install redis-server"
	@! command -v redis-server > /dev/null || $(BIN)/pytest --quiet $(PARALLEL) --store redis-server $(ON_REDIS)
endif

soak: .venv/dev.stamp
	$(BIN)/pytest -m soak --timeout 0 $(ARGS)

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports
	node --test $$(find tests/web -name '*.test.js' -o -name '*.test.mjs' | sort)
	node_modules/.bin/tsc --project tsconfig.json

format: .venv/dev.stamp
	$(BIN)/ruff check --fix --quiet . || true
	$(BIN)/ruff format .

docs: .venv/dev.stamp
	$(BIN)/python -m chatserver.protocol.documents.generate
	$(BIN)/python -m chatserver.doors.page_limits web/lib/limits.js

bench: .venv/dev.stamp
	$(BIN)/python -m bench $(ARGS)

pictures: .venv/dev.stamp
	@sh .ci/packages chromium-headless-shell fonts-noto-cjk fonts-noto-color-emoji
	$(BIN)/python -m tests.web.pictures $(ARGS)

icons: .venv/dev.stamp
	@sh .ci/packages chromium
	$(BIN)/python -m tests.web.icons

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "chatserver needs Python 3.11 or newer: make run PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -m venv .venv \
		|| { rm -rf .venv; echo "Python's venv module is missing. On Debian: sudo apt-get install python3-venv"; exit 1; }

# The build backend comes from constraints.txt like everything else, so a build fetches nothing that is not pinned.
.venv/run.stamp: pyproject.toml constraints.txt | .venv/bin/python
	@echo "Setting up .venv (once)"
	@$(BIN)/python -m pip install --quiet -c constraints.txt hatchling editables
	@$(BIN)/python -m pip install --quiet -c constraints.txt --no-build-isolation --editable .
	@touch $@

.venv/dev.stamp: .venv/run.stamp
	@echo "Setting up .venv for development (once)"
	@$(BIN)/python -m pip install --quiet -c constraints.txt --no-build-isolation --editable '.[dev]'
	@touch $@

node_modules/.stamp: package.json package-lock.json
	@sh .ci/packages nodejs npm
	@npm ci --silent --no-audit --no-fund
	@touch $@
