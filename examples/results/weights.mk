# Weights of the terms, before `make tune` was run: all 1.
WEIGHTS_audio_cos = --beta 1
WEIGHTS_audio_kl = --alpha 1
WEIGHTS_audio_mmd = --gamma 1
WEIGHTS_audio_cos-kl = --beta 1 --alpha 1
WEIGHTS_audio_cos-mmd = --beta 1 --gamma 1
WEIGHTS_audio_kl-mmd = --alpha 1 --gamma 1
BEST_audio = cos
WEIGHTS_visual_cos = --beta 1
WEIGHTS_visual_kl = --alpha 1
WEIGHTS_visual_mmd = --gamma 1
WEIGHTS_visual_cos-kl = --beta 1 --alpha 1
WEIGHTS_visual_cos-mmd = --beta 1 --gamma 1
WEIGHTS_visual_kl-mmd = --alpha 1 --gamma 1
BEST_visual = cos
