# Hookswitch on a laptop. Needs Python 3 and make; everything else is installed below .local/.

PYTHON ?= python3
PORT   ?= 4566
HOOK   ?=
VERB   ?= post
FORMAT ?= json
COUNT  ?= 1
STACK  ?=
SINCE  ?=
UNTIL  ?=
DRY_RUN ?=
DOCKER ?=
API_PORT ?= 3000
REQUESTS ?= 100000
SEED ?=
SEEDS ?= 10000
HTTP ?=

# Paths are relative: make can't name a target in a folder whose name has a space.
UV       := .local/bootstrap/bin/uv
BIN      := .local/dev/bin
INSTALL  := $(UV) pip install --quiet --require-hashes
LAPTOP   := $(BIN)/python -m devtools
BOOT     := .local/bootstrap.stamp
DEV      := .local/dev.stamp
SAM      := .local/sam.stamp
EMULATOR := .local/emulator.stamp
CHECKS   := .local/checks.stamp
RUNTIME  := .local/runtime.stamp
LOCUST   := .local/load.stamp

LINTS := lint-template lint-types lint-policies lint-style lint-packages
SYNC  := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) # macOS has a make that can't

# What decides how a delivery is answered and stored: tests take every branch of it, without a stack.
ANSWER_PATH := */callback/verification.py,*/deliveries/*,*/events/*,*/receiving/processing.py,*/receiving/receiver.py,*/receiving/redrive_queue.py

# The layer's package, as the functions find it.
export PYTHONPATH := $(CURDIR)/layers/hookswitch
export UV_NO_PROGRESS := 1
# Where it is set, each of the many processes would compile all packages again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run up down fire webhooks rotate reconcile replay sam-local test bench load fuzz explore interleave scale faults lint $(LINTS) format events schemas requirements clean

##@ Start here

help: ## List these targets
	@echo "make <target>, with PORT=$(PORT) or another where a port is used:"
	@awk -F ':.*## ' '/^##@ / {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  %-13s %s\n", $$1, $$2}' Makefile

run: $(DEV) $(SAM) $(EMULATOR) ## Deploy locally, send events to every hook, show what became of them, clean up
	@exec $(LAPTOP) run --port "$(PORT)"

up: $(DEV) $(SAM) $(EMULATOR) ## Deploy locally and leave it running: [DOCKER=yes] lets `sam local` use it
	@exec $(LAPTOP) up --port "$(PORT)" $(if $(DOCKER),--for-containers)

down: ## Stop what `make up` left running
	@if [ -x $(BIN)/python ]; then $(LAPTOP) down; else echo "Nothing is running."; fi

fire: $(DEV) ## Send one event to what runs: HOOK=missed_call [VERB=post|put|get] [FORMAT=json|form-data] [COUNT=1]
	@exec $(LAPTOP) fire "$(HOOK)" --verb "$(VERB)" --format "$(FORMAT)" --count "$(COUNT)"

##@ The webhooks of a stack

webhooks: $(DEV) ## Show what is registered on Dash for the stack that is up, or for one on AWS: [STACK=hookswitch]
	@exec $(LAPTOP) webhooks --stack "$(STACK)"

reconcile: $(DEV) ## Repair that stack's webhooks and recover missed events: [DRY_RUN=1] [SINCE=2026-11-23T14:00:00Z]
	@exec $(LAPTOP) reconcile --stack "$(STACK)" --since "$(SINCE)" --dry-run "$(DRY_RUN)"

replay: $(DEV) ## Replay that stack's quarantine of a hook: HOOK=missed_call [DRY_RUN=1] [SINCE=...] [UNTIL=...]
	@exec $(LAPTOP) replay --stack "$(STACK)" --hook "$(HOOK)" --since "$(SINCE)" --until "$(UNTIL)" --dry-run "$(DRY_RUN)"

rotate: $(DEV) ## Replace that stack's callback secret and its webhooks' tokens: [STACK=hookswitch]
	@exec $(LAPTOP) rotate --stack "$(STACK)"

##@ Checks and measurements

sam-local: $(DEV) $(SAM) $(EMULATOR) ## Check every hook in the containers of `sam local`; needs Docker: [API_PORT=3000]
	@exec $(LAPTOP) sam-local --port "$(PORT)" --api-port "$(API_PORT)"

test: lint $(EMULATOR) $(RUNTIME) $(LOCUST) ## Check everything: lint, types and all tests; those in containers only where Docker runs
	$(BIN)/pytest --numprocesses 3 --dist loadgroup --durations 40 --basetemp .local/tests \
	  --cov --cov-report= -m "not comes_last"
	$(BIN)/pytest --quiet --trails=.local/tests -m comes_last
	$(BIN)/coverage report
	$(BIN)/coverage report --include="$(ANSWER_PATH)" --fail-under 100

bench: $(DEV) $(SAM) $(EMULATOR) $(RUNTIME) ## Measure the functions beside their peers, and write docs/engineering/performance.md: [QUICK=1]
	@exec $(BIN)/python -m bench $(if $(QUICK),--quick)

load: $(DEV) $(SAM) $(EMULATOR) $(LOCUST) ## Send a reseller's day of events in fast motion, check its totals, and write docs/engineering/load.md: [QUICK=1]
	@exec $(BIN)/python -m tests.load $(if $(QUICK),--quick)

fuzz: $(DEV) $(SAM) $(EMULATOR) ## Send random requests, check what becomes of each, and write docs/engineering/fuzzing.md: [REQUESTS=100000] [SEED=1] [HTTP=1]
	@exec $(BIN)/python -m tests.fuzz --requests "$(REQUESTS)" $(if $(SEED),--seed "$(SEED)") $(if $(HTTP),--by-http 1)

explore: $(DEV) ## Look for counter-examples of the properties that tests state, with fresh seeds: [SEED=1]
	@seed="$(SEED)"; seed=$${seed:-$$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}; echo "SEED=$$seed"; \
	exec $(BIN)/pytest -q -n auto --hypothesis-profile explore --hypothesis-seed "$$seed" tests/unit simulator

interleave: $(DEV) ## Stop, fail and kill all functions at every call, in many orders: [SEEDS=10000] or one with its trace: [SEED=7]
	@exec $(BIN)/python -m tests.interleaving --seeds "$(SEEDS)" $(if $(SEED),--seed "$(SEED)")

scale: $(DEV) ## Compute limits and costs from what was measured, and write docs/engineering/scale.md
	@exec $(BIN)/python -m bench.scale

faults: $(DEV) $(SAM) $(EMULATOR) $(RUNTIME) ## Make every service of every function fail in every way, and write docs/engineering/faults.md
	@PYTHONPATH="$(CURDIR):$(PYTHONPATH)" exec $(BIN)/python -m tests.integration.faults

lint: $(DEV) $(SAM) $(CHECKS) ## Check style, types, the template, and the packages for known vulnerabilities
	@$(MAKE) --no-print-directory --jobs 2 $(SYNC) $(LINTS)

lint-style:
	$(BIN)/ruff check
	$(BIN)/ruff format --check

lint-types:
	$(BIN)/mypy

lint-template:
	$(LAPTOP) lint

lint-policies:
	$(LAPTOP) scan

lint-packages:
	$(LAPTOP) audit

format: $(DEV) ## Format the code
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format

##@ Files and installation

events: $(DEV) $(SAM) ## Rewrite events/ and docs/events.md, after a change of the simulated payloads
	@$(LAPTOP) events

schemas: $(DEV) ## Rewrite the JSON Schemas in docs/schemas/, after a change of a payload type
	@$(LAPTOP) schemas

setup: $(DEV) $(SAM) $(EMULATOR) $(CHECKS) $(RUNTIME) $(LOCUST) ## Install what the other targets need

clean: down ## Stop what runs, and remove everything that was built or installed
	rm -rf .local .aws-sam

requirements: $(BOOT) ## Pin newer versions of everything, with hashes
	@set -e; pin() { \
	  echo "Pinning $$1"; \
	  $(UV) pip compile --quiet --upgrade --universal --python-version $$2 --generate-hashes \
	    --custom-compile-command 'make requirements' $$1.in -o $$1.txt; \
	}; \
	pin requirements/bootstrap 3.9; \
	for name in layers/hookswitch/requirements requirements/runtime requirements/dev requirements/sam requirements/emulator \
	    requirements/checks requirements/load \
	    bench/requirements bench/peers/powertools/requirements bench/peers/fastapi/requirements; do \
	  pin $$name 3.13; \
	done

# A stamp is written last: an interrupted installation starts afresh.

$(BOOT): requirements/bootstrap.txt
	@sh devtools/bootstrap.sh "$(PYTHON)"
	@touch $@

define environment =
@echo "Installing $(*F)"
@rm -rf .local/$(*F)
@$(UV) venv --quiet --python 3.13 .local/$(*F)
@$(INSTALL) --python .local/$(*F)/bin/python -r requirements/$(*F).txt
@touch $@
endef

$(DEV) $(SAM) $(EMULATOR) $(CHECKS) $(LOCUST): .local/%.stamp: requirements/%.txt | $(BOOT)
	$(environment)

$(RUNTIME): requirements/runtime.txt | $(DEV) $(BOOT)
	@echo "Installing runtime"
	@rm -rf .local/runtime
	@$(INSTALL) --python $(BIN)/python --target .local/runtime -r requirements/runtime.txt
	@touch $@
