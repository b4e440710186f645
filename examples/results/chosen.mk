# Ways to teach that did better on the folds than every loss of the paper; written by `make ideas`.
WEIGHTS_visual_projected-3 = --beta 3 --projection
BEST_visual = projected-3
