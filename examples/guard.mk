# What keeps make inside its own folders. Included before anything else; no rule here.

# make parts targets at blanks, and reads a good many signs as something else; so does the shell. One
# of them in a variable is refused while the Makefile is read, since no rule could be read rightly.
#   $(call plain,WORK PRESET …)    each holds one word, or nothing
#   $(call plain_words,NAMES …)    each holds words
#   $(call needed,WORK …)          each holds something
#   $(call switch,FULL …)          each is 1, or holds nothing: FULL=0 would be on
ODD := ' " ` $$ & | ; < > ( ) { } [ ] * ? ! \ ~ % : = \#
, := ,
odd_of = $(strip $(foreach sign,$(ODD),$(findstring $(sign),$(1))) $(filter -%,$(1)))
plain_words = $(foreach one,$(1),$(if $(call odd_of,$($(one))),$(error $(one)='$($(one))' holds $(firstword $(call odd_of,$($(one))))$(,) which make or the shell would misread: give another name)))
plain = $(foreach one,$(1),$(if $(filter 1,$(words x$($(one))x)),,$(error $(one)='$($(one))' holds a blank$(,) and make parts names at blanks: give a name without)))$(call plain_words,$(1))
switch = $(foreach one,$(1),$(if $(filter 0x 1x1,$(words $($(one)))x$(strip $($(one)))),,$(error $(one)='$($(one))' is neither on nor off: say $(one)=1 or $(one)=)))
needed = $(foreach one,$(1),$(if $(strip $($(one))),,$(error $(one) is empty: give it a value)))

# What a target needs is looked for in its own recipe, before anything is begun.
#   $(call both,A,B)                  both variables are given, or neither
#   $(call different,NAMES,what)      no name stands twice
#   @$(call is_file,NAME,advice);     it is there; is_list and is_folder: the same of those
both = $(if $($(1)),$(if $($(2)),,$(error $(1) is given without $(2): give both)),$(if $($(2)),$(error $(2) is given without $(1): give both)))
twice = $(strip $(foreach one,$(sort $(1)),$(if $(filter-out 1,$(words $(filter $(one),$(1)))),$(one))))
different = $(if $(call twice,$($(1))),$(error two $(2) have the name $(firstword $(call twice,$($(1)))): rename one))
absent = { echo "make: $(1): no such $(2); $(3)" >&2; exit 66; }
is_file   = [ -f $(1) ] || $(call absent,$(1),file,$(2))
is_list   = [ -f $(1) ] || $(call absent,$(1),trial list,$(2))
is_folder = [ -d $(1) ] || $(call absent,$(1),folder,$(2))
# Words without repetition, so that no rule is given twice while this is read.
unique = $(if $(1),$(firstword $(1)) $(call unique,$(filter-out $(firstword $(1)),$(1))))

PLACE := $(dir $(lastword $(MAKEFILE_LIST)))place.sh
MARK  := .avkd-made
