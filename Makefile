# Everything that the project needs, its own files install: Python 3.11+ (with venv), git and make are enough.
PYTHON ?= python3
export PYTHONUNBUFFERED = 1
# Compiled once and kept, whatever the caller's own settings are: the tests start some hundred processes.
export PYTHONDONTWRITEBYTECODE =

.PHONY: help run test check soak clean
help: ## what there is
	@grep -hE '^[a-z]+:.*##' Makefile | sed 's/:.*##/ -/'

.venv/runtime: requirements.txt pyproject.toml
	@echo "hub: setting up .venv (once, about half a minute)"
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --require-hashes -r requirements.txt
	.venv/bin/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

# requirements-test.txt holds all of requirements.txt: for who needs both, one installation does. What of it is used is compiled
# when it is first imported.
.venv/test: requirements-test.txt requirements.txt pyproject.toml
	@echo "hub: setting up .venv with the tools for tests (once, about a minute)"
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --no-compile --require-hashes -r requirements-test.txt
	.venv/bin/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch .venv/runtime $@

run: .venv/runtime ## start the hub's Kafka and PostgreSQL on this machine; Ctrl-C stops them
	.venv/bin/hub up

check: .venv/test ## lint, types and import rules
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

# While the checks run, Kafka's jars are fetched, and the tests are compiled once rather than by each of the four processes;
# where that fails, the tests say why.
test: .venv/test ## all checks and all tests, on one Kafka and one PostgreSQL
	@.venv/bin/hub broker >/dev/null 2>&1 & .venv/bin/pytest --collect-only --quiet >/dev/null 2>&1 & \
	$(MAKE) --no-print-directory check && wait
	.venv/bin/pytest -n 4 --dist loadscope --no-loadscope-reorder

soak: .venv/runtime ## kill and stop processes under load, on a hub of its own; about 10 minutes
	.venv/bin/hub soak

clean: ## remove the set-up (not the data in var/)
	rm -rf .venv
