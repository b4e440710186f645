# The recipes of record: people -> stores -> networks -> scores -> a report. Every line is a plain
# `avkd` command; run any of them by hand.
#
#   make vox1_kd                                     the stand-in corpus, small nets, minutes
#   make vox1_kd VOXCELEB1=… VOXCELEB2=… DETECTOR_WEIGHTS=…    the real thing, `paper` preset, GPUs
#   make vox1_kd PEOPLE=list.jsonl TRIALS="a.txt b.txt"      any corpus
#   make vgsr                                        loose teachers, weighed samples: a reconstruction
#   make joint                                       sound and film trained together, through time
#   make results DATA=../shared/data                 what is a teacher worth? see study/study.mk
#
# Whose people and which stores is said in examples/people.mk, each system in a file of
# examples/systems/, what no variable may hold in examples/guard.mk.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := help

PYTHON ?= python3.11
VENV   ?= .venv
AVKD   ?= $(VENV)/bin/avkd
READY  := $(VENV)/.installed

WORK          ?= work
SEED          ?= 0
NUM_PROCESSES ?= 1
# 1: all that a system's page names, not only what a laptop makes in minutes.
FULL          ?=
# Faces: yunet or scrfd with DETECTOR_WEIGHTS, or none, when pictures are face crops already.
DETECTOR_WEIGHTS ?=
# More options of `avkd score`, such as --skip-missing for films without a face.
SCORE_FLAGS   ?=

include examples/guard.mk
$(call needed,WORK VENV)
$(call switch,FULL)
$(call plain,WORK VENV PYTHON AVKD READY SEED NUM_PROCESSES DETECTOR DETECTOR_WEIGHTS PRESET JOBS)

# ---- for people ------------------------------------------------------------------------------

.PHONY: help setup lock imports test test-newest check bench \
  campaign setup-browser clean clean-venv clean-all
# What users need first, in this order, before what those need who work on avkd.
FOR_USERS := vox1_kd vgsr lupi fop joint results setup test clean
LISTED = sed -nE 's/^([a-z0-9_-]+):.*\#\# (.*)/\1\t\2/p' $(MAKEFILE_LIST)
help: ## list the targets
	@for one in $(FOR_USERS); do $(LISTED) | awk -F '\t' -v one=$$one '$$1 == one { print "  " $$0 }'; done | expand -t 18
	@echo "To work on avkd:"
	@$(LISTED) | awk -F '\t' -v users=' $(FOR_USERS) ' '!index(users, " " $$1 " ") { print "  " $$0 }' | expand -t 18

setup: $(READY) ## make .venv from the lock, every file checked by its hash (TORCH= for another torch)

# A folder that make fills; `clean` removes no other (examples/place.sh).
$(WORK)/$(MARK):
	@$(PLACE) own $(WORK)

# pip checks every file against the lock; the project itself needs nothing but what is there then.
# TORCH, such as 'torch==2.14.1 torchaudio==2.11.1 --index-url …', takes the place of the torch of the
# lock and its libraries: what pip then brings is checked by no hash. It is kept until TORCH= is said.
PIP = $(VENV)/bin/python -m pip
OWN_TORCH := $(if $(wildcard $(VENV)/.torch),$(file <$(VENV)/.torch))
TORCH ?= $(OWN_TORCH)
$(if $(findstring ',$(TORCH)),$(error TORCH=$(TORCH) holds a quote: blanks part its words, as they are))
ifneq ($(TORCH),$(OWN_TORCH))
$(READY): .FORCE
endif
LOCKED = cat requirements.lock
LOCKED_BUT_TORCH = awk '/^[a-z]/ { other = !/^(torch|torchaudio|triton|cuda-[a-z]+|nvidia-[a-z0-9-]+)==/ } other' requirements.lock
$(READY): requirements.lock pyproject.toml
	@[ -e $@ ] || $(PLACE) own $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(if $(TORCH),$(LOCKED_BUT_TORCH),$(LOCKED)) >$(VENV)/requirements.txt
	$(PIP) install --quiet --require-hashes --no-deps --only-binary :all: -r $(VENV)/requirements.txt
	$(if $(TORCH),$(PIP) install --quiet $(TORCH:%='%'))
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	$(PIP) check $(if $(TORCH),|| echo "make: TORCH may work in spite of this: make imports and make test say so" >&2)
	echo $(TORCH:%='%') >$(VENV)/.torch
	touch $@
.FORCE:

LOCKER := .venv-lock
LOCK_FLAGS ?=
lock: ## make requirements.lock anew, for all Pythons that pyproject.toml allows (LOCK_FLAGS=--upgrade)
	@$(PLACE) own $(LOCKER)
	$(PYTHON) -m venv $(LOCKER)
	$(LOCKER)/bin/python -m pip install --quiet 'uv==0.13.*'
	$(LOCKER)/bin/uv pip compile pyproject.toml -c requirements-torch.txt --all-extras \
	  --universal --python-version 3.11 --generate-hashes --only-binary :all: --no-emit-index-url \
	  --custom-compile-command 'make lock' $(LOCK_FLAGS) --quiet -o requirements.lock

imports: $(READY) ## import everything that any command imports
	$(VENV)/bin/python tests/imports.py

TESTS = -m pytest -n 2 --dist loadfile -q
test: $(READY) ## run the tests
	OMP_NUM_THREADS=1 $(VENV)/bin/python $(TESTS)

# torchaudio need not load there (audio/resample.py), all else must: so imports only tells.
NEWEST := .venv-newest
test-newest: ## run the tests with the newest versions that pyproject.toml allows
	@$(PLACE) remove $(NEWEST)
	@$(PLACE) own $(NEWEST)
	$(PYTHON) -m venv $(NEWEST)
	extras=$$($(NEWEST)/bin/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"], sep=",")'); \
	  $(NEWEST)/bin/python -m pip install --quiet --upgrade --upgrade-strategy eager -e ".[$$extras]"
	-$(NEWEST)/bin/python tests/imports.py
	OMP_NUM_THREADS=1 $(NEWEST)/bin/python $(TESTS)

check: $(READY) ## lint, format, import directions
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/lint-imports

bench: $(READY) ## measure speed, as ratios in one run
	@for script in benchmarks/bench_*.py; do $(VENV)/bin/python $$script; done

campaign: $(READY) ## the long form of the reliability campaigns, into docs/reliability.md
	for kind in kill fail power mutants; do $(VENV)/bin/python tests/campaigns/crash.py $$kind --record; done
	for name in damage fuzz nasty full rivals kill resume; do $(VENV)/bin/python tests/campaigns/$$name.py --record; done
	if [ -d $(DATA)/chimera ]; then $(VENV)/bin/python tests/campaigns/resume.py --chimera $(DATA) --record; fi

setup-browser: ## install Debian's chromium, which the report's test looks for
	command -v chromium >/dev/null || (apt-get update -qq && apt-get install -y -qq chromium)

clean: ## remove WORK, if make made it
	@$(PLACE) remove $(WORK)

clean-venv: ## remove the virtual environments
	@for folder in $(VENV) $(LOCKER) $(NEWEST); do $(PLACE) remove $$folder; done

clean-all: clean clean-venv ## both

include examples/people.mk
include study/study.mk
include $(sort $(wildcard examples/systems/*.mk))
