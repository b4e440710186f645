# S2, a reconstruction of VGSR (Jin et al., AAAI 2023), whose formulas were never published: a face
# teaches a voice, and a voice a face, without demanding equality; samples count by their quality.
#
#   make vgsr                        the stand-in: hard and loose, weighed, on spoilt recordings too
#   make vgsr FULL=1                 every loss, tolerance, quality, width and strength of noise
#   make vgsr VOXCELEB1=… [VOXCELEB2=…] [CNCELEB=…] [NOISE=… RIR=…]     the real thing, all of it
#
# Names of systems are those of avkd_cli/papers/s2.py: audio-kd-LOSS hard, audio-mkd-LOSS loose,
# audio-mkd-cos-QUALITY loose and weighed, audio-mkd-cos-m20 with tolerance 0.20.

# What a list of music, speech and noise is made of, and one of room responses; the stand-in has both.
NOISE   ?= $(if $(filter standin,$(SOURCE)),$(WORK)/corpus/noises.jsonl)
RIR     ?= $(if $(filter standin,$(SOURCE)),$(WORK)/corpus/rooms.jsonl)
CNCELEB ?=
# All of it on a corpus of one's own, unless FULL= is said.
VGSR_FULL := $(if $(filter file,$(origin FULL)),$(if $(filter standin,$(SOURCE)),,1),$(FULL))
$(call plain,NOISE RIR CNCELEB)

VGSR := $(WORK)/vgsr
NAMES_vgsr := $(if $(VGSR_FULL),$(NAMES),$(filter-out %-cleaned,$(NAMES)))
HELD_audio  := $(STORES)/audio.zarr
HELD_visual := $(STORES)/faces.zarr
ON   := $(firstword $(NAMES))

# ---- systems ---------------------------------------------------------------------------------

TERM_cos = --beta 1
TERM_l2  = --l2 1
TERM_kl  = --alpha 1
TERM_mmd = --gamma 1
# Tolerance of each loss where it is loose: cos 0.4; the others at about as large a share of what a
# freely trained student ends at (systems page of the methods).
LOOSE_cos = --tolerance cos=0.4
LOOSE_l2  = --tolerance l2=0.8
LOOSE_kl  = --tolerance kl=1
LOOSE_mmd = --tolerance mmd=1

LOSSES_vgsr := cos mmd $(if $(VGSR_FULL),l2 kl)
QUALITY_audio  := face-cos $(if $(VGSR_FULL),face-norm speech-cos snr sharpness product)
QUALITY_visual := $(if $(VGSR_FULL),speech-cos face-cos snr sharpness product)
MU := $(if $(VGSR_FULL),0 20 30 40 50 60 80)
# A quarter and half of the width that the preset has; the full one is the others'.
WIDTHS_audio  ?= $(if $(VGSR_FULL),$(if $(filter small,$(PRESET)),16 32,8 16))
WIDTHS_visual ?= $(if $(VGSR_FULL),$(if $(filter small,$(PRESET)),,16 32))
hundredths = $(if $(filter 0,$(1)),0,0.$(1))

STUDENTS_audio  := $(LOSSES_vgsr:%=audio-kd-%) $(LOSSES_vgsr:%=audio-mkd-%) $(QUALITY_audio:%=audio-mkd-cos-%) $(MU:%=audio-mkd-cos-m%)
STUDENTS_visual := visual-kd-cos visual-mkd-cos $(if $(VGSR_FULL),$(filter-out visual-kd-cos visual-mkd-cos,$(LOSSES_vgsr:%=visual-kd-%) $(LOSSES_vgsr:%=visual-mkd-%)) $(QUALITY_visual:%=visual-mkd-cos-%) $(MU:%=visual-mkd-cos-m%))
WIDE := $(foreach sense,audio visual,$(foreach width,$(WIDTHS_$(sense)),$(sense)-w$(width) $(sense)-mkd-cos-w$(width)))

# audio-mkd-cos-face-cos -> what distill is told beside the teacher
kind = $(word 2,$(subst -, ,$(1)))
loss = $(word 3,$(subst -, ,$(1)))
last = $(patsubst $(word 1,$(subst -, ,$(1)))-$(kind)-$(loss)-%,%,$(filter-out %-$(kind)-$(loss),$(1)))
is_mu = $(filter m0 m20 m30 m40 m50 m60 m80,$(call last,$(1)))
is_width = $(filter w%,$(call last,$(1)))
told = $(TERM_$(loss)) $(if $(filter mkd,$(kind)),$(if $(is_mu),--tolerance cos=$(call hundredths,$(patsubst m%,%,$(is_mu))),$(LOOSE_$(loss)))) \
  $(if $(is_width),--width $(patsubst w%,%,$(is_width))) \
  $(if $(is_mu)$(is_width),,$(if $(last),--quality $(last) $(if $(filter snr,$(last)),--quality-store $(STORES)/audio.zarr)$(if $(filter sharpness,$(last)),--quality-store $(STORES)/faces.zarr)))

# The baselines are those of vox1_kd.
run_of = $(if $(filter audio visual,$(1)),$(WORK)/runs,$(VGSR)/runs)/$(1)
TEACHER_audio  := $(STORES)/visual-emb.zarr
TEACHER_visual := $(STORES)/audio-emb.zarr

define loose_student # $(1) sense, $(2) system
$(VGSR)/runs/$(2)/model.json: $(HELD_$(1))/avkd.json $(TEACHER_$(1))/avkd.json
	mkdir -p $(VGSR)/runs
	$$(TRAIN) distill $(HELD_$(1)) --teacher $(TEACHER_$(1)) --modality $(1) --intersect -o $$(@D) $(call told,$(2)) $$(SETTINGS) >/dev/null

endef
define own_baseline # $(1) sense, $(2) name, $(3) more
$(VGSR)/runs/$(2)/model.json: $(HELD_$(1))/avkd.json
	mkdir -p $(VGSR)/runs
	$$(TRAIN) train-teacher --modality $(1) $(HELD_$(1)) -o $$(@D) $$(SETTINGS) $(3) >/dev/null

endef
$(foreach sense,audio visual,$(foreach one,$(STUDENTS_$(sense)) $(filter $(sense)-mkd-cos-w%,$(WIDE)),$(eval $(call loose_student,$(sense),$(one)))))
$(foreach sense,audio visual,$(foreach width,$(WIDTHS_$(sense)),$(eval $(call own_baseline,$(sense),$(sense)-w$(width),--width $(width)))))

OF_audio  := audio $(STUDENTS_audio) $(filter audio-%,$(WIDE))
OF_visual := visual $(STUDENTS_visual) $(filter visual-%,$(WIDE))
SYSTEMS_vgsr := $(OF_audio) $(OF_visual)

# ---- scores, clean and spoilt ----------------------------------------------------------------

define embedded # $(1) sense, $(2) system
$(VGSR)/stores/$(2)-emb.zarr/avkd.json: $(call run_of,$(2))/model.json $(WORK)/lists/test.jsonl
	mkdir -p $(VGSR)/stores
	$$(TRAIN) extract-embeddings $$(<D) $(HELD_$(1)) --list $(WORK)/lists/test.jsonl -o $$(@D) >/dev/null

endef
define scored_vgsr # $(1) system, $(2) trial list
$(VGSR)/scores/$(1).$(2).scores: $(VGSR)/stores/$(1)-emb.zarr/avkd.json $(TRIALS_$(2))
	mkdir -p $(VGSR)/scores
	$$(AVKD) score $(TRIALS_$(2)) $$(<D) -o $$@ $(SCORE_FLAGS) -q --metrics $$(@:.scores=.metrics.json)

endef
$(foreach sense,audio visual,$(foreach one,$(OF_$(sense)),$(eval $(call embedded,$(sense),$(one)))))
$(foreach one,$(SYSTEMS_vgsr),$(foreach name,$(call unique,$(NAMES_vgsr)),$(eval $(call scored_vgsr,$(one),$(name)))))

SNR := $(if $(VGSR_FULL),20 15 10 5 0,5)
SPOILT_audio  := $(if $(NOISE),$(foreach kind,babble music noise,$(SNR:%=$(kind)-%))) $(if $(RIR),$(SNR:%=room-%))
SPOILT_visual := $(if $(VGSR_FULL),blur-1) blur-2 $(if $(VGSR_FULL),blur-4)
level = $(word 2,$(subst -, ,$(1)))
of_condition = $(firstword $(subst -, ,$(1)))

$(VGSR)/stores/noises.zarr/avkd.json: $(NOISE)
	mkdir -p $(VGSR)/stores
	$(AVKD) prep-audio $< -o $(@D) --features waveform >/dev/null
$(VGSR)/stores/rooms.zarr/avkd.json: $(RIR)
	mkdir -p $(VGSR)/stores
	$(AVKD) prep-audio $< -o $(@D) --features waveform --min-duration 0.03 >/dev/null
ifeq ($(SOURCE),standin)
# They appear with the corpus.
$(WORK)/corpus/noises.jsonl $(WORK)/corpus/rooms.jsonl: $(WORK)/corpus/people.jsonl ;
endif

with_store = $(if $(filter telephone,$(1)),,$(if $(filter room,$(1)),rooms,noises))
# The test's lines with absolute paths, since copies of them lie elsewhere than the list.
$(WORK)/lists/spoil.jsonl: $(LIST) | $(READY) $(WORK)/$(MARK)
	mkdir -p $(@D)
	$(dir $(AVKD))python examples/not_train.py $< >$@.new
	mv $@.new $@

define spoilt_sound # $(1) condition
$(VGSR)/stores/audio-$(1).zarr/avkd.json: $(WORK)/lists/spoil.jsonl $(VGSR)/stores/$(call with_store,$(call of_condition,$(1))).zarr/avkd.json
	$(AVKD) prep-audio $$< -o $$(@D) --config $(PRESET) --disturb $(call of_condition,$(1)) --snr $(call level,$(1)) $(if $(filter room-%,$(1)),--rir,--noise) $(VGSR)/stores/$(call with_store,$(call of_condition,$(1))).zarr >/dev/null

endef
define spoilt_faces # $(1) condition
$(VGSR)/stores/visual-$(1).zarr/avkd.json: $(WORK)/lists/spoil.jsonl
	mkdir -p $(VGSR)/stores
	$(AVKD) crop-faces $$< -o $$(@D) --config $(PRESET) $(DETECT) --disturb $(call of_condition,$(1)) --strength $(call level,$(1)) >/dev/null

endef
$(foreach one,$(SPOILT_audio),$(eval $(call spoilt_sound,$(one))))
$(foreach one,$(SPOILT_visual),$(eval $(call spoilt_faces,$(one))))

# Reports of the folders above look into none of these.
$(VGSR)/avkd.work $(VGSR)/robust-audio/avkd.work $(VGSR)/robust-visual/avkd.work: | $(WORK)/$(MARK)
	mkdir -p $(@D)
	echo s2 >$@

# Enrolment clean, test spoilt: two stores.
define stood # $(1) sense, $(2) system, $(3) condition
$(VGSR)/stores/$(2)-$(3)-emb.zarr/avkd.json: $(call run_of,$(2))/model.json $(VGSR)/stores/$(1)-$(3).zarr/avkd.json
	$$(TRAIN) extract-embeddings $$(<D) $(VGSR)/stores/$(1)-$(3).zarr -o $$(@D) >/dev/null
$(VGSR)/robust-$(1)/$(2).$(3).scores: $(VGSR)/stores/$(2)-emb.zarr/avkd.json $(VGSR)/stores/$(2)-$(3)-emb.zarr/avkd.json $(TRIALS_$(ON)) | $(VGSR)/robust-$(1)/avkd.work
	$(AVKD) score $(TRIALS_$(ON)) $(VGSR)/stores/$(2)-emb.zarr $(VGSR)/stores/$(2)-$(3)-emb.zarr -o $$@ -q --skip-missing

endef
define clean_too # $(1) sense, $(2) system
$(VGSR)/robust-$(1)/$(2).clean.scores: $(VGSR)/scores/$(2).$(ON).scores | $(VGSR)/robust-$(1)/avkd.work
	cp $$< $$@

endef
STOOD_audio  := audio audio-kd-cos audio-mkd-cos audio-mkd-cos-face-cos
STOOD_visual := visual visual-kd-cos visual-mkd-cos
$(foreach sense,audio visual,$(foreach one,$(STOOD_$(sense)),$(eval $(call clean_too,$(sense),$(one)))$(foreach condition,$(SPOILT_$(sense)),$(eval $(call stood,$(sense),$(one),$(condition))))))

define robust # $(1) sense
$(VGSR)/$(1).robustness.json: $(foreach one,$(STOOD_$(1)),$(foreach condition,clean $(SPOILT_$(1)),$(VGSR)/robust-$(1)/$(one).$(condition).scores))
	$(AVKD) analyze robustness $(VGSR)/robust-$(1) --baseline $(1) --people $(LIST) --resamples 2000 --plot $(VGSR)/robust-$(1).svg --json >$$@.new
	mv $$@.new $$@

endef
$(foreach sense,audio visual,$(eval $(call robust,$(sense))))

# ---- CN-Celeb: enrolments joined, and averaged -----------------------------------------------

ifneq ($(CNCELEB),)
CN_LISTS := $(CNCELEB)/eval/lists
$(VGSR)/cnceleb.jsonl: | $(READY) $(WORK)/$(MARK)
	mkdir -p $(VGSR)
	$(AVKD) corpus cnceleb $(CNCELEB) -q | grep -vE '"split": *"train"' >$@.new
	mv $@.new $@
$(VGSR)/stores/cnceleb.zarr/avkd.json: $(VGSR)/cnceleb.jsonl
	mkdir -p $(VGSR)/stores
	$(AVKD) prep-audio $< --root / -o $(@D) --config $(PRESET) --min-duration 0.1 >/dev/null
define foreign # $(1) system
$(VGSR)/stores/$(1)-cnceleb-emb.zarr/avkd.json: $(call run_of,$(1))/model.json $(VGSR)/stores/cnceleb.zarr/avkd.json
	$$(TRAIN) extract-embeddings $$(<D) $(VGSR)/stores/cnceleb.zarr -o $$(@D) >/dev/null
$(VGSR)/scores/$(1).cnceleb-concatenated.scores: $(VGSR)/stores/$(1)-cnceleb-emb.zarr/avkd.json
	$(AVKD) score $(CN_LISTS)/trials.lst $$(<D) -o $$@ -q
$(VGSR)/scores/$(1).cnceleb-averaged.scores: $(VGSR)/stores/$(1)-cnceleb-emb.zarr/avkd.json
	$(AVKD) score $(CN_LISTS)/trials.lst $$(<D) --enrol-map $(CN_LISTS)/enroll.map -o $$@ -q

endef
$(foreach one,$(OF_audio),$(eval $(call foreign,$(one))))
FOREIGN := $(foreach one,$(OF_audio),$(foreach how,concatenated averaged,$(VGSR)/scores/$(one).cnceleb-$(how).scores))
endif

# ---- the report ------------------------------------------------------------------------------

.PHONY: vgsr vgsr-inputs vgsr-all
vgsr: vgsr-inputs ## loose teachers, weighed samples: a reconstruction of VGSR (FULL=1: all of it)
	@$(PLACE) own $(WORK)
	@echo "avkd: a reconstruction of VGSR, whose formulas were never published; $(CORPUS)"
	@$(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS)) vgsr-all
	@echo "avkd: report in $(VGSR)/report/index.html, robustness in it and in $(VGSR)/*.robustness.json; a reconstruction; $(CORPUS)"

vgsr-inputs: $(if $(filter voxceleb,$(SOURCE)),,inputs)
	$(if $(filter voxceleb,$(SOURCE)),$(if $(VOXCELEB1),,$(error VOXCELEB2 is given without VOXCELEB1: give both)))
	@$(foreach one,$(VOXCELEB1) $(VOXCELEB2) $(CNCELEB),$(call is_folder,$(one),give that of the corpus);) \
	$(foreach one,$(filter-out $(WORK)/corpus/%,$(NOISE) $(RIR)),$(call is_file,$(one),give a list of utterances);) \
	$(if $(CNCELEB),$(call is_file,$(CNCELEB)/eval/lists/trials.lst,give CN-Celeb's own folder);) \
	$(if $(filter voxceleb,$(SOURCE)),$(foreach one,$(GIVEN_TRIALS),$(call is_list,$(one),$(OTHER_TRIALS));)) \
	[ $(DETECTOR) = none ] || [ -e "$(DETECTOR_WEIGHTS)" ] || { echo "make: DETECTOR=$(DETECTOR) needs DETECTOR_WEIGHTS=FILE.onnx, found '$(DETECTOR_WEIGHTS)'; give it (README, Faces), or DETECTOR=none where all pictures are cut around faces already" >&2; exit 66; }

SCORES_vgsr := $(foreach one,$(SYSTEMS_vgsr),$(foreach name,$(call unique,$(NAMES_vgsr)),$(VGSR)/scores/$(one).$(name).scores)) $(FOREIGN)
ROBUST_vgsr := $(if $(strip $(SPOILT_audio)),$(VGSR)/audio.robustness.json) $(VGSR)/visual.robustness.json
vgsr-all: $(VGSR)/report/index.html

$(VGSR)/report/index.html: $(SCORES_vgsr) $(ROBUST_vgsr) | $(VGSR)/avkd.work
	mkdir -p $(@D)
	$(AVKD) analyze report $(VGSR) --paper s2 -o $(@D) $(if $(filter standin,$(SOURCE)),--corpus stand-in) >/dev/null

.PRECIOUS: $(SYSTEMS_vgsr:%=$(VGSR)/stores/%-emb.zarr/avkd.json) $(SYSTEMS_vgsr:%=$(VGSR)/runs/%/model.json) $(VGSR)/stores/noises.zarr/avkd.json $(VGSR)/stores/rooms.zarr/avkd.json
