# What is a teacher worth? The record on real people; every line it prints is a plain `avkd` command.
#
#   make tune    DATA=../shared/data                          settings of STAGES, by folds of the training people
#   make results DATA=../shared/data                          the primary comparison, one seed
#   make results DATA=… STAGES="primary ways" SEEDS="0 1 2"   more of it: a second call does what is missing
#   make results DATA=… QUICK=1                               a trial of all stages in minutes, into work/quick
#   make results MANIFEST=people.jsonl TRIALS=trials.txt IMPORTED="audio:a.npz visual:v.npz"    other people

DATA     ?= ../shared/data
MANIFEST ?=
COLUMNS  ?=
IMPORTED ?=
BLOCK    ?= block
WITHIN   ?= block,sex
SEEDS    ?= 0
QUICK    ?=
STAGES   ?= $(if $(QUICK),all,primary)
JOBS     ?= 2
WORK_STUDY ?= $(if $(QUICK),work/quick,work/study)
DOCS     ?= $(if $(QUICK),$(WORK_STUDY),docs)
CHOSEN   ?= $(if $(QUICK)$(MANIFEST),$(WORK_STUDY)/chosen.json,study/chosen.json)
$(call needed,WORK_STUDY DOCS CHOSEN)
$(call plain,DATA MANIFEST BLOCK WITHIN JOBS WORK_STUDY DOCS CHOSEN)
$(call switch,QUICK)
$(call plain_words,SEEDS STAGES)

STUDY = OMP_NUM_THREADS=1 $(VENV)/bin/python -m study
comma_words = $(subst $(eval) ,$(,),$(strip $(1)))
WHOSE_STUDY = --data $(DATA) $(if $(MANIFEST),--manifest $(MANIFEST) --trials $(firstword $(TRIALS))) \
  $(if $(COLUMNS),--columns "$(COLUMNS)") $(IMPORTED:%=--imported %) --block "$(BLOCK)" --by "$(WITHIN)" \
  --work $(WORK_STUDY) --stages $(call comma_words,$(STAGES)) --chosen $(CHOSEN) --jobs $(JOBS) $(if $(QUICK),--quick 20)

.PHONY: study-inputs tune ideas results
tune: study-inputs $(READY) ## choose the settings of STAGES, by folds of the training people of DATA
	$(STUDY) tune $(WHOSE_STUDY)

ideas: study-inputs $(READY) ## choose the weights of every other way to teach, by the same folds
	$(STUDY) tune $(WHOSE_STUDY) --stages all

results: study-inputs $(READY) ## what is a teacher worth? the study on DATA, into docs/results.md
	$(STUDY) results $(WHOSE_STUDY) --seeds $(call comma_words,$(SEEDS)) -o $(DOCS)

# What is missing is said before anything is begun.
PEOPLE171 := $(DATA)/people171
study-inputs:
	@$(if $(MANIFEST),$(call is_file,$(MANIFEST),give MANIFEST=); $(if $(TRIALS),$(call is_list,$(firstword $(TRIALS)),give TRIALS=),$(error MANIFEST is given without TRIALS: give both)),$(call is_file,$(PEOPLE171)/people171.csv,give DATA= or MANIFEST=); $(call is_list,$(PEOPLE171)/people171_trials.txt,give DATA= or TRIALS=))
	@$(foreach one,$(IMPORTED),$(call is_file,$(lastword $(subst :, ,$(one))),give IMPORTED=);) true
	@$(PLACE) own $(WORK_STUDY)
