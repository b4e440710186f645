# The experiment of record: does a student taught by an audio-visual teacher verify people better
# than one that was not? Every line is a plain `avkd` command, or a short script of
# examples/results/; run any of them by hand. Interrupt it at will: the same command goes on.
#
#   make tune    DATA=../shared/data                    weights of the terms, by folds of the training people
#   make ideas   DATA=../shared/data                    other ways to teach, by the same folds
#   make results DATA=../shared/data                    one seed
#   make results DATA=../shared/data SEEDS="0 1 2 3 4"  the record
#   make results DATA=… STAGES="a b f"                  some of the experiments
#
# The same for another corpus: MANIFEST, TRIALS, and IMPORTED= where there are no strong encoders.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := results

include examples/guard.mk

AVKD   ?= .venv/bin/avkd
PYTHON_OF_RESULTS ?= $(dir $(AVKD))python
SCRIPTS := examples/results

DATA     ?= ../shared/data
MANIFEST ?= $(DATA)/chimera/chimera54_manifest.csv
TRIALS   ?= $(DATA)/chimera/chimera54_eval_trials.txt
COLUMNS  ?= --id sample --person identity --audio voice --images face --split split --sex voice_gender
# Strong encoders whose embeddings we import: SENSE:COLUMN:FILE
IMPORTED ?= audio:voice:$(DATA)/chimera/emb_bilstm_voices.npz visual:face:$(DATA)/chimera/emb_mobilefacenet_faces.npz
WITHIN   ?= block,sex

SEEDS  ?= 0
STAGES ?= a b c d e f
# c, d and e, which take as long again, are run on these seeds.
SEEDS_BESIDE ?= $(firstword $(SEEDS))
PRESET ?= small
JOBS   ?= 2
FEW    ?= 10 5
WORK_RESULTS ?= work/results
DOCS   ?= docs
WEIGHTS ?= $(SCRIPTS)/weights.mk
TUNED  ?= examples/presets/chimera54.toml
TUNING ?= $(SCRIPTS)/tuning.json
IDEAS  ?= $(SCRIPTS)/ideas.json
CHOSEN ?= $(SCRIPTS)/chosen.mk
# More settings of every training, for a trial of the machinery or a fusion of one's own.
FLAGS  ?=
TEACHER ?= gate

# Of tuning, and of other ways to teach, which take students of several seeds.
GRID       ?= 0.3 1 3
TUNE_FOLDS ?= 0 1
TUNE_SEEDS ?= 0
IDEA_SEEDS ?= 0 1 2

$(call needed,WORK_RESULTS DOCS)
$(call plain,AVKD PYTHON_OF_RESULTS DATA MANIFEST TRIALS WITHIN PRESET JOBS WORK_RESULTS DOCS WEIGHTS TUNED TUNING IDEAS CHOSEN TEACHER)
$(call plain_words,SEEDS SEEDS_BESIDE STAGES FEW GRID TUNE_FOLDS TUNE_SEEDS IDEA_SEEDS)

W       := $(WORK_RESULTS)
# Runs follow their settings: when these change, avkd refuses to mix and says what differs.
PRESET_FILE := $(firstword $(wildcard examples/presets/$(PRESET).toml) $(PRESET))
THREADS := $(shell n=$$(( $$(nproc) / $(JOBS) )); echo $$(( n > 0 ? n : 1 )))
# Seconds of each command go to times.tsv.
TIMED    = $(SCRIPTS)/timed.sh $(W)/times.tsv $(@:$(W)/%=%)
RUN      = OMP_NUM_THREADS=$(THREADS) $(TIMED) $(AVKD)
PREPARE  = $(TIMED) $(AVKD)
SCRIPT   = OMP_NUM_THREADS=1 $(TIMED) $(PYTHON_OF_RESULTS)
has      = $(filter $(1),$(STAGES))

SENSES  := audio visual
FUSIONS := gate ssa cbp concat
TERMS   := cos kl mmd
LOSSES  := $(TERMS) cos-kl cos-mmd kl-mmd
STORE_audio  := $(W)/stores/audio.zarr
STORE_visual := $(W)/stores/faces.zarr
other_audio  := visual
other_visual := audio

include $(WEIGHTS)
include $(SCRIPTS)/ideas.mk
# The idea that did best on the folds takes the place of the best loss.
-include $(CHOSEN)
LOSSES_OF = $(LOSSES) $(filter-out $(LOSSES),$(BEST_$(1)))

.PHONY: inputs results scores tune tune-singles tune-pairs ideas ideas-scored
# What is missing is said before anything is begun.
inputs:
	@$(call is_file,$(MANIFEST),give DATA= or MANIFEST=); $(call is_list,$(TRIALS),give DATA= or TRIALS=)
	@$(foreach one,$(IMPORTED),$(call is_file,$(word 3,$(subst :, ,$(one))),give DATA= or IMPORTED=);)

results: inputs $(W)/$(MARK)
	@$(MAKE) -f examples/results.mk --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS)) $(DOCS)/results.md

# ---- people, stores, lists -------------------------------------------------------------------

$(W)/$(MARK):
	@$(PLACE) own $(W)

PEOPLE := $(W)/people.jsonl
$(PEOPLE): $(MANIFEST) | $(W)/$(MARK)
	$(AVKD) corpus csv $< $(COLUMNS) --root $(DATA) -o $@

$(STORE_audio)/avkd.json: $(PEOPLE) $(PRESET_FILE)
	mkdir -p $(W)/stores
	$(PREPARE) prep-audio $< -o $(@D) --config $(PRESET) >/dev/null

$(STORE_visual)/avkd.json: $(PEOPLE) $(PRESET_FILE)
	mkdir -p $(W)/stores
	$(PREPARE) crop-faces $< -o $(@D) --config $(PRESET) --detector none >/dev/null

# Two folds inside the training people, with trials of their own.
$(W)/fold-%.jsonl $(W)/fold-%.txt: $(PEOPLE) $(SCRIPTS)/lists.py
	$(PYTHON_OF_RESULTS) $(SCRIPTS)/lists.py folds $< --within $(WITHIN)

$(W)/few-%.jsonl: $(PEOPLE) $(SCRIPTS)/lists.py
	$(PYTHON_OF_RESULTS) $(SCRIPTS)/lists.py few $< --recordings $*

# As many steps with fewer recordings, so that not the length of training is compared.
$(W)/few-%.audio.flags: $(W)/few-%.jsonl
	echo "--epochs $$($(PYTHON_OF_RESULTS) $(SCRIPTS)/lists.py epochs $(PEOPLE) $< --config $(PRESET) --modality audio)" >$@
$(W)/few-%.visual.flags: $(W)/few-%.jsonl
	echo "--epochs $$($(PYTHON_OF_RESULTS) $(SCRIPTS)/lists.py epochs $(PEOPLE) $< --config $(PRESET) --modality visual)" >$@

# ---- one case: the senses, the fusions, the students, on one list with one seed --------------

# $(1) folder, $(2) list with splits, $(3) seed, $(4) trials, $(5) file of more flags: FILE.SENSE.flags
define encoders
$(1)/test.jsonl: $(2)
	mkdir -p $$(@D)
	grep -vE '"split": *"train"' $$< >$$@.new
	mv $$@.new $$@

$(foreach sense,$(SENSES),$(call encoder,$(1),$(2),$(3),$(sense),$(5)))
endef

# A finished store or run is never thrown away because make was interrupted.
.PRECIOUS: $(STORE_audio)/avkd.json $(STORE_visual)/avkd.json
kept = .PRECIOUS: $(1)/runs/$(2)/model.json $(1)/stores/$(2)-emb.zarr/avkd.json

define encoder
$(call kept,$(1),$(4))
$(1)/runs/$(4)/model.json: $(STORE_$(4))/avkd.json $(2) $(PRESET_FILE) $(if $(5),$(5).$(4).flags)
	mkdir -p $(1)/runs
	$$(RUN) train-teacher --modality $(4) $(STORE_$(4)) --list $(2) -o $$(@D) --config $(PRESET) --seed $(3) $(FLAGS) $(if $(5),$$$$(cat $(5).$(4).flags)) >/dev/null

$(1)/stores/$(4)-emb.zarr/avkd.json: $(1)/runs/$(4)/model.json
	mkdir -p $(1)/stores
	$$(RUN) extract-embeddings $(1)/runs/$(4) $(STORE_$(4)) --list $(2) -o $$(@D) >/dev/null

endef

# $(1) folder, $(2) list, $(3) seed, $(4) fusion, $(5) name before it: nothing, or strong-
define fusion
$(call kept,$(1),$(5)fusion-$(4))
$(1)/runs/$(5)fusion-$(4)/model.json: $(1)/stores/$(5)audio-emb.zarr/avkd.json $(1)/stores/$(5)visual-emb.zarr/avkd.json
	mkdir -p $(1)/runs
	$$(RUN) train-teacher --modality fusion $(1)/stores/$(5)audio-emb.zarr $(1)/stores/$(5)visual-emb.zarr --list $(2) -o $$(@D) --model $(4) --config $(PRESET) --seed $(3) >/dev/null

$(1)/stores/$(5)fusion-$(4)-emb.zarr/avkd.json: $(1)/runs/$(5)fusion-$(4)/model.json
	$$(RUN) extract-embeddings $(1)/runs/$(5)fusion-$(4) $(1)/stores/$(5)audio-emb.zarr $(1)/stores/$(5)visual-emb.zarr --list $(2) -o $$(@D) >/dev/null

endef

# $(1) folder, $(2) list, $(3) seed, $(4) sense, $(5) name of the student, $(6) weights, $(7) teacher, $(8) file of flags
define student
$(call kept,$(1),$(5))
$(1)/runs/$(5)/model.json: $(STORE_$(4))/avkd.json $(1)/stores/$(7)-emb.zarr/avkd.json $(PRESET_FILE) $(WEIGHTS) $(if $(8),$(8).$(4).flags)
	mkdir -p $(1)/runs
	$$(RUN) distill $(STORE_$(4)) --teacher $(1)/stores/$(7)-emb.zarr --modality $(4) --list $(2) -o $$(@D) $(6) --config $(PRESET) --seed $(3) $(FLAGS) $(if $(8),$$$$(cat $(8).$(4).flags)) >/dev/null

$(1)/stores/$(5)-emb.zarr/avkd.json: $(1)/runs/$(5)/model.json $(1)/test.jsonl
	$$(RUN) extract-embeddings $(1)/runs/$(5) $(STORE_$(4)) --list $(1)/test.jsonl -o $$(@D) >/dev/null

endef

# $(1) folder, $(2) system, $(3) trials
define scored
$(1)/scores/$(2).scores: $(1)/stores/$(2)-emb.zarr/avkd.json $(3)
	mkdir -p $(1)/scores
	$(AVKD) score $(3) $(1)/stores/$(2)-emb.zarr -o $$@ --metrics $$(@:.scores=.metrics.json) -q

endef

# Summed scores. $(1) folder, $(2) name before audio, visual, sum, $(3) way of summing
define summed
$(1)/scores/$(2)sum-$(3).scores: $(1)/scores/$(2)audio.scores $(1)/scores/$(2)visual.scores
	$(AVKD) score --fuse $(3) $$^ -o $$@ --metrics $$(@:.scores=.metrics.json) -q

endef

# ---- the record: seed-N, and seed-N/few-M ----------------------------------------------------

STUDENTS := $(foreach sense,$(SENSES),$(foreach loss,$(call LOSSES_OF,$(sense)),$(sense)-kd-$(loss)))
BESTS    := $(foreach sense,$(SENSES),$(sense)-kd-$(BEST_$(sense)))
STRONG_LOSSES = $(sort $(BEST_$(1)) $(TERMS))
STRONG   := $(foreach sense,$(SENSES),$(foreach loss,$(call STRONG_LOSSES,$(sense)),strong-$(sense)-kd-$(loss)))

SCORED_a := audio visual $(FUSIONS:%=fusion-%) sum-z-sum sum-mean
SCORED_b := $(SENSES) $(STUDENTS)
SCORED_c := $(if $(IMPORTED),strong-audio strong-visual strong-fusion-gate strong-sum-z-sum $(STRONG))
SCORED_d := $(SENSES) $(BESTS)
SCORED_e := $(SENSES) $(BESTS)
SPOILT_audio  := $(foreach kind,babble music noise room,$(foreach level,20 15 10 5 0,$(kind)-$(level)))
SPOILT_visual := blur-1 blur-2 blur-4 dark-0.5 dark-0.25 dark-0.125 small-32 small-16 small-8

define seed # $(1) seed, $(2) folder
$(call encoders,$(2),$(PEOPLE),$(1),$(TRIALS))
$(foreach kind,$(FUSIONS),$(call fusion,$(2),$(PEOPLE),$(1),$(kind)))
$(foreach sense,$(SENSES),$(foreach loss,$(call LOSSES_OF,$(sense)),$(call student,$(2),$(PEOPLE),$(1),$(sense),$(sense)-kd-$(loss),$(WEIGHTS_$(sense)_$(loss)),fusion-$(TEACHER))))
$(foreach system,$(SENSES) $(FUSIONS:%=fusion-%) $(STUDENTS),$(call scored,$(2),$(system),$(TRIALS)))
$(call summed,$(2),,z-sum)
$(call summed,$(2),,mean)

$(call imported,$(2))
$(call fusion,$(2),$(PEOPLE),$(1),gate,strong-)
$(foreach sense,$(SENSES),$(foreach loss,$(call STRONG_LOSSES,$(sense)),$(call student,$(2),$(PEOPLE),$(1),$(sense),strong-$(sense)-kd-$(loss),$(WEIGHTS_$(sense)_$(loss)),strong-fusion-gate)))
$(foreach system,strong-audio strong-visual strong-fusion-gate $(STRONG),$(call scored,$(2),$(system),$(TRIALS)))
$(call summed,$(2),strong-,z-sum)

$(foreach few,$(FEW),$(call fewer,$(1),$(2)/few-$(few),$(few)))
$(foreach sense,$(SENSES),$(foreach system,$(filter $(sense)%,$(SCORED_e)),$(call noisy,$(2),$(sense),$(system))))
$(foreach sense,$(SENSES),$(call analysed,$(2),$(sense)))
endef

# A store that lies elsewhere, such as the imported embeddings, the same for all seeds.
define linked # $(1) folder, $(2) store of embeddings, $(3) where it is
$(1)/stores/$(2)/avkd.json: $(3)/avkd.json
	mkdir -p $(1)/stores
	ln -sfnr $(3) $(1)/stores/$(2)

endef

imported = $(foreach one,$(IMPORTED),$(call linked,$(1),strong-$(firstword $(subst :, ,$(one)))-emb.zarr,$(W)/stores/strong-$(firstword $(subst :, ,$(one)))-emb.zarr))

define import_of # $(1) sense, $(2) column of the table, $(3) file
$(W)/stores/strong-$(1)-emb.zarr/avkd.json: $(MANIFEST) $(3)
	mkdir -p $(W)/stores
	$(PYTHON_OF_RESULTS) examples/import_by_path.py $(MANIFEST) $(3) --id sample --person identity --path $(2) -o $(W)/stores/strong-$(1).npz
	$(AVKD) extract-embeddings --from $(W)/stores/strong-$(1).npz --modality $(1) -o $$(@D) -q >/dev/null

endef
$(foreach one,$(IMPORTED),$(eval $(call import_of,$(word 1,$(subst :, ,$(one))),$(word 2,$(subst :, ,$(one))),$(word 3,$(subst :, ,$(one))))))

# d: teacher, baseline and student all have fewer recordings.
define fewer # $(1) seed, $(2) folder, $(3) recordings
$(call encoders,$(2),$(W)/few-$(3).jsonl,$(1),$(TRIALS),$(W)/few-$(3))
$(call fusion,$(2),$(W)/few-$(3).jsonl,$(1),$(TEACHER))
$(foreach sense,$(SENSES),$(call student,$(2),$(W)/few-$(3).jsonl,$(1),$(sense),$(sense)-kd-$(BEST_$(sense)),$(WEIGHTS_$(sense)_$(BEST_$(sense))),fusion-$(TEACHER),$(W)/few-$(3)))
$(foreach system,$(SCORED_d) fusion-$(TEACHER),$(call scored,$(2),$(system),$(TRIALS)))
endef

# e: spoilt copies of the test recordings, made once; enrolment clean, test spoilt. What disturbs
# them is drawn: voices, music, noises and rooms that are of no corpus.
$(W)/noise/standin/noises.jsonl $(W)/noise/standin/rooms.jsonl &:
	$(PREPARE) corpus standin -o $(W)/noise/standin --persons 4 --sessions 2 --utterances 1 -q >/dev/null
$(W)/noise/noises.zarr/avkd.json: $(W)/noise/standin/noises.jsonl
	$(PREPARE) prep-audio $< -o $(@D) --features waveform >/dev/null
$(W)/noise/rooms.zarr/avkd.json: $(W)/noise/standin/rooms.jsonl
	$(PREPARE) prep-audio $< -o $(@D) --features waveform >/dev/null
$(W)/noise/test.jsonl: $(PEOPLE)
	mkdir -p $(@D)
	$(PYTHON_OF_RESULTS) examples/not_train.py $< >$@.new
	mv $@.new $@

kind_of  = $(word 1,$(subst -, ,$(1)))
level_of = $(word 2,$(subst -, ,$(1)))
define spoilt_sound # $(1) condition
$(W)/noise/audio-$(1).zarr/avkd.json: $(W)/noise/test.jsonl $(W)/noise/noises.zarr/avkd.json $(W)/noise/rooms.zarr/avkd.json
	$$(PREPARE) prep-audio $$< -o $$(@D) --config $(PRESET) --disturb $(kind_of) --snr $(level_of) $(if $(filter room,$(kind_of)),--rir $(W)/noise/rooms.zarr,--noise $(W)/noise/noises.zarr) >/dev/null

endef
define spoilt_faces # $(1) condition
$(W)/noise/visual-$(1).zarr/avkd.json: $(W)/noise/test.jsonl
	$$(PREPARE) crop-faces $$< -o $$(@D) --config $(PRESET) --detector none --disturb $(kind_of) --strength $(level_of) >/dev/null

endef
$(foreach one,$(SPOILT_audio),$(eval $(call spoilt_sound,$(one))))
$(foreach one,$(SPOILT_visual),$(eval $(call spoilt_faces,$(one))))

define noisy # $(1) folder, $(2) sense, $(3) system
$(1)/noise/$(3).clean.scores: $(1)/scores/$(3).scores
	mkdir -p $(1)/noise
	cp $$< $$@

$(foreach one,$(SPOILT_$(2)),$(call under,$(1),$(2),$(3),$(one)))
endef
define under # $(1) folder, $(2) sense, $(3) system, $(4) condition
$(1)/noise/$(3)-$(4)-emb.zarr/avkd.json: $(1)/runs/$(3)/model.json $(W)/noise/$(2)-$(4).zarr/avkd.json
	mkdir -p $(1)/noise
	$$(RUN) extract-embeddings $(1)/runs/$(3) $(W)/noise/$(2)-$(4).zarr -o $$(@D) >/dev/null

$(1)/noise/$(3).$(4).scores: $(1)/noise/$(3)-$(4)-emb.zarr/avkd.json $(1)/stores/$(3)-emb.zarr/avkd.json $(TRIALS)
	$(AVKD) score $(TRIALS) $(1)/stores/$(3)-emb.zarr $(1)/noise/$(3)-$(4)-emb.zarr -o $$@ -q

endef

# f: what changed, and what the other sense knew of it; how alike the embeddings are.
define analysed # $(1) folder, $(2) sense
$(foreach loss,$(call LOSSES_OF,$(2)),$(call venn,$(1),$(2),$(2)-kd-$(loss)))
$(1)/analysis/pcc-$(2).json: $(foreach system,$(2) $(patsubst %,$(2)-kd-%,$(call LOSSES_OF,$(2))) fusion-$(TEACHER),$(1)/stores/$(system)-emb.zarr/avkd.json)
	mkdir -p $(1)/analysis
	$(AVKD) analyze pcc $$(^:/avkd.json=) --list $(1)/test.jsonl -o $$@ --json >/dev/null

endef
define venn # $(1) folder, $(2) sense, $(3) student
$(1)/analysis/venn-$(3).json: $(1)/scores/$(2).scores $(1)/scores/$(3).scores $(1)/scores/$(other_$(2)).scores
	mkdir -p $(1)/analysis
	$(AVKD) analyze venn --a $(1)/scores/$(2).scores --b $(1)/scores/$(3).scores --c $(1)/scores/$(other_$(2)).scores --json >$$@.new
	mv $$@.new $$@

endef

$(foreach one,$(call unique,$(SEEDS)),$(eval $(call seed,$(one),$(W)/seed-$(one))))

ALWAYS = $(foreach stage,$(filter a b,$(STAGES)),$(SCORED_$(stage):%=$(1)/scores/%.scores)) \
  $(if $(call has,f),$(STUDENTS:%=$(1)/analysis/venn-%.json) $(SENSES:%=$(1)/analysis/pcc-%.json))
BESIDE = $(if $(call has,c),$(SCORED_c:%=$(1)/scores/%.scores)) \
  $(if $(call has,d),$(foreach few,$(FEW),$(foreach system,$(SCORED_d) fusion-$(TEACHER),$(1)/few-$(few)/scores/$(system).scores))) \
  $(if $(call has,e),$(foreach sense,$(SENSES),$(foreach one,$(filter $(sense)%,$(SCORED_e)),$(foreach condition,clean $(SPOILT_$(sense)),$(1)/noise/$(one).$(condition).scores))))
ALL := $(foreach one,$(SEEDS),$(call ALWAYS,$(W)/seed-$(one))) \
  $(foreach one,$(filter $(SEEDS),$(SEEDS_BESIDE)),$(call BESIDE,$(W)/seed-$(one)))

# Everything but the page.
scores: $(ALL)

WRITER := $(wildcard $(SCRIPTS)/*.py) $(SCRIPTS)/openings.json
$(DOCS)/results.md: $(ALL) $(WRITER) $(WEIGHTS) $(wildcard $(TUNING) $(IDEAS) $(CHOSEN))
	$(PYTHON_OF_RESULTS) $(SCRIPTS)/write_results.py $(W) -o $(DOCS) --weights $(WEIGHTS) --tuning $(TUNING) --ideas $(IDEAS)

# ---- weights of the terms --------------------------------------------------------------------

FLAG_cos = --beta
FLAG_kl  = --alpha
FLAG_mmd = --gamma
SINGLES := $(foreach sense,$(SENSES),$(foreach term,$(TERMS),$(foreach weight,$(GRID),$(sense)-kd-$(term)@$(weight))))
PAIRS   := $(foreach sense,$(SENSES),$(foreach loss,$(filter-out $(TERMS),$(LOSSES)),$(sense)-kd-$(loss)@won))
-include $(W)/tune/singles.mk

define tuned # $(1) folder, $(2) fold, $(3) seed
$(call encoders,$(1),$(W)/fold-$(2).jsonl,$(3),$(W)/fold-$(2).txt)
$(call fusion,$(1),$(W)/fold-$(2).jsonl,$(3),$(TEACHER))
$(foreach sense,$(SENSES),$(foreach term,$(TERMS),$(foreach weight,$(GRID),$(call student,$(1),$(W)/fold-$(2).jsonl,$(3),$(sense),$(sense)-kd-$(term)@$(weight),$(FLAG_$(term)) $(weight),fusion-$(TEACHER)))))
$(foreach sense,$(SENSES),$(foreach loss,$(filter-out $(TERMS),$(LOSSES)),$(call student,$(1),$(W)/fold-$(2).jsonl,$(3),$(sense),$(sense)-kd-$(loss)@won,$(WON_$(sense)_$(loss)),fusion-$(TEACHER))))
$(foreach system,$(SENSES) fusion-$(TEACHER) $(SINGLES) $(PAIRS),$(call scored,$(1),$(system),$(W)/fold-$(2).txt))
endef
CASES := $(foreach fold,$(TUNE_FOLDS),$(foreach one,$(TUNE_SEEDS),$(W)/tune/fold-$(fold)-seed-$(one)))
$(foreach fold,$(TUNE_FOLDS),$(foreach one,$(TUNE_SEEDS),$(eval $(call tuned,$(W)/tune/fold-$(fold)-seed-$(one),$(fold),$(one)))))

tune: inputs $(W)/$(MARK)
	@$(MAKE) -f examples/results.mk --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS)) tune-singles
	$(PYTHON_OF_RESULTS) $(SCRIPTS)/choose.py $(W)/tune --singles -o $(W)/tune/singles.mk
	@$(MAKE) -f examples/results.mk --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS)) tune-pairs
	$(PYTHON_OF_RESULTS) $(SCRIPTS)/choose.py $(W)/tune -o $(WEIGHTS) --preset $(PRESET) --toml $(TUNED) --json $(TUNING)

tune-singles: $(foreach case,$(CASES),$(foreach system,$(SENSES) fusion-$(TEACHER) $(SINGLES),$(case)/scores/$(system).scores))
tune-pairs: $(foreach case,$(CASES),$(PAIRS:%=$(case)/scores/%.scores))

# ---- other ways to teach ---------------------------------------------------------------------

# All students have the first tuning seed's teacher: what differs is the idea.
IDEA_SENSES := $(foreach sense,$(SENSES),$(if $(IDEAS_$(sense)),$(sense)))
IDEA_STUDENTS := $(foreach sense,$(IDEA_SENSES),$(IDEAS_$(sense):%=$(sense)-kd-%))
IDEA_CASES := $(foreach fold,$(TUNE_FOLDS),$(foreach one,$(IDEA_SEEDS),fold-$(fold)-seed-$(one)))

define idea_case # $(1) folder, $(2) fold, $(3) seed
$(call encoders,$(1),$(W)/fold-$(2).jsonl,$(3),$(W)/fold-$(2).txt)
$(call linked,$(1),fusion-$(TEACHER)-emb.zarr,$(W)/tune/fold-$(2)-seed-$(firstword $(TUNE_SEEDS))/stores/fusion-$(TEACHER)-emb.zarr)
$(call imported,$(1))
$(foreach sense,$(IDEA_SENSES),$(foreach idea,$(IDEAS_$(sense)),$(call student,$(1),$(W)/fold-$(2).jsonl,$(3),$(sense),$(sense)-kd-$(idea),$(call IDEA_$(sense)_$(idea),$(1)/runs/$(sense)),$(or $(TEACHER_$(sense)_$(idea)),fusion-$(TEACHER)))))
$(foreach system,$(IDEA_SENSES) $(IDEA_STUDENTS),$(call scored,$(1),$(system),$(W)/fold-$(2).txt))
# Those that start from the baseline need it first.
$(foreach student,$(IDEA_STUDENTS),$(1)/runs/$(student)/model.json: $(1)/runs/$(firstword $(subst -kd-, ,$(student)))/model.json
)
endef
$(foreach fold,$(TUNE_FOLDS),$(foreach one,$(IDEA_SEEDS),$(eval $(call idea_case,$(W)/ideas/fold-$(fold)-seed-$(one),$(fold),$(one)))))

ideas: inputs $(W)/$(MARK)
	@$(MAKE) -f examples/results.mk --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS)) ideas-scored
	$(PYTHON_OF_RESULTS) $(SCRIPTS)/ideas.py $(W)/ideas -o $(IDEAS) --chosen $(CHOSEN) $(foreach sense,$(IDEA_SENSES),$(foreach idea,$(IDEAS_$(sense)),--idea "$(sense)-kd-$(idea)" "$(or $(TEACHER_$(sense)_$(idea)),fusion-$(TEACHER))" "$(call IDEA_$(sense)_$(idea),BASELINE)"))

ideas-scored: $(foreach case,$(IDEA_CASES),$(foreach system,$(IDEA_SENSES) $(IDEA_STUDENTS),$(W)/ideas/$(case)/scores/$(system).scores))
