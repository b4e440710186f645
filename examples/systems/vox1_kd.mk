# S0: Zhang, Chen and Qian, Interspeech 2021. Two senses, a fused teacher, students that only hear or
# only see, by each of the six losses.

# Weights of KL, COS and MMD where a student uses them.
ALPHA ?= 1
BETA  ?= 1
GAMMA ?= 1
$(call plain,ALPHA BETA GAMMA)

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

.PHONY: vox1_kd inputs all
vox1_kd: inputs ## teach students and report: the main job (see the top of the Makefile)
	@$(PLACE) own $(WORK)
	@echo "avkd: $(CORPUS)"
	@echo "avkd: preset $(PRESET), faces by detector $(DETECTOR), everything in $(WORK)/"
	@$(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS)) all
	@echo "avkd: report in $(REPORT)/index.html; $(CORPUS)"

# What would stop it hours or days from now is said before the first of them.
inputs:
	$(call both,VOXCELEB1,VOXCELEB2)
	$(if $(PEOPLE),$(if $(TRIALS),,$(error PEOPLE is given without TRIALS: name one trial list or more)))
	$(call different,NAMES,trial lists)
	@$(foreach one,$(VOXCELEB1) $(VOXCELEB2),$(call is_folder,$(one),give that of the corpus);) \
	$(foreach one,$(PEOPLE),$(call is_file,$(one),correct PEOPLE=);) \
	$(foreach one,$(GIVEN_TRIALS),$(call is_list,$(one),$(OTHER_TRIALS));) \
	[ $(DETECTOR) = none ] || [ -e "$(DETECTOR_WEIGHTS)" ] || { echo "make: DETECTOR=$(DETECTOR) needs DETECTOR_WEIGHTS=FILE.onnx, found '$(DETECTOR_WEIGHTS)'; give it (README, Faces), or DETECTOR=none where all pictures are cut around faces already" >&2; exit 66; }

all: $(REPORT)/index.html

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
$(foreach system,$(SYSTEMS),$(foreach name,$(call unique,$(NAMES)),$(eval $(call scored,$(system),$(name)))))
ALL_SCORES := $(foreach system,$(SYSTEMS),$(foreach name,$(call unique,$(NAMES)),$(SCORES)/$(system).$(name).scores))

# ---- the report ------------------------------------------------------------------------------

$(REPORT)/index.html: $(ALL_SCORES)
	mkdir -p $(REPORT)
	$(AVKD) analyze report $(WORK) -o $(REPORT) >/dev/null

# Nor these.
.PRECIOUS: $(SYSTEMS:%=$(STORES)/%-emb.zarr/avkd.json) $(SYSTEMS:%=$(RUNS)/%/model.json)
