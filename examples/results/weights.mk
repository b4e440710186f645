# Weights of the terms, written by `make tune`: the lowest mean EER over 2 runs on two folds
# inside the training people; the people of the test had no part in it. Grid and EERs: tuning.json.
WEIGHTS_audio_cos = --beta 1
WEIGHTS_audio_kl = --alpha 0.3
WEIGHTS_audio_mmd = --gamma 1
WEIGHTS_audio_cos-kl = --beta 1 --alpha 0.3
WEIGHTS_audio_cos-mmd = --beta 1 --gamma 1
WEIGHTS_audio_kl-mmd = --alpha 0.3 --gamma 1
WEIGHTS_visual_cos = --beta 0.3
WEIGHTS_visual_kl = --alpha 0.3
WEIGHTS_visual_mmd = --gamma 1
WEIGHTS_visual_cos-kl = --beta 0.3 --alpha 0.3
WEIGHTS_visual_cos-mmd = --beta 0.3 --gamma 1
WEIGHTS_visual_kl-mmd = --alpha 0.3 --gamma 1
BEST_audio = mmd
BEST_visual = cos
