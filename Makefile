# Every target sets up what it needs by itself: a virtual environment in .venv, filled from the
# locks in requirements/, which hold a hash for every file.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
FUZZ_BUNDLES ?= 200000
FUZZ_SECONDS ?= 300
KILL_ROUNDS ?= 100
WORKFLOWS ?= 10000
SWARM_SEEDS ?= 100000
GOLDENS := tests/golden/v*/*/bundle tests/golden/v*/*/children/*
MUTATE_ONLY ?= 'workc.*'
MUTATE_SAMPLE ?= 500
MUTATE_SEED ?= 1
MUTATE_SECONDS ?= 0

.PHONY: help demo test check suites test-peers bench bench-peers fuzz kill nightly mutate generate lock format clean

help:  ## what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/run.stamp  ## the main job: run, verify, replay, tamper, on this machine alone
	@$(BIN)/python examples/demo/demo.py
	@$(BIN)/python examples/fix_a_test/play.py

test: $(VENV)/dev.stamp  ## all tests that need Python alone, with branch coverage and its budgets
	$(BIN)/python -m pytest -n auto -m "not peers" --cov --cov-report=
	$(BIN)/python -m coverage report --skip-covered --fail-under=95
	$(BIN)/python -m coverage report --include='src/workc/kernel/*,src/workc/bundle/*,src/workc/verify/*' --fail-under=100

check: $(VENV)/dev.stamp  ## lint, types, import contracts, generated files
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python tools/generate.py --check

suites: $(VENV)/dev.stamp  ## scenarios, goldens of every version, tests of the built-in stages
	$(BIN)/workc suite run smoke core parallel versioning scale
	$(BIN)/workc golden check tests/golden
	@mkdir -p .workc-suites
	$(BIN)/workc verify-bundle $(GOLDENS) > .workc-suites/verdicts.txt || { cat .workc-suites/verdicts.txt; exit 1; }
	$(BIN)/workc stage test builtin --strict --fresh --store .workc-suites

test-peers: $(VENV)/dev.stamp  ## tests against software that others wrote; needs Node 20, promtool
	cd tests/peers && npm ci --no-audit --no-fund
	$(BIN)/python -m pytest -m peers tests/peers

fuzz: $(VENV)/dev.stamp  ## two verifiers on FUZZ_BUNDLES changed bundles, then for FUZZ_SECONDS guided
	$(BIN)/python tests/fuzz/differential.py --count $(FUZZ_BUNDLES)
	$(BIN)/python tests/fuzz/differential.py --count $(FUZZ_BUNDLES) --of 0.1
	$(BIN)/python tests/fuzz/differential.py --count $(FUZZ_BUNDLES) --of signatures
	$(PIP) install --no-deps --require-hashes --only-binary :all: -r requirements/fuzz.txt
	@mkdir -p .fuzz
	$(BIN)/python tests/fuzz/harness.py -max_total_time=$(FUZZ_SECONDS) -max_len=96 -verbosity=0 -print_final_stats=1 -artifact_prefix=.fuzz/ .fuzz tests/fuzz/corpus

kill: $(VENV)/dev.stamp  ## kills runs, families, work with files and stages, at every write, KILL_ROUNDS times in a row
	@for round in $$(seq $(KILL_ROUNDS)); do \
	  echo "round $$round of $(KILL_ROUNDS)"; \
	  WORKC_KILLS=all $(BIN)/python -m pytest -q -x -n auto tests/integration/test_kill.py tests/integration/test_kill_family.py tests/integration/test_kill_machine.py tests/integration/test_kill_stages.py || exit 1; \
	done

nightly: $(VENV)/dev.stamp  ## what takes hours: WORKFLOWS at random, all goldens tampered with, a swarm, kill, fuzz, mutants, benchmarks
	WORKC_WORKFLOWS=$(WORKFLOWS) $(BIN)/python -m pytest -q -s tests/property/test_random_workflows.py
	$(BIN)/workc suite run tamper
	$(BIN)/workc swarm --seeds $(SWARM_SEEDS)
	$(MAKE) kill fuzz mutate
	$(BIN)/python -m benchmarks --report bench-report.json

mutate: $(VENV)/dev.stamp  ## are MUTATE_SAMPLE changes of kernel and runtime noticed? 0: all
	$(PIP) install --no-deps --require-hashes --only-binary :all: -r requirements/mutate.txt
	$(BIN)/python tests/mutation/mutate.py --sample $(MUTATE_SAMPLE) --seed $(MUTATE_SEED) --seconds $(MUTATE_SECONDS) --only $(MUTATE_ONLY)

bench: $(VENV)/dev.stamp  ## ratios to a floor measured in the same run
	$(BIN)/python -m benchmarks

bench-peers: $(VENV)/dev.stamp .venv-peers/stamp  ## the oracle against tools that others wrote
	$(BIN)/python -m benchmarks.peers

.venv-peers/stamp: requirements/peers.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --require-hashes -r requirements/peers.txt
	@touch $@

generate: $(VENV)/dev.stamp  ## writes what is generated from tables
	$(BIN)/python tools/generate.py

lock: $(VENV)/dev.stamp  ## resolves the dependencies anew
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --group build pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --group build --group test --group check pyproject.toml -o requirements/dev.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --group bench-peers -o requirements/peers.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --group fuzz -o requirements/fuzz.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --group mutate --constraints requirements/dev.txt -o requirements/mutate.txt

format: $(VENV)/dev.stamp  ## formats the source
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

clean:  ## takes away what was made
	rm -rf $(VENV) .workc-suites bench-report.json .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .fuzz .mutate .venv-peers demo-output

$(BIN)/python:
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "workc needs Python 3.11 or later; set PYTHON=python3.12"'
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements/run.txt pyproject.toml | $(BIN)/python
	$(PIP) install --no-deps --require-hashes -r requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt pyproject.toml | $(BIN)/python
	$(PIP) install --no-deps --require-hashes -r requirements/dev.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/run.stamp
