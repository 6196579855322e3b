# Hookswitch on a laptop. Needs Python 3 and make; everything else is installed below .local/.

PYTHON ?= python3
PORT   ?= 4566
HOOK   ?=
VERB   ?= post
FORMAT ?=
COUNT  ?=
STACK  ?=
ACCOUNT ?=
DAY    ?=
MISSED ?=
NUMBER ?=
ID     ?=
SINCE  ?=
UNTIL  ?=
FOLLOW ?=
PUBLISH ?=
ALL    ?=
DRY_RUN ?=
DOCKER ?=
RECEIVERS ?=
SET ?=
EVERYTHING ?=
ARCH ?=
VERSION ?=
API_PORT ?= 3000
REQUESTS ?= 100000
SEED ?=
SEEDS ?= 10000
EVENTS ?=
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
AWSCLI   := .local/awscli.stamp

LINTS := lint-template lint-types lint-policies lint-style lint-packages
SYNC  := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) # macOS has a make that can't

# What decides how a delivery is answered and stored: tests take every branch of it, without a stack. These do.
ANSWER_PATH := */callback/verification.py,*/deliveries/*,*/events/*,*/receiving/processing.py,*/receiving/receiver.py,*/receiving/redrive_queue.py
ANSWER_TESTS := $(addprefix tests/unit/,callback deliveries events receiving)

# Words such as TYPE and TEST count only on the command line: in the environment they are often somebody else's.
typed  = $(if $(filter command,$(origin $1)),$($1))
option = $(if $(call typed,$1),--$(shell echo $1 | tr A-Z a-z) '$(subst ','\'',$(call typed,$1))')
DESTINATION_WORDS := ADD EDIT LIST TEST PAUSE RESUME REMOVE ROTATE ATTEMPTS RESEND \
                     TYPE WHEN HOOKS TYPES NUMBERS DIRECTION QUIET ZONE ORDERED RATE

# The layer's package, as the functions find it.
export PYTHONPATH := $(CURDIR)/layers/hookswitch
export UV_NO_PROGRESS := 1
# Where it is set, each of the many processes would compile all packages again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# In `make help`, a target's second ## begins a line of its own, for its arguments. No line exceeds 80 columns.
##@ Try it here
.PHONY: help run up demo fire down

help: ## List these targets
	@echo "make <target>, with PORT=$(PORT) or another where a port is used:"
	@awk '/^##@ / {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z-]+:.*## / {split($$0, part, / *## */); sub(/:.*/, "", part[1]); printf "  %-15s%s\n", part[1], part[2]; \
	  if (part[3]) printf "  %-15s%s\n", "", part[3]}' Makefile

run: $(DEV) $(SAM) $(EMULATOR) ## Deploy locally, send events to every hook, and show the outcome
	@exec $(LAPTOP) run --port "$(PORT)"

up: $(DEV) $(SAM) $(EMULATOR) ## Deploy locally and leave it running ## [RECEIVERS=localhost:8080] [DOCKER=yes] for `sam local`
	@exec $(LAPTOP) up --port "$(PORT)" --receivers '$(subst ','\'',$(RECEIVERS))' $(if $(DOCKER),--for-containers)

demo: $(DEV) $(SAM) $(EMULATOR) ## The same, with an office of thirty phones whose calls go on ## [EVERY=5] seconds between two calls
	@exec $(LAPTOP) demo --port "$(PORT)" --every "$(or $(call typed,EVERY),5)"

fire: $(DEV) ## Send events to what is up ## HOOK=missed_call [VERB=put|get] [FORMAT=form-data] [COUNT=1]
	@exec $(LAPTOP) fire "$(HOOK)" --verb "$(VERB)" --format "$(or $(FORMAT),json)" --count "$(or $(COUNT),1)"

down: ## Stop what `make up` left running
	@if [ -x $(BIN)/python ]; then $(LAPTOP) down; else echo "Nothing is running."; fi

##@ A stack on AWS [STACK=hookswitch], or the one that is up
.PHONY: deploy doctor status calls call backfill-calls import events logs variables remove webhooks reconcile replay rotate destination

deploy: $(DEV) $(SAM) ## Create a stack on AWS, or update it ## [SET="RetentionDays=90 ..."]
	@exec $(LAPTOP) deploy --stack "$(STACK)" --set '$(subst ','\'',$(SET))'

doctor: $(DEV) ## Check that it works, from Dash to its subscribers ## [FORMAT=json]
	@exec $(LAPTOP) doctor --stack "$(STACK)" --format "$(or $(FORMAT),table)"

status: $(DEV) ## Show how it is doing, and what needs attention ## [FORMAT=json]
	@exec $(LAPTOP) status --stack "$(STACK)" --format "$(or $(FORMAT),table)"

calls: $(DEV) ## Show the calls of a day, or of a number ## [DAY=] [MISSED=1] [NUMBER=] [ACCOUNT=] [COUNT=99] [FORMAT=csv]
	@exec $(LAPTOP) calls --stack "$(STACK)" --day "$(DAY)" --missed "$(MISSED)" --number "$(NUMBER)" \
	  --account "$(ACCOUNT)" --count "$(or $(COUNT),0)" --format "$(or $(FORMAT),table)"

call: $(DEV) ## Show all about one call, its legs as a picture ## ID= [DAY=] [ACCOUNT=] [FORMAT=json]
	@exec $(LAPTOP) call --stack "$(STACK)" --id '$(subst ','\'',$(ID))' --day "$(DAY)" --account "$(ACCOUNT)" \
	  --format "$(or $(FORMAT),table)"

backfill-calls: $(DEV) ## Make calls of stored events ## [SINCE=2026-11-24] [UNTIL=] [ACCOUNT=] [PUBLISH=1]
	@exec $(LAPTOP) backfill-calls --stack "$(STACK)" --since "$(SINCE)" --until "$(UNTIL)" --account "$(ACCOUNT)" \
	  --publish "$(PUBLISH)"

import: $(DEV) ## Bring in calls of the past from Dash ## FROM=2026-09-01 [UNTIL=] [PUBLISH=1] [DRY_RUN=1]
	@exec $(LAPTOP) import --stack "$(STACK)" --from "$(call typed,FROM)" --until "$(UNTIL)" --publish "$(PUBLISH)" \
	  --dry-run "$(DRY_RUN)"

events: $(DEV) ## Show the newest events ## [HOOK=parking] [SINCE=2d] [COUNT=99] [ACCOUNT=] [FORMAT=csv]
	@exec $(LAPTOP) events --stack "$(STACK)" --hook "$(HOOK)" --since "$(SINCE)" --account "$(ACCOUNT)" \
	  --count "$(or $(COUNT),50)" --format "$(or $(FORMAT),table)"

logs: $(DEV) ## Show what the functions log ## [HOOK=missed_call] [SINCE=2h] [FOLLOW=1] [ALL=1] [FORMAT=json]
	@exec $(LAPTOP) logs --stack "$(STACK)" --hook "$(HOOK)" --since "$(SINCE)" --follow "$(FOLLOW)" --all "$(ALL)" \
	  --format "$(or $(FORMAT),table)"

variables: $(DEV) ## Print its names and addresses, as variables of a shell
	@exec $(LAPTOP) variables --stack "$(STACK)"

remove: $(DEV) ## Remove it from AWS and its webhooks from Dash ## [EVERYTHING=yes]
	@exec $(LAPTOP) remove --stack "$(STACK)" --everything "$(EVERYTHING)"

webhooks: $(DEV) ## Show what is registered on Dash
	@exec $(LAPTOP) webhooks --stack "$(STACK)"

reconcile: $(DEV) ## Repair the webhooks and recover missed events ## [DRY_RUN=1] [SINCE=2h]
	@exec $(LAPTOP) reconcile --stack "$(STACK)" --since "$(SINCE)" --dry-run "$(DRY_RUN)"

replay: $(DEV) ## Replay a hook's quarantine, or stored events to a destination ## HOOK= | TO=sales FROM=7d [UNTIL=] [STATUS=missed] [DRY_RUN=1]
	@exec $(LAPTOP) replay --stack "$(STACK)" --hook "$(HOOK)" --since "$(or $(call typed,FROM),$(SINCE))" \
	  --until "$(UNTIL)" --dry-run "$(DRY_RUN)" --to "$(call typed,TO)" --status "$(call typed,STATUS)" \
	  --account "$(ACCOUNT)" --rate "$(call typed,RATE)"

destination: export DESTINATION_URL = $(call typed,URL)# not an argument, which all users of the machine can read
destination: export DESTINATION_FIELDS = $(call typed,FIELDS)
destination: $(DEV) ## Show where events go, or ADD=, EDIT=, TEST=, PAUSE= one ## ADD=sales TYPE=slack [WHEN=missed] [HOOKS=] [SINCE=7d] ...
	@exec $(LAPTOP) destination --stack "$(STACK)" $(foreach name,$(DESTINATION_WORDS),$(call option,$(name))) \
	  --id "$(ID)" --since "$(SINCE)" --account "$(ACCOUNT)" --count "$(or $(COUNT),0)" --format "$(or $(FORMAT),table)"

rotate: $(DEV) ## Replace the callback secret and the webhooks' tokens
	@exec $(LAPTOP) rotate --stack "$(STACK)"

##@ Checks and measurements
.PHONY: test lint $(LINTS) format sam-local bench load load-sending fuzz explore interleave faults scale

test: lint $(EMULATOR) $(RUNTIME) $(LOCUST) $(AWSCLI) ## Check everything; containers only where Docker runs
	$(BIN)/pytest --numprocesses 3 --dist loadgroup --durations 40 --basetemp .local/tests \
	  --cov --cov-report= -m "not comes_last"
	$(BIN)/pytest --quiet --trails=.local/tests -m comes_last tests/integration
	$(BIN)/coverage report
	COVERAGE_CORE=ctrace $(BIN)/pytest --quiet --numprocesses 2 --cov --cov-branch --cov-report= -m "not no_cover" \
	  $(ANSWER_TESTS)
	$(BIN)/coverage report --include="$(ANSWER_PATH)" --fail-under 100

lint: $(DEV) $(SAM) $(CHECKS) ## Check style, types, the template, and the packages
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

sam-local: $(DEV) $(SAM) $(EMULATOR) ## Check every hook in containers of `sam local`; needs Docker ## [API_PORT=3000]
	@exec $(LAPTOP) sam-local --port "$(PORT)" --api-port "$(API_PORT)"

bench: $(DEV) $(SAM) $(EMULATOR) $(RUNTIME) ## Measure the functions; writes docs/engineering/performance.md ## [QUICK=1]
	@exec $(BIN)/python -m bench $(if $(QUICK),--quick)

load: $(DEV) $(SAM) $(EMULATOR) $(LOCUST) ## Send a reseller's day; writes docs/engineering/load.md ## [QUICK=1]
	@exec $(BIN)/python -m tests.load $(if $(QUICK),--quick)

load-sending: $(DEV) $(SAM) $(EMULATOR) ## Send to many destinations; writes docs/engineering/sending.md ## [QUICK=1] [EVENTS=10000] [ONLY=totals|fairness] [SHARED=1]
	@exec $(BIN)/python -m tests.load.destinations $(if $(QUICK),--quick) $(if $(EVENTS),--events "$(EVENTS)") \
	  $(if $(ONLY),--only "$(ONLY)") $(if $(SHARED),--shared)

fuzz: $(DEV) $(SAM) $(EMULATOR) ## Send random requests; writes docs/engineering/fuzzing.md ## [REQUESTS=100000] [SEED=1] [HTTP=1]
	@exec $(BIN)/python -m tests.fuzz --requests "$(REQUESTS)" $(if $(SEED),--seed "$(SEED)") $(if $(HTTP),--by-http 1)

explore: $(DEV) ## Look for counter-examples of tested properties, with new seeds ## [SEED=1]
	@seed="$(SEED)"; seed=$${seed:-$$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}; echo "SEED=$$seed"; \
	exec $(BIN)/pytest -q -n auto --hypothesis-profile explore --hypothesis-seed "$$seed" tests/unit simulator

interleave: $(DEV) ## Stop, fail and kill functions at every call, in many orders ## [SEEDS=10000], or one with its trace: [SEED=7]
	@exec $(BIN)/python -m tests.interleaving --seeds "$(SEEDS)" $(if $(SEED),--seed "$(SEED)")

faults: $(DEV) $(SAM) $(EMULATOR) $(RUNTIME) ## Make every service fail; writes docs/engineering/faults.md
	@PYTHONPATH="$(CURDIR):$(PYTHONPATH)" exec $(BIN)/python -m tests.integration.faults

scale: $(DEV) ## Compute limits and costs; writes docs/engineering/scale.md
	@exec $(BIN)/python -m bench.scale

##@ Files and installation
.PHONY: release sample-events schemas setup requirements clean

release: $(DEV) $(SAM) ## Write a zip and a template to deploy without building ## [ARCH=x86_64] [VERSION=1.2.0]
	@exec $(LAPTOP) release --arch "$(or $(ARCH),arm64)" --version "$(VERSION)"

sample-events: $(DEV) $(SAM) ## Rewrite events/ and docs/events.md, after a change of payloads
	@$(LAPTOP) sample-events

schemas: $(DEV) ## Rewrite docs/schemas/ and docs/catalogue.md
	@$(LAPTOP) schemas

setup: $(DEV) $(SAM) $(EMULATOR) $(CHECKS) $(RUNTIME) $(LOCUST) $(AWSCLI) ## Install what the other targets need

requirements: $(BOOT) ## Pin newer versions of everything, with hashes
	@set -e; pin() { \
	  echo "Pinning $$1"; \
	  $(UV) pip compile --quiet --upgrade --universal --python-version $$2 --generate-hashes \
	    --custom-compile-command 'make requirements' $$1.in -o $$1.txt; \
	}; \
	pin requirements/bootstrap 3.9; \
	for name in layers/hookswitch/requirements requirements/runtime requirements/dev requirements/sam requirements/emulator \
	    requirements/checks requirements/load requirements/awscli \
	    bench/requirements bench/peers/powertools/requirements bench/peers/fastapi/requirements; do \
	  pin $$name 3.13; \
	done

clean: down ## Stop what runs, and remove what was built or installed
	rm -rf .local .aws-sam

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

$(DEV) $(SAM) $(EMULATOR) $(CHECKS) $(LOCUST) $(AWSCLI): .local/%.stamp: requirements/%.txt | $(BOOT)
	$(environment)

$(RUNTIME): requirements/runtime.txt | $(DEV) $(BOOT)
	@echo "Installing runtime"
	@rm -rf .local/runtime
	@$(INSTALL) --python $(BIN)/python --target .local/runtime -r requirements/runtime.txt
	@touch $@
