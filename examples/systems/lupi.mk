# S1: Hajavi and Etemad, IEEE TAI 2023. A network that sees films teaches one that only hears: who
# speaks, and how they feel; on whole utterances, segment by segment, or at the aggregator.
#
#   make lupi                        a stand-in of its own: people who speak and look in seven moods;
#                                    one narrow network, lambda 0.5, minutes
#   make lupi FULL=1                 three networks, lambda 0.1 to 1, the rivals at each
#   make lupi VOXCELEB1=…            who speaks: the paper's tables 4 and 5 (in full, on GPUs)
#   make lupi RAVDESS=…              moods, one actor left out each time: table 6
#   make lupi IEMOCAP=…              four moods, five sessions: table 7; look at the halves first
#                                    (avkd corpus iemocap --video --left … --preview FILE.jpg)
#
# Names of systems and tasks are those of avkd_cli/papers/s1.py.

RAVDESS ?=
IEMOCAP ?=
IEMOCAP_LEFT ?= marked
LUPI_PERSONS ?= 24
$(call plain,RAVDESS IEMOCAP IEMOCAP_LEFT LUPI_PERSONS)

LUPI := $(WORK)/lupi
LUPI_REAL := $(VOXCELEB1)$(RAVDESS)$(IEMOCAP)
LUPI_ALL  := $(FULL)$(LUPI_REAL)
LUPI_PRESET  ?= $(if $(LUPI_REAL),lupi,lupi-small)
LUPI_LAMBDAS ?= $(if $(LUPI_ALL),10 20 30 40 50 60 70 80 90 100,50)
LUPI_NETS    ?= $(if $(LUPI_ALL),vgg resnet seresnet,resnet)
$(call plain_words,LUPI_LAMBDAS LUPI_NETS)
LUPI_CORPUS := $(if $(LUPI_REAL),$(strip $(VOXCELEB1) $(RAVDESS) $(IEMOCAP)),a stand-in of $(LUPI_PERSONS) synthetic people: no result here is one on real people)
LUPI_SETTINGS = --config $(LUPI_PRESET) --seed $(SEED)
LUPI_DETECTOR = $(if $(LUPI_REAL),--detector $(or $(filter-out none,$(DETECTOR)),yunet) $(if $(DETECTOR_WEIGHTS),--detector-weights $(DETECTOR_WEIGHTS)),--detector none)

# What each network is called by train-teacher, what hears and what sees.
LUPI_HEARS_vgg      = --model vgg
LUPI_HEARS_resnet   = --model thin-resnet
LUPI_HEARS_seresnet = --model thin-se-resnet
LUPI_SEES_vgg      = $(if $(LUPI_REAL),--model vgg16)
LUPI_SEES_resnet   = $(if $(LUPI_REAL),--model resnet34)
LUPI_SEES_seresnet = $(if $(LUPI_REAL),--model se-resnet34)
# 50 -> 0.50
lupi_share = $(if $(filter 100,$(1)),1,0.$(1))

# ---- tasks: who speaks, and each fold of how they feel ---------------------------------------

# Corpus of each task, its column of classes, its folds.
LUPI_WHO  := $(if $(LUPI_REAL),$(if $(VOXCELEB1),vox1),standin)
LUPI_MOOD := $(if $(LUPI_REAL),$(if $(RAVDESS),ravdess,$(if $(IEMOCAP),iemocap)),standin)
LUPI_COUNT_standin := 3
LUPI_COUNT_ravdess := 24
LUPI_COUNT_iemocap := 5
LUPI_FOLDS := $(if $(LUPI_MOOD),$(shell seq $(LUPI_COUNT_$(LUPI_MOOD))))
LUPI_TASKS := $(if $(LUPI_WHO),who) $(LUPI_FOLDS:%=mood%)
LUPI_ON    := $(if $(filter iemocap,$(LUPI_MOOD)),iemocap,emotion)
LUPI_CORPUS_who  := $(LUPI_WHO)
LUPI_COLUMN_who  := heard1
LUPI_LABEL_who   := person
$(foreach one,$(LUPI_FOLDS),$(eval LUPI_CORPUS_mood$(one) := $(LUPI_MOOD))$(eval LUPI_COLUMN_mood$(one) := mood$(one))$(eval LUPI_LABEL_mood$(one) := emotion))

# ---- people ----------------------------------------------------------------------------------

$(LUPI)/standin/people.jsonl: | $(READY) $(WORK)/$(MARK)
	mkdir -p $(LUPI)
	$(AVKD) corpus standin -o $(@D) --moods --persons $(LUPI_PERSONS) --sessions 3 --utterances 4 --seconds 2,4 --seed 0 >/dev/null
$(LUPI)/lists/standin.people.jsonl: $(LUPI)/standin/people.jsonl
	mkdir -p $(@D)
	$(AVKD) corpus folds $< --folds 3 --prefix mood -q -o $@
$(LUPI)/lists/vox1.people.jsonl: | $(READY) $(WORK)/$(MARK)
	mkdir -p $(@D)
	$(AVKD) corpus voxceleb1 $(VOXCELEB1) -q -o $@
$(LUPI)/lists/ravdess.people.jsonl: | $(READY) $(WORK)/$(MARK)
	mkdir -p $(@D)
	$(AVKD) corpus ravdess $(RAVDESS) -q -o $@.all
	$(AVKD) corpus folds $@.all --prefix mood -q -o $@
$(LUPI)/lists/iemocap.people.jsonl: | $(READY) $(WORK)/$(MARK)
	mkdir -p $(@D)
	$(AVKD) corpus iemocap $(IEMOCAP) --four --video --left $(IEMOCAP_LEFT) --preview $(LUPI)/halves.jpg -q -o $@.all
	$(AVKD) corpus folds $@.all --group x-fold --prefix mood -q -o $@
# Of trained people some sessions are kept back: 70, 10 and 20 % in the paper, of three a third.
LUPI_KEPT = $(if $(LUPI_REAL),70$(,)10$(,)20,67$(,)0$(,)33)
$(LUPI)/lists/%.jsonl: $(LUPI)/lists/%.people.jsonl
	$(if $(filter $*,$(LUPI_WHO)),$(AVKD) corpus folds $< --only train --within person --group session --folds 1 --shares $(LUPI_KEPT) --prefix heard -q -o $@,cp $< $@)

define lupi_stores # $(1) corpus
$(STORES)/lupi-$(1)-sound.zarr/avkd.json: $(LUPI)/lists/$(1).jsonl
	mkdir -p $(STORES)
	$(AVKD) prep-audio $$< -o $$(@D) --config $(LUPI_PRESET) >/dev/null
$(STORES)/lupi-$(1)-faces.zarr/avkd.json: $(LUPI)/lists/$(1).jsonl
	mkdir -p $(STORES)
	$(AVKD) crop-faces $$< -o $$(@D) --config $(LUPI_PRESET) $(if $(filter ravdess,$(1)),--mode centre-224,$(LUPI_DETECTOR)) >/dev/null

endef
$(foreach one,$(sort $(LUPI_WHO) $(LUPI_MOOD)),$(eval $(call lupi_stores,$(one))))

define lupi_part # $(1) task, $(2) test, the utterances that it is told by, or train, those learned from
$(LUPI)/lists/$(1).$(2).jsonl: $(LUPI)/lists/$(LUPI_CORPUS_$(1)).jsonl
	grep -E '"$(LUPI_COLUMN_$(1))": ?"$(2)"' $$< >$$@.new
	mv $$@.new $$@

endef
$(foreach one,$(LUPI_TASKS),$(foreach part,test train,$(eval $(call lupi_part,$(one),$(part)))))
# And whom nobody was trained on.
$(LUPI)/lists/verify.jsonl: $(LUPI)/lists/$(LUPI_WHO).jsonl
	grep -E '"split": ?"test"' $< >$@.new
	mv $@.new $@

# ---- teachers and what they give, students and rivals ----------------------------------------

lupi_list = --list $(LUPI)/lists/$(LUPI_CORPUS_$(1)).jsonl --split-column $(LUPI_COLUMN_$(1)) --label $(LUPI_LABEL_$(1))
lupi_sound = $(STORES)/lupi-$(LUPI_CORPUS_$(1))-sound.zarr
lupi_faces = $(STORES)/lupi-$(LUPI_CORPUS_$(1))-faces.zarr
# Whom a teacher tells of: those that its students learn from.
lupi_taught_of = $(LUPI)/lists/$(1).train.jsonl
# Four seconds of a mood, in the paper.
lupi_crop = $(if $(LUPI_REAL),$(if $(filter person,$(LUPI_LABEL_$(1))),,--crop-min 400 --crop-max 400))

define lupi_teachers # $(1) task, $(2) net
$(LUPI)/runs/$(1)/$(2)-plain-teacher/model.json: $(lupi_faces)/avkd.json
	mkdir -p $(LUPI)/runs/$(1)
	$$(TRAIN) train-teacher --modality visual $(lupi_faces) -o $$(@D) $(LUPI_SEES_$(2)) $(lupi_list) $(LUPI_SETTINGS) >/dev/null
$(LUPI)/given/$(1)/$(2)-peak.zarr/avkd.json: $(LUPI)/runs/$(1)/$(2)-plain-teacher/model.json $(lupi_taught_of)
	mkdir -p $(LUPI)/given/$(1)
	$$(TRAIN) extract-embeddings $$(<D) $(lupi_faces) --face-pool peak --list $(lupi_taught_of) -o $$(@D) >/dev/null
$(LUPI)/given/$(1)/$(2)-frames.zarr/avkd.json: $(LUPI)/runs/$(1)/$(2)-plain-teacher/model.json
	mkdir -p $(LUPI)/given/$(1)
	$$(TRAIN) extract-embeddings $$(<D) $(lupi_faces) --level frames -o $$(@D) >/dev/null
$(LUPI)/runs/$(1)/$(2)-sequence-teacher/model.json: $(LUPI)/given/$(1)/$(2)-frames.zarr/avkd.json
	$$(TRAIN) train-teacher --modality sequence $$(<D) -o $$(@D) $(lupi_list) $(LUPI_SETTINGS) >/dev/null
$(LUPI)/given/$(1)/$(2)-segments.zarr/avkd.json: $(LUPI)/runs/$(1)/$(2)-sequence-teacher/model.json $(lupi_taught_of)
	$$(TRAIN) extract-embeddings $$(<D) $(LUPI)/given/$(1)/$(2)-frames.zarr --level segments --list $(lupi_taught_of) -o $$(@D) >/dev/null
$(LUPI)/given/$(1)/$(2)-aggregate.zarr/avkd.json: $(LUPI)/runs/$(1)/$(2)-sequence-teacher/model.json $(lupi_taught_of)
	$$(TRAIN) extract-embeddings $$(<D) $(LUPI)/given/$(1)/$(2)-frames.zarr --list $(lupi_taught_of) -o $$(@D) >/dev/null
$(LUPI)/runs/$(1)/$(2)-plain/model.json: $(lupi_sound)/avkd.json
	mkdir -p $(LUPI)/runs/$(1)
	$$(TRAIN) train-teacher --modality audio $(lupi_sound) -o $$(@D) $(LUPI_HEARS_$(2)) $(lupi_crop) $(lupi_list) $(LUPI_SETTINGS) >/dev/null
$(LUPI)/runs/$(1)/$(2)-sequence/model.json: $(lupi_sound)/avkd.json
	mkdir -p $(LUPI)/runs/$(1)
	$$(TRAIN) train-teacher --modality audio $(lupi_sound) -o $$(@D) $(LUPI_HEARS_$(2)) --segment 1 $(lupi_crop) $(lupi_list) $(LUPI_SETTINGS) >/dev/null

endef
define lupi_taught # $(1) task, $(2) net, $(3) name, $(4) what the teacher gives, $(5) how
$(LUPI)/runs/$(1)/$(2)-$(3)/model.json: $(lupi_sound)/avkd.json $(LUPI)/given/$(1)/$(2)-$(4).zarr/avkd.json
	mkdir -p $(LUPI)/runs/$(1)
	$$(TRAIN) distill --modality audio $(lupi_sound) --teacher $(LUPI)/given/$(1)/$(2)-$(4).zarr -o $$(@D) $(LUPI_HEARS_$(2)) $(5) $(lupi_crop) $(lupi_list) $(LUPI_SETTINGS) >/dev/null

endef
define lupi_swept # $(1) task, $(2) net, $(3) lambda in hundredths
$(call lupi_taught,$(1),$(2),plain-l$(3),peak,--imitation $(call lupi_share,$(3)))
$(call lupi_taught,$(1),$(2),segments-l$(3),segments,--segment 1 --level segments --imitation $(call lupi_share,$(3)))
$(call lupi_taught,$(1),$(2),aggregate-l$(3),aggregate,--segment 1 --imitation $(call lupi_share,$(3)))
$(call lupi_taught,$(1),$(2),plain-soft-l$(3),peak,--soft-labels $(call lupi_share,$(3)))
$(call lupi_taught,$(1),$(2),plain-multitask-l$(3),peak,--multitask $(call lupi_share,$(3)))
endef
$(foreach task,$(LUPI_TASKS),$(foreach net,$(LUPI_NETS),$(eval $(call lupi_teachers,$(task),$(net)))$(foreach one,$(LUPI_LAMBDAS),$(eval $(call lupi_swept,$(task),$(net),$(one))))))

# ---- what they say: classes of every task, scores of who speaks ------------------------------

LUPI_HEARING := $(foreach net,$(LUPI_NETS),$(net)-plain $(net)-sequence $(foreach one,$(LUPI_LAMBDAS),$(foreach way,plain segments aggregate plain-soft plain-multitask,$(net)-$(way)-l$(one))))
LUPI_SEEING  := $(foreach net,$(LUPI_NETS),$(net)-plain-teacher $(net)-sequence-teacher)
LUPI_SYSTEMS := $(LUPI_SEEING) $(LUPI_HEARING)
# What a system reads: a sequence teacher the frames that its own frame teacher gave.
lupi_reads = $(if $(filter %-sequence-teacher,$(2)),$(LUPI)/given/$(1)/$(2:-sequence-teacher=-frames).zarr,$(if $(filter %-teacher,$(2)),$(lupi_faces),$(lupi_sound)))
# One system is a folder of stores, one a fold.
lupi_said = $(LUPI)/said/$(if $(filter who,$(1)),identification,$(LUPI_ON))/$(2)/$(1).zarr

define lupi_says # $(1) task, $(2) system
$(lupi_said)/avkd.json: $(LUPI)/runs/$(1)/$(2)/model.json $(LUPI)/lists/$(1).test.jsonl
	mkdir -p $$(dir $$(@D))
	$$(TRAIN) extract-embeddings $$(<D) $(lupi_reads) --level posteriors $(if $(filter %-plain-teacher,$(2)),--face-pool peak) --list $(LUPI)/lists/$(1).test.jsonl -o $$(@D) >/dev/null

endef
$(foreach task,$(LUPI_TASKS),$(foreach one,$(LUPI_SYSTEMS),$(eval $(call lupi_says,$(task),$(one)))))

define lupi_told # $(1) what on, $(2) tasks, $(3) corpus
$(LUPI)/scores/$(1).systems.json: $(foreach task,$(2),$(foreach one,$(LUPI_SYSTEMS),$(call lupi_said,$(task),$(one))/avkd.json))
	mkdir -p $$(@D)
	$(AVKD) analyze classify $(foreach one,$(LUPI_SYSTEMS),$(LUPI)/said/$(1)/$(one)) --list $(LUPI)/lists/$(3).jsonl --resamples 1000 --json >$$@.new
	mv $$@.new $$@

endef
$(if $(LUPI_WHO),$(eval $(call lupi_told,identification,who,$(LUPI_WHO))))
$(if $(LUPI_MOOD),$(eval $(call lupi_told,$(LUPI_ON),$(LUPI_FOLDS:%=mood%),$(LUPI_MOOD))))

LUPI_TRIALS := $(if $(VOXCELEB1),$(or $(TRIAL_DIR),$(VOXCELEB1))/veri_test.txt,$(LUPI)/standin/veri_test.txt)
ifeq ($(LUPI_REAL),)
$(LUPI)/standin/veri_test.txt: $(LUPI)/standin/people.jsonl ;
endif
define lupi_scored # $(1) system
$(LUPI)/heard/$(1).zarr/avkd.json: $(LUPI)/runs/who/$(1)/model.json $(LUPI)/lists/verify.jsonl
	mkdir -p $(LUPI)/heard
	$$(TRAIN) extract-embeddings $$(<D) $(call lupi_sound,who) --list $(LUPI)/lists/verify.jsonl -o $$(@D) >/dev/null
$(LUPI)/scores/$(1).vox1-o.scores: $(LUPI)/heard/$(1).zarr/avkd.json $(LUPI_TRIALS)
	mkdir -p $(LUPI)/scores
	$$(AVKD) score $(LUPI_TRIALS) $(LUPI)/heard/$(1).zarr -o $$@ -q --metrics $$(@:.scores=.metrics.json)

endef
$(if $(LUPI_WHO),$(foreach one,$(LUPI_HEARING),$(eval $(call lupi_scored,$(one)))))

LUPI_FIGURES := $(if $(LUPI_WHO),$(LUPI)/scores/identification.systems.json $(LUPI_HEARING:%=$(LUPI)/scores/%.vox1-o.scores)) \
  $(if $(LUPI_MOOD),$(LUPI)/scores/$(LUPI_ON).systems.json)

# ---- the report ------------------------------------------------------------------------------

.PHONY: lupi lupi-inputs lupi-all
lupi: lupi-inputs ## films teach what only hears: who speaks, and how they feel (FULL=1, RAVDESS=)
	@$(PLACE) own $(WORK)
	@echo "avkd: $(LUPI_CORPUS)"
	@echo "avkd: preset $(LUPI_PRESET), networks $(LUPI_NETS), lambda $(LUPI_LAMBDAS) hundredths, everything in $(LUPI)/"
	@$(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS)) lupi-all
	@echo "avkd: report in $(LUPI)/report/index.html; $(LUPI_CORPUS)"

lupi-inputs:
	$(if $(RAVDESS),$(if $(IEMOCAP),$(error RAVDESS and IEMOCAP are given: one at a time, their moods differ)))
	@$(foreach one,$(VOXCELEB1) $(RAVDESS) $(IEMOCAP),$(call is_folder,$(one),give that of the corpus);) \
	$(if $(VOXCELEB1),$(call is_list,$(LUPI_TRIALS),put it there$(,) or give TRIAL_DIR=);) \
	[ -z "$(VOXCELEB1)$(IEMOCAP)" ] || [ -e "$(DETECTOR_WEIGHTS)" ] || { echo "make: faces of VoxCeleb1 and IEMOCAP need DETECTOR_WEIGHTS=FILE.onnx, found '$(DETECTOR_WEIGHTS)'; give it (README, Faces)" >&2; exit 66; }

lupi-all: $(LUPI)/report/index.html
$(LUPI)/report/index.html: $(LUPI_FIGURES)
	mkdir -p $(@D)
	echo s1 >$(LUPI)/avkd.work
	$(AVKD) analyze report $(LUPI) --paper s1 -o $(@D) $(if $(LUPI_REAL),,--corpus stand-in) >/dev/null

.PRECIOUS: $(LUPI)/lists/%.people.jsonl $(LUPI)/lists/%.jsonl \
  $(foreach task,$(LUPI_TASKS),$(LUPI_SYSTEMS:%=$(LUPI)/runs/$(task)/%/model.json))
