# S3: Saeed et al., ICASSP 2022. Voices and faces in one space: is this voice of that face? Losses,
# weights of orthogonality, fusions; nontargets that are alike; 1:N matching; time; cosines.
#
#   make fop                         a stand-in of its own: 120 people of few, short utterances, whose
#                                    voices and faces say more of age and sex than the usual ones'
#   make fop PEOPLE=list.jsonl       any corpus; its split says who is trained on, sex, nationality
#                                    and age (where it has them) are the strata
#   make fop VOXCELEB1=… [DETECTOR_WEIGHTS=…]      the paper's corpus, split anew; of a part of it
#                                    with FOP_SEEN= FOP_UNSEEN= FOP_VALIDATION=, all trials there are
#   make fop FOP_CSV=folder          FOP's own features: faceTrain.csv, voiceTrain.csv and the two
#                                    files of face_ and voice_veriflist_test_random_unseenunheard.csv
#
# Names of systems and lists are those of avkd_cli/papers/s3.py.

FOP_CSV     ?=
FOP_PERSONS ?= 120
$(call plain,FOP_CSV FOP_PERSONS)

FOP := $(WORK)/fop
FOP_SOURCE := $(if $(FOP_CSV),csv,$(if $(VOXCELEB1),voxceleb1,$(SOURCE)))
FOP_CORPUS := $(if $(FOP_CSV),the features of $(FOP_CSV),$(if $(VOXCELEB1),VoxCeleb1$(,) split anew,$(if $(PEOPLE),$(PEOPLE),a stand-in of $(FOP_PERSONS) synthetic people: no result here is one on VoxCeleb)))
FOP_SETTINGS = --config $(PRESET) --seed $(SEED)
# On the stand-in less long than the preset says: validation finds its best epoch early.
FOP_SHORT_pair := $(if $(filter standin,$(FOP_SOURCE)),--epochs 60)

# ---- systems ---------------------------------------------------------------------------------

FOP_LOSSES := ce center git contrastive triplet opl
FOP_ALPHAS := opl-a10 opl-a50 opl-a200 opl-a500
FOP_ALL    := $(FOP_LOSSES) $(FOP_ALPHAS) opl-linear
# What train-teacher is told: orthogonality alone is on unless it is said otherwise.
FOP_ce          = --orthogonal 0
FOP_center      = --orthogonal 0 --centre-loss 0.01
FOP_git         = --orthogonal 0 --git-loss 0.01
FOP_contrastive = --orthogonal 0 --contrastive 1
FOP_triplet     = --orthogonal 0 --triplet 1
FOP_opl         =
FOP_opl-a10     = --orthogonal 0.1
FOP_opl-a50     = --orthogonal 0.5
FOP_opl-a200    = --orthogonal 2
FOP_opl-a500    = --orthogonal 5
FOP_opl-linear  = --model linear

# ---- who is trained on, and the trials -------------------------------------------------------

FOP_LISTS := $(if $(FOP_CSV),,seen-heard) unseen-unheard
# What the list knows of people: VoxCeleb1's tables have no ages.
FOP_TRAITS ?= $(if $(filter standin,$(FOP_SOURCE)),G N A GNA GA,$(if $(filter voxceleb1,$(FOP_SOURCE)),G N,G))
$(call plain_words,FOP_TRAITS)

ifeq ($(FOP_SOURCE),standin)
FOP_STORES := $(FOP)/stores
FOP_LIST   := $(FOP)/corpus/people.jsonl
$(FOP_LIST): | $(READY) $(WORK)/$(MARK)
	mkdir -p $(FOP)
	$(AVKD) corpus standin -o $(@D) --persons $(FOP_PERSONS) --sessions 4 --utterances 2 --own 0.4 --seed 0
$(FOP_STORES)/audio.zarr/avkd.json: $(FOP_LIST)
	mkdir -p $(FOP_STORES)
	$(AVKD) prep-audio $< -o $(@D) --config $(PRESET) >/dev/null
$(FOP_STORES)/faces.zarr/avkd.json: $(FOP_LIST)
	mkdir -p $(FOP_STORES)
	$(AVKD) crop-faces $< -o $(@D) --config $(PRESET) $(DETECT) >/dev/null
else
FOP_STORES := $(STORES)
FOP_LIST   := $(LIST)
endif
ifeq ($(FOP_SOURCE),voxceleb1)
FOP_STORES := $(FOP)/stores
FOP_LIST   := $(FOP)/vox1.jsonl
# 901 people to train on, 100 to validate, 250 to test, as in the paper; which ones it does not say.
$(FOP_LIST): | $(READY) $(WORK)/$(MARK)
	mkdir -p $(FOP)
	$(AVKD) corpus voxceleb1 $(VOXCELEB1) -o $@.all
	$(AVKD) corpus split $@.all --test 0.2 --by sex --seed 0 --overwrite -o $@
$(FOP_STORES)/audio.zarr/avkd.json: $(FOP_LIST)
	mkdir -p $(FOP_STORES)
	$(AVKD) prep-audio $< -o $(@D) --config $(PRESET) >/dev/null
$(FOP_STORES)/faces.zarr/avkd.json: $(FOP_LIST)
	mkdir -p $(FOP_STORES)
	$(AVKD) crop-faces $< -o $(@D) --config $(PRESET) $(DETECT) >/dev/null
endif

# Column heard1 of the list: train; test (clips of trained people that are kept back); validation
# (people apart, who choose the best epoch). Who is tested unseen has no value there.
$(FOP)/lists/people.jsonl: $(FOP_LIST) | $(READY) $(WORK)/$(MARK)
	mkdir -p $(@D)
	$(AVKD) corpus folds $< --only train --folds 1 --shares 90,10,0 --prefix part -q -o $(@D)/parts.jsonl
	$(AVKD) corpus folds $(@D)/parts.jsonl --only train --within person --group session --folds 1 --shares 75,0,25 --prefix heard -q -o $@.new
	sed -E '/"part1": ?"validation"/ s/"heard1": ?"(train|test)"/"heard1": "validation"/' $@.new >$@
	rm $@.new

$(FOP)/lists/test.jsonl: $(FOP)/lists/people.jsonl
	grep -vE '"heard1": ?"(train|validation)"' $< >$@.new
	mv $@.new $@
$(FOP)/lists/unseen.jsonl: $(FOP)/lists/people.jsonl
	grep -vE '"split": ?"train"' $< >$@.new
	mv $@.new $@
$(FOP)/lists/trained.jsonl: $(FOP)/lists/people.jsonl
	grep -E '"heard1": ?"train"' $< >$@.new
	mv $@.new $@

# How many trials; all that are possible where that is not many. 15,248 is half of Learnable PINs' list.
FOP_SEEN_standin   = --nontargets 20000
FOP_UNSEEN_standin = --targets 1500 --nontargets 40000
FOP_SEEN_voxceleb1 = --targets 9010 --nontargets 9010
FOP_UNSEEN_voxceleb1 = --targets 15248 --nontargets 15248
FOP_VALIDATION_voxceleb1 = --targets 5000 --nontargets 5000
FOP_SEEN       ?= $(FOP_SEEN_$(FOP_SOURCE))
FOP_UNSEEN     ?= $(FOP_UNSEEN_$(FOP_SOURCE))
FOP_VALIDATION ?= $(FOP_VALIDATION_$(FOP_SOURCE))
FOP_DRAW = $(AVKD) corpus trials $(FOP)/lists/people.jsonl --cross --split-column heard1 -q -o $@
$(FOP)/lists/seen-heard.txt: $(FOP)/lists/people.jsonl
	$(FOP_DRAW) --protocol seen-heard $(FOP_SEEN)
$(FOP)/lists/unseen-unheard.txt: $(FOP)/lists/people.jsonl
	$(FOP_DRAW) --protocol unseen-unheard $(FOP_UNSEEN)
$(FOP)/lists/validation.txt: $(FOP)/lists/people.jsonl
	$(FOP_DRAW) --split validation $(FOP_VALIDATION)

# ---- embeddings of either sense, the pair's input ---------------------------------------------

ifeq ($(FOP_SOURCE),csv)
FOP_TRAINED := $(FOP)/stores/voices-train.zarr $(FOP)/stores/faces-train.zarr
FOP_TESTED_audio  := $(FOP)/stores/voices-test.zarr
FOP_TESTED_visual := $(FOP)/stores/faces-test.zarr
define from_csv # $(1) store, $(2) file
$(FOP)/stores/$(1).zarr/avkd.json: $(FOP_CSV)/$(2).csv | $(READY) $(WORK)/$(MARK)
	mkdir -p $(FOP)/stores
	$(AVKD) extract-embeddings --from $$< -o $$(@D) >/dev/null

endef
$(eval $(call from_csv,voices-train,voiceTrain))
$(eval $(call from_csv,faces-train,faceTrain))
$(eval $(call from_csv,voices-test,voice_veriflist_test_random_unseenunheard))
$(eval $(call from_csv,faces-test,face_veriflist_test_random_unseenunheard))
$(FOP)/lists/unseen-unheard.csv.txt: $(FOP_TESTED_audio)/avkd.json $(FOP_TESTED_visual)/avkd.json
	mkdir -p $(@D)
	$(AVKD) corpus fop-trials $(FOP_TESTED_audio) $(FOP_TESTED_visual) -q -o $@
FOP_TRIALS_unseen-unheard := $(FOP)/lists/unseen-unheard.csv.txt
FOP_TOLD :=
FOP_READS := $(FOP_TRAINED:=/avkd.json)
else
FOP_TRAINED := $(FOP)/stores/audio-emb.zarr $(FOP)/stores/visual-emb.zarr
FOP_TESTED_audio  := $(FOP)/stores/audio-emb.zarr
FOP_TESTED_visual := $(FOP)/stores/visual-emb.zarr
FOP_STORE_audio  := $(FOP_STORES)/audio.zarr
FOP_STORE_visual := $(FOP_STORES)/faces.zarr
FOP_TRIALS_seen-heard     := $(FOP)/lists/seen-heard.txt
FOP_TRIALS_unseen-unheard := $(FOP)/lists/unseen-unheard.txt
# Trials first: that too few are possible is said before days of training.
FOP_DRAWN := $(FOP)/lists/validation.txt $(FOP_TRIALS_seen-heard) $(FOP_TRIALS_unseen-unheard)
define fop_sense # $(1) sense
$(FOP)/encoders/$(1)/model.json: $(FOP_STORE_$(1))/avkd.json $(FOP)/lists/people.jsonl | $(FOP_DRAWN)
	mkdir -p $(FOP)/encoders
	$$(TRAIN) train-teacher --modality $(1) $(FOP_STORE_$(1)) --list $(FOP)/lists/people.jsonl --split-column heard1 -o $$(@D) $(FOP_SETTINGS) >/dev/null
$(FOP)/stores/$(1)-emb.zarr/avkd.json: $(FOP)/encoders/$(1)/model.json
	mkdir -p $(FOP)/stores
	$$(TRAIN) extract-embeddings $$(<D) $(FOP_STORE_$(1)) -o $$(@D) >/dev/null

endef
$(foreach sense,audio visual,$(eval $(call fop_sense,$(sense))))
FOP_TOLD = --list $(FOP)/lists/people.jsonl --split-column heard1 --validation $(FOP)/lists/validation.txt
FOP_READS := $(FOP_TRAINED:=/avkd.json) $(FOP)/lists/validation.txt
FOP_ONLY = --list $(FOP)/lists/test.jsonl
endif

# ---- pairs, both their sides, scores ---------------------------------------------------------

define fop_pair # $(1) system
$(FOP)/runs/$(1)/model.json: $(FOP_READS)
	mkdir -p $(FOP)/runs
	$$(TRAIN) train-teacher --modality pair $(FOP_TRAINED) -o $$(@D) $(FOP_$(1)) $(FOP_TOLD) $(FOP_SETTINGS) $(FOP_SHORT_pair) >/dev/null

endef
define fop_side # $(1) system, $(2) sense
$(FOP)/$(2)/$(1).zarr/avkd.json: $(FOP)/runs/$(1)/model.json $(FOP_TESTED_$(2))/avkd.json $(if $(FOP_CSV),,$(FOP)/lists/test.jsonl)
	mkdir -p $(FOP)/$(2)
	$$(TRAIN) extract-embeddings $$(<D) $(FOP_TESTED_$(2)) --side $(2) $(FOP_ONLY) -o $$(@D) >/dev/null

endef
define fop_scored # $(1) system, $(2) list
$(FOP)/scores/$(1).$(2).scores: $(FOP)/audio/$(1).zarr/avkd.json $(FOP)/visual/$(1).zarr/avkd.json $(FOP_TRIALS_$(2))
	mkdir -p $(FOP)/scores
	$$(AVKD) score $(FOP_TRIALS_$(2)) $(FOP)/audio/$(1).zarr $(FOP)/visual/$(1).zarr -o $$@ -q --metrics $$(@:.scores=.metrics.json)

endef
$(foreach one,$(FOP_ALL),$(eval $(call fop_pair,$(one)))$(foreach sense,audio visual,$(eval $(call fop_side,$(one),$(sense))))$(foreach list,$(FOP_LISTS),$(eval $(call fop_scored,$(one),$(list)))))

# ---- alike, matched, over training, timed ----------------------------------------------------

define fop_alike # $(1) list
$(FOP)/scores/$(1).systems.json: $(FOP_LOSSES:%=$(FOP)/scores/%.$(1).scores)
	$(AVKD) analyze strata $$^ --people $(FOP)/lists/people.jsonl $(FOP_TRAITS:%=--stratum %) --resamples 1000 --json >$$@.new
	mv $$@.new $$@

endef
$(foreach list,$(FOP_LISTS),$(eval $(call fop_alike,$(list))))

define fop_matched # $(1) probes, $(2) gallery, $(3) name
$(FOP)/scores/$(3).systems.json: $(foreach sense,audio visual,$(FOP_LOSSES:%=$(FOP)/$(sense)/%.zarr/avkd.json)) $(FOP)/lists/unseen.jsonl
	mkdir -p $$(@D)
	$(AVKD) analyze identify $(FOP_LOSSES:%=$(FOP)/$(1)/%.zarr) $(FOP_LOSSES:%=--gallery $(FOP)/$(2)/%.zarr) --candidates utterance --list $(FOP)/lists/unseen.jsonl --match 2,4,6,8,10 --matching-plot $(FOP)/$(3).svg --json >$$@.new
	mv $$@.new $$@

endef
$(eval $(call fop_matched,audio,visual,voice-to-face))
$(eval $(call fop_matched,visual,audio,face-to-voice))

define fop_fused # $(1) system
$(FOP)/fused/$(1).zarr/avkd.json: $(FOP)/runs/$(1)/model.json $(FOP)/lists/trained.jsonl
	mkdir -p $(FOP)/fused
	$$(TRAIN) extract-embeddings $$(<D) $(FOP_TRAINED) --list $(FOP)/lists/trained.jsonl -o $$(@D) >/dev/null

endef
$(foreach one,$(FOP_LOSSES),$(eval $(call fop_fused,$(one))))
$(FOP)/scores/training.systems.json: $(FOP_LOSSES:%=$(FOP)/fused/%.zarr/avkd.json)
	mkdir -p $(@D)
	$(AVKD) analyze cosines $(FOP_LOSSES:%=$(FOP)/fused/%.zarr) --json >$@.new
	mv $@.new $@
$(FOP)/scores/time.figures.jsonl: | $(READY) $(WORK)/$(MARK)
	mkdir -p $(@D)
	OMP_NUM_THREADS=1 $(dir $(AVKD))python benchmarks/bench_pair.py --figures >$@.new
	mv $@.new $@

FOP_FIGURES := $(FOP)/scores/time.figures.jsonl $(if $(FOP_CSV),,$(foreach one,$(FOP_LISTS) voice-to-face face-to-voice training,$(FOP)/scores/$(one).systems.json))

# ---- the report ------------------------------------------------------------------------------

.PHONY: fop fop-inputs fop-all
fop: fop-inputs ## is this voice of that face? fusion and orthogonal projection (FOP_CSV=, VOXCELEB1=)
	@$(PLACE) own $(WORK)
	@echo "avkd: $(FOP_CORPUS)"
	@$(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS)) fop-all
	@echo "avkd: report in $(FOP)/report/index.html; $(FOP_CORPUS)"

fop-inputs:
	@$(foreach one,$(if $(FOP_CSV),,$(VOXCELEB1)) $(FOP_CSV),$(call is_folder,$(one),give that of the corpus or of the features);) \
	$(foreach one,$(if $(FOP_CSV),faceTrain voiceTrain face_veriflist_test_random_unseenunheard voice_veriflist_test_random_unseenunheard),$(call is_file,$(FOP_CSV)/$(one).csv,put FOP's file there);) \
	$(foreach one,$(PEOPLE),$(call is_file,$(one),correct PEOPLE=);) \
	[ $(DETECTOR) = none ] || [ -e "$(DETECTOR_WEIGHTS)" ] || { echo "make: DETECTOR=$(DETECTOR) needs DETECTOR_WEIGHTS=FILE.onnx, found '$(DETECTOR_WEIGHTS)'; give it (README, Faces), or DETECTOR=none where all pictures are cut around faces already" >&2; exit 66; }

fop-all: $(FOP)/report/index.html
$(FOP)/report/index.html: $(foreach one,$(FOP_ALL),$(foreach list,$(FOP_LISTS),$(FOP)/scores/$(one).$(list).scores)) $(FOP_FIGURES)
	mkdir -p $(@D)
	echo s3 >$(FOP)/avkd.work
	$(AVKD) analyze report $(FOP) --paper s3 -o $(@D) $(if $(filter standin,$(FOP_SOURCE)),--corpus stand-in) >/dev/null

.PRECIOUS: $(FOP_ALL:%=$(FOP)/runs/%/model.json) $(foreach sense,audio visual,$(FOP_ALL:%=$(FOP)/$(sense)/%.zarr/avkd.json) $(FOP)/stores/$(sense)-emb.zarr/avkd.json) \
  $(FOP_LOSSES:%=$(FOP)/fused/%.zarr/avkd.json)
