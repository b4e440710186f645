# Other ways to teach than the paper's, which `make ideas` compares on the folds inside the training
# people. A line an idea: options of `avkd distill`; $(1) is the run of the baseline of its seed.
# TEACHER_SENSE_IDEA names who teaches, when it is not the fusion: strong-SENSE is the imported
# encoder of a sense.

IDEAS_visual := cos cos-10 projected projected-3 projected-similarity similarity relational \
  from-baseline soft imported-projected imported-projected-10 imported-relational
IDEA_visual_cos = --beta 1
IDEA_visual_cos-10 = --beta 10
IDEA_visual_projected = --beta 1 --projection
IDEA_visual_projected-3 = --beta 3 --projection
IDEA_visual_projected-similarity = --beta 1 --projection --similarity 300
IDEA_visual_similarity = --similarity 300
IDEA_visual_relational = --relational 3
IDEA_visual_from-baseline = --beta 1 --init-from $(1)
IDEA_visual_soft = --alpha 1 --temperature 0.125
IDEA_visual_imported-projected = --beta 1 --projection
IDEA_visual_imported-projected-10 = --beta 10 --projection
IDEA_visual_imported-relational = --relational 3
TEACHER_visual_imported-projected = strong-visual
TEACHER_visual_imported-projected-10 = strong-visual
TEACHER_visual_imported-relational = strong-visual

IDEAS_audio :=
