# make up: run everything on this machine.  make test: the whole suite.  make check: linters and types.
# make bench: the goals of docs/performance.md, measured.  make soak: ten minutes of faults.
# make scale: every statement planned and run over five million deployments, in some ten minutes.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: up test check bench charts scale soak requirements .venv clean

up: .venv
	@$(BIN)/techops up

# First on the embedded PostgreSQL, then, where TEST_DATABASE_URL names a server, on that one too.
test: .venv
	@env -u TEST_DATABASE_URL $(BIN)/pytest -n auto --dist worksteal
	@if [ -n "$$TEST_DATABASE_URL" ]; then echo "Again on the server in TEST_DATABASE_URL:"; $(BIN)/pytest -n auto --dist worksteal; fi

check: .venv
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: .venv
	@$(BIN)/python -m benchmarks --write docs/performance.json

# The picture and the table of docs/performance.md, from what `make bench` wrote down.
charts: .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-charts.txt
	@$(BIN)/python -m benchmarks._charts

# What every statement touches where there is much; needs 6 GB of disk for as long.
scale: .venv
	@$(BIN)/pytest -s -q tests/scale/plans.py

# Ten minutes of bad weather: processes killed, servers stopped, Slack failing. MINUTES=2 make soak for less.
soak: .venv
	@$(BIN)/python -m tests.faults --minutes $(or $(MINUTES),10)

.venv: .venv/.installed

.venv/.installed: requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name it with 'make PYTHON=python3.12 ...'."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "Python's venv module is needed (on Debian: apt install python3-venv)."; exit 1; }
	@echo "Installing into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# Pin again what pyproject.toml allows; needs pip-tools.
requirements:
	pip-compile --quiet --upgrade --strip-extras --allow-unsafe --generate-hashes --no-header --no-emit-options --no-emit-index-url --no-emit-find-links -o requirements.txt pyproject.toml
	pip-compile --quiet --strip-extras --allow-unsafe --generate-hashes --no-header --no-emit-options --no-emit-index-url --no-emit-find-links --extra dev -c requirements.txt -o requirements-dev.txt pyproject.toml
	pip-compile --quiet --strip-extras --allow-unsafe --generate-hashes --no-header --no-emit-options --no-emit-index-url --no-emit-find-links --extra charts -c requirements-dev.txt -o requirements-charts.txt pyproject.toml

clean:
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .import_linter_cache
