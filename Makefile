# The recipe of record: people -> stores -> two senses -> a fused teacher -> students -> scores
# -> a report. Every line is a plain `avkd` command; run any of them by hand.
#
#   make vox1_kd                                     the stand-in corpus, small nets, minutes
#   make vox1_kd VOXCELEB1=… VOXCELEB2=… DETECTOR_WEIGHTS=…    the real thing, `paper` preset, GPUs
#   make vox1_kd PEOPLE=list.jsonl TRIALS="a.txt b.txt"      any corpus
#   make results DATA=../shared/data                 does it help? see examples/results.mk

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := help

PYTHON ?= python3.11
VENV   := .venv
AVKD   ?= $(VENV)/bin/avkd
READY  := $(VENV)/.installed

WORK          ?= work
SEED          ?= 0
NUM_PROCESSES ?= 1
# Faces: yunet or scrfd with DETECTOR_WEIGHTS, or none, when pictures are face crops already.
DETECTOR_WEIGHTS ?=
# More options of `avkd score`, such as --skip-missing for films without a face.
SCORE_FLAGS   ?=
PERSONS       ?= 40
# Weights of KL, COS and MMD where a student uses them.
ALPHA ?= 1
BETA  ?= 1
GAMMA ?= 1

# ---- what there is to work on ----------------------------------------------------------------

ifneq ($(VOXCELEB2),)
  ifeq ($(VOXCELEB1),)
    $(error VOXCELEB2 is given without VOXCELEB1: name both folders)
  endif
  CORPUS := VoxCeleb2 dev to train on, VoxCeleb1 to test on
  PRESET ?= paper
  JOBS   ?= 1
  DETECTOR ?= yunet
  LIST   := $(WORK)/lists/people.jsonl
  TRIAL_DIR ?= $(VOXCELEB1)
  NAMES  := vox1-o vox1-e vox1-h vox1-o-cleaned vox1-e-cleaned vox1-h-cleaned
else ifneq ($(VOXCELEB1),)
  $(error VOXCELEB1 is given without VOXCELEB2: name both folders)
else ifneq ($(PEOPLE),)
  ifeq ($(TRIALS),)
    $(error PEOPLE is given without TRIALS: name one trial list or more)
  endif
  ifeq ($(wildcard $(PEOPLE)),)
    $(error PEOPLE=$(PEOPLE): no such file)
  endif
  CORPUS := $(PEOPLE)
  PRESET ?= small
  JOBS   ?= 2
  NAMES  := $(basename $(notdir $(TRIALS)))
else
  CORPUS := the stand-in corpus: $(PERSONS) synthetic people, no result here is a result on VoxCeleb
  PRESET ?= small
  JOBS   ?= 2
  LIST   := $(WORK)/corpus/people.jsonl
  TRIAL_DIR := $(WORK)/corpus
  NAMES  := vox1-o vox1-e vox1-h vox1-o-cleaned vox1-e-cleaned vox1-h-cleaned
endif

# File of each trial list, by its short name.
TRIALS_vox1-o         = $(TRIAL_DIR)/veri_test.txt
TRIALS_vox1-o-cleaned = $(TRIAL_DIR)/veri_test2.txt
TRIALS_vox1-e         = $(TRIAL_DIR)/list_test_all.txt
TRIALS_vox1-e-cleaned = $(TRIAL_DIR)/list_test_all2.txt
TRIALS_vox1-h         = $(TRIAL_DIR)/list_test_hard.txt
TRIALS_vox1-h-cleaned = $(TRIAL_DIR)/list_test_hard2.txt
$(foreach file,$(TRIALS),$(eval TRIALS_$(basename $(notdir $(file))) = $(file)))

# The stand-in's lists are made with it; all others must be there before anything is begun.
ifneq ($(VOXCELEB2)$(PEOPLE),)
  GIVEN_TRIALS = $(foreach name,$(NAMES),$(TRIALS_$(name)))
  OTHER_TRIALS = $(if $(PEOPLE),correct TRIALS=,put it there$(,) or give TRIAL_DIR=$(,) or fewer lists: NAMES='vox1-o vox1-o-cleaned')
endif
, := ,

DETECTOR ?= none
THREADS := $(shell n=$$(( $$(nproc) / $(JOBS) )); echo $$(( n > 0 ? n : 1 )))
TRAIN    = OMP_NUM_THREADS=$(THREADS) $(AVKD)
SETTINGS = --config $(PRESET) --seed $(SEED) --num-processes $(NUM_PROCESSES)
DETECT   = --detector $(DETECTOR) $(if $(DETECTOR_WEIGHTS),--detector-weights $(DETECTOR_WEIGHTS))
STORES  := $(WORK)/stores
RUNS    := $(WORK)/runs
SCORES  := $(WORK)/scores
REPORT  := $(WORK)/report

LOSSES   := cos kl mmd cos-kl cos-mmd kl-mmd
STUDENTS := $(foreach sense,audio visual,$(foreach loss,$(LOSSES),$(sense)-kd-$(loss)))
SYSTEMS  := audio visual fusion-gate $(STUDENTS)
# cos-kl -> --beta … --alpha …
WEIGHTS_cos = --beta $(BETA)
WEIGHTS_kl  = --alpha $(ALPHA)
WEIGHTS_mmd = --gamma $(GAMMA)
weights     = $(foreach term,$(subst -, ,$(1)),$(WEIGHTS_$(term)))

# ---- for people ------------------------------------------------------------------------------

.PHONY: help setup lock imports test-newest vox1_kd all tune ideas results test check bench clean clean-all setup-browser campaign
help: ## list the targets
	@sed -nE 's/^([a-z0-9_-]+):.*## (.*)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

setup: $(READY) ## make .venv from the lock, every file checked by its hash (TORCH= for another torch)

# pip checks every file against the lock; the project itself needs nothing but what is there then.
# TORCH, such as 'torch==2.14.1 torchaudio==2.11.1 --index-url …', takes the place of the torch of the
# lock and its libraries: what pip then brings is checked by no hash. It is kept until TORCH= is said.
PIP = $(VENV)/bin/python -m pip
OWN_TORCH := $(file <$(VENV)/.torch)
TORCH ?= $(OWN_TORCH)
ifneq ($(TORCH),$(OWN_TORCH))
$(READY): .FORCE
endif
LOCKED = cat requirements.lock
LOCKED_BUT_TORCH = awk '/^[a-z]/ { other = !/^(torch|torchaudio|triton|cuda-[a-z]+|nvidia-[a-z0-9-]+)==/ } other' requirements.lock
$(READY): requirements.lock pyproject.toml
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
	$(PYTHON) -m venv $(LOCKER)
	$(LOCKER)/bin/python -m pip install --quiet 'uv==0.13.*'
	$(LOCKER)/bin/uv pip compile pyproject.toml -c requirements-torch.txt --all-extras \
	  --universal --python-version 3.11 --generate-hashes --only-binary :all: --no-emit-index-url \
	  --custom-compile-command 'make lock' $(LOCK_FLAGS) --quiet -o requirements.lock

imports: $(READY) ## import everything that any command imports
	$(VENV)/bin/python tests/imports.py

vox1_kd: $(READY) inputs ## teach students and report: the main job (see the top of this file)
	@echo "avkd: $(CORPUS)"
	@echo "avkd: preset $(PRESET), faces by detector $(DETECTOR), everything in $(WORK)/"
	@$(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS)) all
	@echo "avkd: report in $(REPORT)/index.html; $(CORPUS)"

# What would stop it hours or days from now is said before the first of them.
.PHONY: inputs
inputs:
	@missing() { echo "make: $$1" >&2; exit 66; }; \
	for folder in $(VOXCELEB1) $(VOXCELEB2); do \
	  [ -d $$folder ] || missing "$$folder: no such folder; give that of the corpus"; done; \
	for list in $(GIVEN_TRIALS); do \
	  [ -f $$list ] || missing "$$list: no such trial list; $(OTHER_TRIALS)"; done; \
	if [ $(DETECTOR) != none ] && [ ! -e "$(DETECTOR_WEIGHTS)" ]; then \
	  missing "DETECTOR=$(DETECTOR) needs DETECTOR_WEIGHTS=FILE.onnx, found '$(DETECTOR_WEIGHTS)'; give it (README, Faces), or DETECTOR=none where all pictures are cut around faces already"; fi

all: $(REPORT)/index.html

# The experiment of record: the recipe is examples/results.mk.
DATA  ?= ../shared/data
SEEDS ?= 0
SEEDS_BESIDE ?= $(firstword $(SEEDS))
STAGES ?= a b c d e f
WORK_RESULTS ?= work/results
RECORD = @$(MAKE) --no-print-directory -f examples/results.mk DATA="$(DATA)" SEEDS="$(SEEDS)" \
  SEEDS_BESIDE="$(SEEDS_BESIDE)" STAGES="$(STAGES)" WORK_RESULTS="$(WORK_RESULTS)"

tune: $(READY) ## choose the weights of the terms, by folds of the training people of DATA
	$(RECORD) tune

ideas: $(READY) ## compare other ways to teach (examples/results/ideas.mk), by the same folds
	$(RECORD) ideas

results: $(READY) ## does it help? the experiment of record on DATA, into docs/results.md
	$(RECORD) results

TESTS = -m pytest -n 2 --dist loadfile -q
test: $(READY) ## run the tests
	OMP_NUM_THREADS=1 $(VENV)/bin/python $(TESTS)

# torchaudio need not load there (audio/resample.py), all else must: so imports only tells.
NEWEST := .venv-newest
test-newest: ## run the tests with the newest versions that pyproject.toml allows
	$(PYTHON) -m venv $(NEWEST)
	$(NEWEST)/bin/python -m pip install --quiet --upgrade --upgrade-strategy eager -e '.[dev,dask,tsne,tensorboard,kaldi]'
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

clean: ## remove what vox1_kd made
	rm -rf $(WORK)

clean-all: clean ## and the virtual environment
	rm -rf $(VENV)

# ---- people ----------------------------------------------------------------------------------

$(WORK)/corpus/people.jsonl: | $(READY)
	$(AVKD) corpus standin -o $(WORK)/corpus --persons $(PERSONS) --seed 0

ifneq ($(VOXCELEB2),)
$(WORK)/lists/people.jsonl: | $(READY)
	mkdir -p $(@D)
	$(AVKD) corpus voxceleb2 $(VOXCELEB2) --split train >$@.train
	$(AVKD) corpus voxceleb1 $(VOXCELEB1) --split test >$@.test
	cat $@.train $@.test >$@.new
	mv $@.new $@
else ifneq ($(PEOPLE),)
# The list itself, since its paths are relative to it.
LIST := $(PEOPLE)
endif

# Students are embedded for the test only.
$(WORK)/lists/test.jsonl: $(LIST)
	mkdir -p $(@D)
	grep -vE '"split": *"train"' $< >$@.new || { echo "$<: nobody to test on: every line has split train" >&2; exit 65; }
	mv $@.new $@

# ---- stores ----------------------------------------------------------------------------------

$(STORES)/audio.zarr/avkd.json: $(LIST) | $(READY)
	mkdir -p $(STORES)
	$(AVKD) prep-audio $< -o $(@D) --config $(PRESET) >/dev/null

$(STORES)/faces.zarr/avkd.json: $(LIST) | $(READY)
	mkdir -p $(STORES)
	$(AVKD) crop-faces $< -o $(@D) --config $(PRESET) $(DETECT) >/dev/null

# ---- the two senses, and both ----------------------------------------------------------------

STORE_audio  := $(STORES)/audio.zarr
STORE_visual := $(STORES)/faces.zarr

$(RUNS)/audio/model.json: $(STORE_audio)/avkd.json
	mkdir -p $(RUNS)
	$(TRAIN) train-teacher --modality audio $(STORE_audio) -o $(@D) $(SETTINGS) >/dev/null

$(RUNS)/visual/model.json: $(STORE_visual)/avkd.json
	mkdir -p $(RUNS)
	$(TRAIN) train-teacher --modality visual $(STORE_visual) -o $(@D) $(SETTINGS) >/dev/null

$(STORES)/audio-emb.zarr/avkd.json: $(RUNS)/audio/model.json
	$(TRAIN) extract-embeddings $(<D) $(STORE_audio) -o $(@D) >/dev/null

$(STORES)/visual-emb.zarr/avkd.json: $(RUNS)/visual/model.json
	$(TRAIN) extract-embeddings $(<D) $(STORE_visual) -o $(@D) >/dev/null

SENSES := $(STORES)/audio-emb.zarr $(STORES)/visual-emb.zarr
$(RUNS)/fusion-gate/model.json: $(SENSES:=/avkd.json)
	$(TRAIN) train-teacher --modality fusion $(SENSES) -o $(@D) $(SETTINGS) >/dev/null

$(STORES)/fusion-gate-emb.zarr/avkd.json: $(RUNS)/fusion-gate/model.json
	$(TRAIN) extract-embeddings $(<D) $(SENSES) -o $(@D) >/dev/null

# ---- students: the six companions of Tables 2 and 3, for each sense ---------------------------

TEACHER := $(STORES)/fusion-gate-emb.zarr
define student # $(1) sense, $(2) losses
$(RUNS)/$(1)-kd-$(2)/model.json: $(STORE_$(1))/avkd.json $(TEACHER)/avkd.json
	$$(TRAIN) distill $(STORE_$(1)) --teacher $(TEACHER) --modality $(1) -o $$(@D) $(call weights,$(2)) $$(SETTINGS) >/dev/null

$(STORES)/$(1)-kd-$(2)-emb.zarr/avkd.json: $(RUNS)/$(1)-kd-$(2)/model.json $(WORK)/lists/test.jsonl
	$$(TRAIN) extract-embeddings $$(<D) $(STORE_$(1)) --list $(WORK)/lists/test.jsonl -o $$(@D) >/dev/null
endef
$(foreach sense,audio visual,$(foreach loss,$(LOSSES),$(eval $(call student,$(sense),$(loss)))))

# ---- scores ----------------------------------------------------------------------------------

define scored # $(1) system, $(2) trial list
$(SCORES)/$(1).$(2).scores: $(STORES)/$(1)-emb.zarr/avkd.json $(TRIALS_$(2))
	mkdir -p $(SCORES)
	$$(AVKD) score $(TRIALS_$(2)) $$(<D) -o $$@ $(SCORE_FLAGS) --metrics $$(@:.scores=.metrics.json)
endef
$(foreach system,$(SYSTEMS),$(foreach name,$(NAMES),$(eval $(call scored,$(system),$(name)))))
ALL_SCORES := $(foreach system,$(SYSTEMS),$(foreach name,$(NAMES),$(SCORES)/$(system).$(name).scores))

# The stand-in's lists appear with the corpus.
ifeq ($(VOXCELEB2)$(PEOPLE),)
$(WORK)/corpus/%.txt: $(WORK)/corpus/people.jsonl ;
endif

# ---- the report ------------------------------------------------------------------------------

$(REPORT)/index.html: $(ALL_SCORES)
	mkdir -p $(REPORT)
	$(AVKD) analyze report $(WORK) -o $(REPORT) >/dev/null

# A finished store or run is never thrown away because make was interrupted.
.PRECIOUS: $(STORES)/audio.zarr/avkd.json $(STORES)/faces.zarr/avkd.json \
  $(SYSTEMS:%=$(STORES)/%-emb.zarr/avkd.json) $(SYSTEMS:%=$(RUNS)/%/model.json)
