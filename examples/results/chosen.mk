# Ways to teach that did best of all that `make ideas`, which wrote this, compares on the folds.
WEIGHTS_visual_projected-3 = --beta 3 --projection
BEST_visual = projected-3
