# S0: Zhang, Chen and Qian, Interspeech 2021. Two senses, a fused teacher, students that only hear or
# only see, by each of the six losses. A first report comes with one student a sense, the whole one
# when all are taught.

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
FIRST    := audio-kd-cos visual-kd-cos
# cos-kl -> --beta … --alpha …
WEIGHTS_cos = --beta $(BETA)
WEIGHTS_kl  = --alpha $(ALPHA)
WEIGHTS_mmd = --gamma $(GAMMA)
weights     = $(foreach term,$(subst -, ,$(1)),$(WEIGHTS_$(term)))

.PHONY: vox1_kd inputs teacher first all $(STUDENTS:%=taught-%)
AT_ONCE = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS))
vox1_kd: inputs ## teach students and report: the main job (see the top of the Makefile)
	@$(PLACE) own $(WORK)
	@echo "avkd: $(CORPUS)"
	@echo "avkd: preset $(PRESET), faces by detector $(DETECTOR), everything in $(WORK)/"
	@$(MAKE) --no-print-directory $(AT_ONCE) teacher
	@$(MAKE) --no-print-directory $(AT_ONCE) first
	@$(MAKE) --no-print-directory $(AT_ONCE) all
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

# Without a word where it is made already.
made = { $(MAKE) -q $(1) || $(MAKE) --no-print-directory $(1); }
scores_of = $(foreach name,$(call unique,$(NAMES)),$(SCORES)/$(1).$(name).scores)
teacher: $(foreach system,audio visual fusion-gate,$(call scores_of,$(system)))

# A make of its own a student, so that each is scored as it ends; what they share is there by then.
$(STUDENTS:%=taught-%): taught-%:
	+@$(call made,$(call scores_of,$*))

first: $(FIRST:%=taught-%)
	@[ -s $(REPORT)/index.html ] || { $(call made,$(REPORT)/index.html) && \
	echo "avkd: a first report is in $(REPORT)/index.html; the other students follow" >&2; }

all: $(STUDENTS:%=taught-%)
	+@$(call made,$(REPORT)/index.html)

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

# All lists of a system at once. make takes a pattern's targets as made together.
$(foreach name,$(call unique,$(NAMES)),$(SCORES)/%.$(name).scores): $(STORES)/%-emb.zarr/avkd.json $(foreach name,$(call unique,$(NAMES)),$(TRIALS_$(name)))
	@mkdir -p $(SCORES)
	$(AVKD) score $(foreach name,$(call unique,$(NAMES)),$(name)=$(TRIALS_$(name))) $(<D) -o $(SCORES)/$*.{list}.scores $(SCORE_FLAGS) --metrics $(SCORES)/$*.{list}.metrics.json -q
	@case $* in *-kd-*) examples/progress.sh $(WORK) $(words $(STUDENTS)) $(JOBS) $(firstword $(NAMES)) ;; esac
# ---- the report ------------------------------------------------------------------------------

$(REPORT)/index.html: $(wildcard $(SCORES)/*.scores)
	mkdir -p $(REPORT)
	$(AVKD) analyze report $(WORK) -o $(REPORT) >/dev/null

# Nor these.
.PRECIOUS: $(SYSTEMS:%=$(STORES)/%-emb.zarr/avkd.json) $(SYSTEMS:%=$(RUNS)/%/model.json)
