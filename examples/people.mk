# Who there is to work on, and the stores of them that systems share. What a target needs of this is
# looked for by that target before it begins (`inputs` of systems/vox1_kd.mk), never while this is read.
#
# SOURCE is voxceleb where both of its folders are given, people where a list is, else standin. LIST is
# the list of people, NAMES the short names of the trial lists, TRIALS_name the file of each.

PERSONS ?= 40
$(call plain,VOXCELEB1 VOXCELEB2 TRIAL_DIR PEOPLE PERSONS)
$(call plain_words,TRIALS NAMES)

VOX1   := vox1-o vox1-e vox1-h vox1-o-cleaned vox1-e-cleaned vox1-h-cleaned
SOURCE := $(if $(VOXCELEB1)$(VOXCELEB2),voxceleb,$(if $(PEOPLE),people,standin))

ifeq ($(SOURCE),voxceleb)
  CORPUS := VoxCeleb2 dev to train on, VoxCeleb1 to test on
  PRESET ?= paper
  JOBS   ?= 1
  DETECTOR ?= yunet
  LIST   := $(WORK)/lists/people.jsonl
  TRIAL_DIR ?= $(VOXCELEB1)
  NAMES  := $(VOX1)
else ifeq ($(SOURCE),people)
  CORPUS := $(PEOPLE)
  # The list itself, since its paths are relative to it.
  LIST   := $(PEOPLE)
  NAMES  := $(basename $(notdir $(TRIALS)))
else
  CORPUS := the stand-in corpus: $(PERSONS) synthetic people, no result here is a result on VoxCeleb
  LIST   := $(WORK)/corpus/people.jsonl
  TRIAL_DIR := $(WORK)/corpus
  NAMES  := $(VOX1)
endif
PRESET   ?= small
JOBS     ?= 2
DETECTOR ?= none

TRIALS_vox1-o         = $(TRIAL_DIR)/veri_test.txt
TRIALS_vox1-o-cleaned = $(TRIAL_DIR)/veri_test2.txt
TRIALS_vox1-e         = $(TRIAL_DIR)/list_test_all.txt
TRIALS_vox1-e-cleaned = $(TRIAL_DIR)/list_test_all2.txt
TRIALS_vox1-h         = $(TRIAL_DIR)/list_test_hard.txt
TRIALS_vox1-h-cleaned = $(TRIAL_DIR)/list_test_hard2.txt
$(foreach file,$(TRIALS),$(eval TRIALS_$(basename $(notdir $(file))) = $(file)))

# The stand-in's lists are made with it; all others must be there before anything is begun.
ifneq ($(SOURCE),standin)
  GIVEN_TRIALS = $(foreach name,$(NAMES),$(TRIALS_$(name)))
  OTHER_TRIALS = $(if $(PEOPLE),correct TRIALS= (blanks part the lists),put it there$(,) or give TRIAL_DIR=$(,) or fewer lists: NAMES='vox1-o vox1-o-cleaned')
endif

STORES  := $(WORK)/stores
THREADS := $(shell n=$$(( $$(nproc) / $(JOBS) )); echo $$(( n > 0 ? n : 1 )))
TRAIN    = OMP_NUM_THREADS=$(THREADS) $(AVKD)
SETTINGS = --config $(PRESET) --seed $(SEED) --num-processes $(NUM_PROCESSES)
DETECT   = --detector $(DETECTOR) $(if $(DETECTOR_WEIGHTS),--detector-weights $(DETECTOR_WEIGHTS))

# ---- lists -----------------------------------------------------------------------------------

$(WORK)/corpus/people.jsonl: | $(READY) $(WORK)/$(MARK)
	$(AVKD) corpus standin -o $(WORK)/corpus --persons $(PERSONS) --seed 0

ifeq ($(SOURCE),standin)
# They appear with the corpus.
$(sort $(foreach name,$(NAMES),$(TRIALS_$(name)))): $(WORK)/corpus/people.jsonl ;
endif

ifeq ($(SOURCE),voxceleb)
$(LIST): | $(READY) $(WORK)/$(MARK)
	mkdir -p $(@D)
	$(if $(VOXCELEB2),$(AVKD) corpus voxceleb2 $(VOXCELEB2) --split train,:) >$@.train
	$(AVKD) corpus voxceleb1 $(VOXCELEB1) $(if $(VOXCELEB2),--split test) >$@.test
	cat $@.train $@.test >$@.new
	mv $@.new $@
endif

# Students are embedded for the test only.
$(WORK)/lists/test.jsonl: $(LIST) | $(WORK)/$(MARK)
	mkdir -p $(@D)
	grep -vE '"split": *"train"' $< >$@.new || { echo "$<: nobody to test on: every line has split train" >&2; exit 65; }
	mv $@.new $@

# ---- stores ----------------------------------------------------------------------------------

$(STORES)/audio.zarr/avkd.json: $(LIST) | $(READY) $(WORK)/$(MARK)
	mkdir -p $(STORES)
	$(AVKD) prep-audio $< -o $(@D) --config $(PRESET) >/dev/null

$(STORES)/faces.zarr/avkd.json: $(LIST) | $(READY) $(WORK)/$(MARK)
	mkdir -p $(STORES)
	$(AVKD) crop-faces $< -o $(@D) --config $(PRESET) $(DETECT) >/dev/null

# A finished store is never thrown away because make was interrupted.
.PRECIOUS: $(STORES)/audio.zarr/avkd.json $(STORES)/faces.zarr/avkd.json
