# `make help` tells everything. Every command does its own set-up in .venv/ and .duepost/.
.DEFAULT_GOAL := help
.PHONY: help demo chaos test check format bench constraints clean

PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3.14 python3,$(if $(shell $(name) -c 'import sys, venv, ensurepip; print(sys.version_info >= (3, 11) or "")' 2>/dev/null),$(name))))
BIN := .venv/bin
READY := .venv/.ready
TESTS ?= tests
JOBS ?= 3

help:  ## what each command does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "duepost needs Python 3.11 or later with venv: install it, or name it with make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[channels,flower,sandbox,dev]'
	@touch $(READY)

demo: $(READY)  ## send a month-end file of 1,000 invoices and account for every one (KEEP=1 leaves the stack up; FLOWER_PORT=5555)
	$(BIN)/python -m sandbox.demo $(if $(KEEP),--keep) $(if $(FLOWER_PORT),--flower-port $(FLOWER_PORT))

chaos: $(READY)  ## break everything, and hold ledger and providers against each other (SHORT=1; ONLY=broker; SOAK=120 SEED=7; UNPROTECTED=1)
	$(BIN)/python -m sandbox.chaos $(if $(SHORT),--short) $(if $(ONLY),--only '$(ONLY)') $(if $(SOAK),--soak $(SOAK)) $(if $(SEED),--seed $(SEED)) $(if $(UNPROTECTED),--unprotected) $(if $(TIMES),--times $(TIMES))

test: $(READY)  ## run the tests against servers of their own (TESTS=tests/duepost for a part, JOBS=1 one after another)
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile $(TESTS)

check: $(READY)  ## lint, formatting, types and the arrows between rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)  ## put the code in the house's form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)  ## measure, beside the plain way of doing it; writes benchmarks/results.json
	$(BIN)/python -m benchmarks

constraints: pyproject.toml  ## write constraints.txt anew from the newest versions that pyproject.toml allows
	rm -rf .duepost/constraints && $(PYTHON) -m venv .duepost/constraints
	.duepost/constraints/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[channels,flower,sandbox,dev]'
	.duepost/constraints/bin/python -m pip freeze --exclude-editable --exclude pip --exclude setuptools > constraints.txt

clean:  ## remove everything that make made
	rm -rf .venv .duepost
