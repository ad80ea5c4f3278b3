# Every target does its own set-up: Debian packages, .venv/, locked dependencies. The second run skips what is done.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin

RUN_PACKAGES := libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-core fonts-noto-cjk
TEST_PACKAGES := poppler-utils mupdf-tools qpdf ghostscript strace postgresql softhsm2 jq openssl openssh-server groff-base chromium chromium-driver
JUDGE_PACKAGES := default-jre-headless libjaxb-java

.PHONY: help setup demo test check bench crash fuzz conformance docs man systemd lock wheel sbom supply

help: ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: .venv/.ready ## Debian packages, .venv/ and .venv/bin/cpdocs
	@.ci/packages $(RUN_PACKAGES)
	@$(BIN)/python -m compileall -q cpdocs # whoever runs it may not be allowed to write here, and would compile it at every start

.venv/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "cpdocs needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V)" >&2; exit 1; }
	@.ci/packages $(RUN_PACKAGES) $$($(PYTHON) -c 'import ensurepip' 2>/dev/null || echo python3-venv)
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	@echo "Installing the locked dependencies into .venv/ (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## the whole road on invented data, in a new folder
	@$(BIN)/cpdocs demo

test: setup ## every test that runs within minutes; LEDGER=postgresql keeps the tests' ledgers in a database
	@.ci/packages $(TEST_PACKAGES)
	@.ci/peers
	@$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder --durations 30 $(if $(LEDGER),--ledger $(LEDGER))

check: setup ## format, lint, types, architecture
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

conformance: setup ## veraPDF on everything we make
	@.ci/packages $(JUDGE_PACKAGES)
	@$(BIN)/python -m pytest -m conformance tests/conformance

bench: setup ## what the README claims about speed, as ratios
	@set -e; for script in benchmarks/[a-z]*.py; do echo "== $$script"; $(BIN)/python $$script; done

crash: setup ## the long sweeps: kills, full disks, failing calls (many hours; CRASH_EVERY=20 for each 20th point)
	@.ci/packages $(TEST_PACKAGES)
	@$(BIN)/python -m pytest -m slow -n auto --dist load tests

systemd: setup ## the units under a live systemd in a Debian of its own (root; some minutes)
	@.ci/packages debootstrap
	@$(BIN)/python -m pytest -m slow tests/packaging/test_live_systemd.py

fuzz: setup ## bent files, guided by the code that they reach (a minute; FUZZ=-max_total_time=3600 for longer)
	@$(BIN)/python -m tests.signing.fuzz $(FUZZ)
	@CPDOCS_FUZZ=500 $(BIN)/python -m pytest tests/scans/test_hostile_pictures.py -k bent_picture

docs: setup ## docs/commands.md from the commands' own help, docs/attacks.md from the tests'
	@$(BIN)/python -m tests.reference
	@$(BIN)/python -m tests.signing.attacks.catalog

man: setup ## dist/man/*.1: a man page for every command
	@$(BIN)/python -m tests.manual dist/man

lock: ## resolve every version again, with hashes and without index addresses
	@uv pip compile --quiet --generate-hashes --no-emit-index-url --universal --python-version 3.11 --extra dev pyproject.toml -o requirements.lock

wheel: setup ## dist/*.whl, which works when installed alone
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist/*.whl

sbom: setup ## dist/sbom.cdx.json: what the product is made of, as CycloneDX
	@.ci/sbom dist/sbom.cdx.json $(RUN_PACKAGES)

supply: setup ## what is installed against the lock, licences, and ADVISORIES="FILE …" (OSV's JSON) against the locked versions
	@$(BIN)/python .ci/supply $(ADVISORIES)
