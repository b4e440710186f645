# S4: Sun et al., Interspeech 2023. Sound and film of the same seconds, both encoders trained
# together, the moments that count in one sense supervised by the other.
#
#   make joint                       a stand-in of its own, whose mouths follow the loudness: each sense,
#                                    their fusion with and without NCE, an ensemble, a sense missing
#   make joint FULL=1                also without enhancement, cycle, diffusion, one direction alone,
#                                    a gate, scores without AS-norm
#   make joint PEOPLE=list.jsonl TRIALS=a.txt       any corpus of films with sound
#   make joint VOXCELEB1=… VOXCELEB2=… DETECTOR_WEIGHTS=… [NOISE=musan.jsonl RIR=rirs.jsonl]
#              [NUM_PROCESSES=8 JOINT_FLAGS='--accumulate 4']     the paper's corpus and networks
#
# Names of systems are those of avkd_cli/papers/s4.py.

JOINT_PERSONS ?= 40
JOINT_PRESET  ?= $(if $(filter voxceleb,$(SOURCE)),joint,joint-small)
# Utterances of each training person that AS-norm's cohort is of.
JOINT_COHORT  ?= 20
# More options of all trainings.
JOINT_FLAGS   ?=
# As given: other systems have a default of their own.
JOINT_NOISE := $(NOISE)
JOINT_RIR   := $(RIR)
JOINT_AUGMENT ?= 0.6
$(call plain,JOINT_PERSONS JOINT_PRESET JOINT_COHORT JOINT_NOISE JOINT_RIR JOINT_AUGMENT)

JOINT := $(WORK)/joint
JOINT_STANDIN := $(filter standin,$(SOURCE))
JOINT_LIST   := $(if $(JOINT_STANDIN),$(JOINT)/corpus/people.jsonl,$(LIST))
JOINT_NAMES  := $(if $(JOINT_STANDIN),vox1-o vox1-e vox1-h,$(NAMES))
joint_trials = $(if $(JOINT_STANDIN),$(JOINT)/corpus/$(notdir $(TRIALS_$(1))),$(TRIALS_$(1)))
JOINT_CORPUS := $(if $(JOINT_STANDIN),a stand-in of $(JOINT_PERSONS) synthetic people: no result here is a result on VoxCeleb,$(CORPUS))
JOINT_SETTINGS = --config $(JOINT_PRESET) --seed $(SEED) --num-processes $(NUM_PROCESSES) $(JOINT_FLAGS)

# ---- systems ---------------------------------------------------------------------------------

JOINT_FUSIONS := fusion fusion-nce $(if $(FULL),fusion-cycle fusion-diffusion fusion-nce-a2v fusion-nce-v2a fusion-gate)
# What train-teacher is told. Weights of the supervision are the paper's.
JOINT_fusion           =
JOINT_fusion-cycle     = --cycle 0.5
JOINT_fusion-nce       = --nce 1
JOINT_fusion-diffusion = --diffusion 0.5
JOINT_fusion-nce-a2v   = --nce 1 --gen-direction a2v
JOINT_fusion-nce-v2a   = --nce 1 --gen-direction v2a
JOINT_fusion-gate      = --model gate
JOINT_SENSES := audio visual $(if $(FULL),audio-plain visual-plain)
JOINT_audio-plain      = --pooling weasp-off
JOINT_visual-plain     = --pooling weasp-off
# audio-plain -> audio
joint_sense = $(firstword $(subst -, ,$(1)))
JOINT_STORE_audio  := $(JOINT)/stores/audio.zarr
JOINT_STORE_visual := $(JOINT)/stores/faces.zarr
JOINT_BOTH := $(JOINT_STORE_audio) $(JOINT_STORE_visual)

# ---- people ----------------------------------------------------------------------------------

ifneq ($(JOINT_STANDIN),)
$(JOINT_LIST): | $(READY) $(WORK)/$(MARK)
	mkdir -p $(JOINT)
	$(AVKD) corpus standin -o $(@D) --persons $(JOINT_PERSONS) --sessions 6 --utterances 2 --seconds 2,4 --seed 0 >/dev/null
# They appear with the corpus.
$(JOINT)/corpus/%.txt: $(JOINT)/corpus/people.jsonl ;
endif

$(JOINT)/lists/test.jsonl: $(JOINT_LIST) | $(WORK)/$(MARK)
	mkdir -p $(@D)
	grep -vE '"split": *"train"' $< >$@.new || { echo "$<: nobody to test on: every line has split train" >&2; exit 65; }
	mv $@.new $@
# Some utterances of each person who is trained on.
$(JOINT)/lists/cohort.jsonl: $(JOINT_LIST) | $(WORK)/$(MARK)
	mkdir -p $(@D)
	grep -E '"split": *"train"' $< | awk 'match($$0, /"person": *"[^"]*"/) && ++seen[substr($$0, RSTART, RLENGTH)] <= $(JOINT_COHORT)' >$@.new
	mv $@.new $@

$(JOINT_STORE_audio)/avkd.json: $(JOINT_LIST) | $(READY) $(WORK)/$(MARK)
	mkdir -p $(JOINT)/stores
	$(AVKD) prep-audio $< -o $(@D) --config $(JOINT_PRESET) >/dev/null
$(JOINT_STORE_visual)/avkd.json: $(JOINT_LIST) | $(READY) $(WORK)/$(MARK)
	mkdir -p $(JOINT)/stores
	$(AVKD) crop-faces $< -o $(@D) --config $(JOINT_PRESET) $(DETECT) >/dev/null
define joint_spoils # $(1) noise or rir, $(2) list, $(3) more options
$(JOINT)/stores/$(1).zarr/avkd.json: $(2) | $(READY) $(WORK)/$(MARK)
	mkdir -p $(JOINT)/stores
	$(AVKD) prep-audio $$< -o $$(@D) --features waveform $(3) >/dev/null

endef
$(if $(JOINT_NOISE),$(eval $(call joint_spoils,noise,$(JOINT_NOISE))))
$(if $(JOINT_RIR),$(eval $(call joint_spoils,rir,$(JOINT_RIR),--min-duration 0.03)))
JOINT_SPOILS := $(if $(JOINT_NOISE),noise) $(if $(JOINT_RIR),rir)
JOINT_SPOILT := $(if $(strip $(JOINT_SPOILS)),--augment $(JOINT_AUGMENT) $(foreach one,$(JOINT_SPOILS),--$(one) $(JOINT)/stores/$(one).zarr))
JOINT_SPOILERS := $(foreach one,$(JOINT_SPOILS),$(JOINT)/stores/$(one).zarr/avkd.json)

# ---- each sense alone, then both -------------------------------------------------------------

define joint_alone # $(1) system, $(2) sense
$(JOINT)/runs/$(1)/model.json: $(JOINT_STORE_$(2))/avkd.json $(if $(filter audio,$(2)),$(JOINT_SPOILERS))
	mkdir -p $(JOINT)/runs
	$$(TRAIN) train-teacher --modality $(2) $(JOINT_STORE_$(2)) -o $$(@D) $(JOINT_$(1)) $(if $(filter audio,$(2)),$(JOINT_SPOILT)) $$(JOINT_SETTINGS) >/dev/null

endef
define joint_both # $(1) system
$(JOINT)/runs/$(1)/model.json: $(JOINT)/runs/audio/model.json $(JOINT)/runs/visual/model.json $(JOINT_BOTH:=/avkd.json) $(JOINT_SPOILERS)
	$$(TRAIN) train-teacher --modality joint $(JOINT_BOTH) --init-from $(JOINT)/runs/audio --init-from $(JOINT)/runs/visual -o $$(@D) $(JOINT_$(1)) $(JOINT_SPOILT) $$(JOINT_SETTINGS) >/dev/null

endef
$(foreach one,$(JOINT_SENSES),$(eval $(call joint_alone,$(one),$(call joint_sense,$(one)))))
$(foreach one,$(JOINT_FUSIONS),$(eval $(call joint_both,$(one))))

# ---- embeddings of the test and of the cohort, and where a sense is missing -------------------

joint_reads = $(if $(filter fusion%,$(1)),$(JOINT_BOTH),$(JOINT_STORE_$(call joint_sense,$(1))))
define joint_embedded # $(1) system, $(2) test or cohort
$(JOINT)/$(2)/$(1).zarr/avkd.json: $(JOINT)/runs/$(1)/model.json $(JOINT)/lists/$(2).jsonl
	mkdir -p $(JOINT)/$(2)
	$$(TRAIN) extract-embeddings $$(<D) $(call joint_reads,$(1)) --list $(JOINT)/lists/$(2).jsonl -o $$(@D) >/dev/null

endef
define joint_missing # $(1) what is missing, $(2) the sense that is left
$(JOINT)/test/fusion-nce-without-$(1).zarr/avkd.json: $(JOINT)/runs/fusion-nce/model.json $(JOINT)/lists/test.jsonl
	mkdir -p $(JOINT)/test
	$$(TRAIN) extract-embeddings $$(<D) $(JOINT_STORE_$(2)) --side $(2) --list $(JOINT)/lists/test.jsonl -o $$(@D) >/dev/null

endef
$(foreach one,$(JOINT_SENSES) $(JOINT_FUSIONS),$(foreach part,test cohort,$(eval $(call joint_embedded,$(one),$(part)))))
$(eval $(call joint_missing,video,audio))
$(eval $(call joint_missing,sound,visual))

# ---- scores: AS-norm; where a sense is missing cosines, since a cohort has both ----------------

define joint_scored # $(1) system, $(2) trial list
$(JOINT)/scores/$(1).$(2).scores: $(JOINT)/test/$(1).zarr/avkd.json $(JOINT)/cohort/$(1).zarr/avkd.json $(call joint_trials,$(2))
	mkdir -p $(JOINT)/scores
	$(AVKD) score $(call joint_trials,$(2)) $(JOINT)/test/$(1).zarr --cohort $(JOINT)/cohort/$(1).zarr --config $(JOINT_PRESET) -o $$@ $(SCORE_FLAGS) -q --metrics $$(@:.scores=.metrics.json)

endef
define joint_tested # $(1) what is missing, $(2) trial list
$(JOINT)/scores/fusion-nce-without-$(1).$(2).scores: $(JOINT)/test/fusion-nce-without-$(1).zarr/avkd.json $(JOINT)/test/fusion-nce.zarr/avkd.json $(call joint_trials,$(2))
	mkdir -p $(JOINT)/scores
	$(AVKD) score $(call joint_trials,$(2)) $(JOINT)/test/fusion-nce.zarr $(JOINT)/test/fusion-nce-without-$(1).zarr -o $$@ $(SCORE_FLAGS) -q --metrics $$(@:.scores=.metrics.json)

endef
define joint_ensemble # $(1) trial list
$(JOINT)/scores/ensemble.$(1).scores: $(foreach one,audio visual fusion-nce,$(JOINT)/scores/$(one).$(1).scores)
	$(AVKD) score --fuse mean $$^ -o $$@ -q --metrics $$(@:.scores=.metrics.json)

endef
define joint_raw # $(1) trial list
$(JOINT)/scores/fusion-nce-cosine.$(1).scores: $(JOINT)/test/fusion-nce.zarr/avkd.json $(call joint_trials,$(1))
	mkdir -p $(JOINT)/scores
	$(AVKD) score $(call joint_trials,$(1)) $(JOINT)/test/fusion-nce.zarr -o $$@ $(SCORE_FLAGS) -q --metrics $$(@:.scores=.metrics.json)

endef
$(foreach name,$(call unique,$(JOINT_NAMES)),$(foreach one,$(JOINT_SENSES) $(JOINT_FUSIONS),$(eval $(call joint_scored,$(one),$(name))))$(foreach one,video sound,$(eval $(call joint_tested,$(one),$(name))))$(eval $(call joint_ensemble,$(name)))$(eval $(call joint_raw,$(name))))
JOINT_SYSTEMS := $(JOINT_SENSES) $(JOINT_FUSIONS) fusion-nce-without-video fusion-nce-without-sound ensemble fusion-nce-cosine
JOINT_SCORES := $(foreach one,$(JOINT_SYSTEMS),$(foreach name,$(call unique,$(JOINT_NAMES)),$(JOINT)/scores/$(one).$(name).scores))

# ---- analyses: which moments counted, how the generators went, who stays hard -----------------

# Of one joint network, what each sense's pooling counts.
define joint_weights # $(1) sense
$(JOINT)/weights/$(1).zarr/avkd.json: $(JOINT)/runs/fusion-nce/model.json $(JOINT)/lists/test.jsonl
	mkdir -p $(JOINT)/weights
	$$(TRAIN) extract-embeddings $$(<D) $(JOINT_STORE_$(1)) --side $(1) --level weights --list $(JOINT)/lists/test.jsonl -o $$(@D) >/dev/null

endef
$(foreach one,audio visual,$(eval $(call joint_weights,$(one))))
$(JOINT)/analyses/weights.json: $(JOINT)/weights/audio.zarr/avkd.json $(JOINT)/weights/visual.zarr/avkd.json
	mkdir -p $(@D)
	$(AVKD) analyze weights $(^:/avkd.json=) --name sound=$(JOINT)/weights/audio.zarr --name film=$(JOINT)/weights/visual.zarr --plot $(@:.json=.svg) --json >$@.new
	mv $@.new $@
# Losses of a to v and v to a are curves of their own.
JOINT_SUPERVISED := $(filter fusion-nce% fusion-cycle fusion-diffusion,$(JOINT_FUSIONS))
$(JOINT)/analyses/curves.json: $(JOINT_SUPERVISED:%=$(JOINT)/runs/%/model.json)
	mkdir -p $(@D)
	$(AVKD) analyze curves $(^:/model.json=) --plot $(@:.json=.svg) --json >$@.new
	mv $@.new $@
JOINT_FIRST := $(firstword $(JOINT_NAMES))
$(JOINT)/analyses/hard.json: $(foreach one,audio visual fusion-nce,$(JOINT)/test/$(one).zarr/avkd.json) $(JOINT)/scores/audio.$(JOINT_FIRST).scores
	mkdir -p $(@D)
	$(AVKD) analyze tsne $(foreach one,audio visual fusion-nce,$(JOINT)/test/$(one).zarr) --hard $(JOINT)/scores/audio.$(JOINT_FIRST).scores --plot $(@:.json=.svg) --json >$@.new
	mv $@.new $@
JOINT_ANALYSES := $(foreach one,weights curves hard,$(JOINT)/analyses/$(one).json)

# ---- the report ------------------------------------------------------------------------------

.PHONY: joint joint-inputs joint-all
joint: joint-inputs ## sound and film together, the moments that count shared (FULL=1, VOXCELEB1=)
	@$(PLACE) own $(WORK)
	@echo "avkd: $(JOINT_CORPUS)"
	@echo "avkd: preset $(JOINT_PRESET), everything in $(JOINT)/"
	@$(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS)) joint-all
	@echo "avkd: report in $(JOINT)/report/index.html, which moments counted in $(JOINT)/analyses/weights.svg; $(JOINT_CORPUS)"

joint-inputs: $(if $(filter voxceleb,$(SOURCE)),,inputs)
	$(call both,VOXCELEB1,VOXCELEB2)
	@$(foreach one,$(VOXCELEB1) $(VOXCELEB2),$(call is_folder,$(one),give that of the corpus);) \
	$(foreach one,$(JOINT_NOISE) $(JOINT_RIR),$(call is_file,$(one),give a list of utterances);) \
	$(if $(filter voxceleb,$(SOURCE)),$(foreach one,$(GIVEN_TRIALS),$(call is_list,$(one),$(OTHER_TRIALS));)) \
	[ $(DETECTOR) = none ] || [ -e "$(DETECTOR_WEIGHTS)" ] || { echo "make: DETECTOR=$(DETECTOR) needs DETECTOR_WEIGHTS=FILE.onnx, found '$(DETECTOR_WEIGHTS)'; give it (README, Faces), or DETECTOR=none where all pictures are cut around faces already" >&2; exit 66; }

joint-all: $(JOINT)/report/index.html $(JOINT_ANALYSES)
$(JOINT)/report/index.html: $(JOINT_SCORES)
	mkdir -p $(@D)
	echo s4 >$(JOINT)/avkd.work
	$(AVKD) analyze report $(JOINT) --paper s4 -o $(@D) $(if $(JOINT_STANDIN),--corpus stand-in) >/dev/null

.PRECIOUS: $(foreach one,$(JOINT_SENSES) $(JOINT_FUSIONS),$(JOINT)/runs/$(one)/model.json $(JOINT)/test/$(one).zarr/avkd.json $(JOINT)/cohort/$(one).zarr/avkd.json) \
  $(JOINT_BOTH:=/avkd.json)
