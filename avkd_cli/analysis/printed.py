"""The results that the paper prints, to stand beside ours.

They were obtained on VoxCeleb: beside a figure on any other list they say what distillation did
there, and compare with nothing here.

Source:
    L. Zhang, Z. Chen, Y. Qian, "Knowledge distillation from multi-modality to single-modality
    for person verification", Interspeech 2021, tables 1 to 3. EER in percent.
"""

from avkd_cli.verification.trials import KNOWN_LISTS

NOTE = "printed in the paper, on VoxCeleb; not comparable to results on any other list"
PAPER = (
    "L. Zhang, Z. Chen, Y. Qian, “Knowledge distillation from multi-modality to "
    "single-modality for person verification”, Interspeech 2021, tables 1 to 3"
)
LISTS = ("vox1-o", "vox1-e", "vox1-h")

EER_PERCENT = {
    "audio": (1.792, 1.704, 2.964),
    "visual": (1.299, 0.987, 1.483),
    "fusion-gate": (0.514, 0.375, 0.555),
    "visual-kd-cos": (1.294, 0.968, 1.427),
    "visual-kd-kl": (1.257, 0.905, 1.331),
    "visual-kd-mmd": (1.140, 0.903, 1.341),
    "visual-kd-cos-kl": (1.288, 0.938, 1.386),
    "visual-kd-cos-mmd": (1.278, 0.928, 1.355),
    "visual-kd-kl-mmd": (1.235, 0.903, 1.346),
    "audio-kd-cos": (1.707, 1.690, 2.960),
    "audio-kd-kl": (1.671, 1.686, 2.935),
    "audio-kd-mmd": (1.718, 1.680, 2.947),
    "audio-kd-cos-kl": (1.691, 1.692, 2.963),
    "audio-kd-cos-mmd": (1.718, 1.692, 2.943),
    "audio-kd-kl-mmd": (1.697, 1.684, 2.950),
}

# Correlation of the senses' embeddings with the fused one, and of what was corrected (section 4.4).
PCC = {("visual", "fusion-gate"): 0.079, ("audio", "fusion-gate"): 0.007}


def printed_eer(system: str, trial_list: str) -> float | None:
    """Return the paper's EER in percent, or None where it prints none.

    The lists are the original ones; the paper does not say so, but the counts in its section
    4.4 fit them and not the cleaned ones.
    """
    if system not in EER_PERCENT or trial_list not in LISTS:
        return None
    return EER_PERCENT[system][LISTS.index(trial_list)]


def is_official(trial_list: str, targets: int, nontargets: int) -> bool:
    """Return whether a list of this name has as many trials as the official one."""
    return KNOWN_LISTS.get(trial_list, ())[:2] == (targets, nontargets)
