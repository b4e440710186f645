"""`avkd analyze metrics`: the figures of score files, with their signature."""

from collections.abc import Sequence
from pathlib import Path

from avkd_cli.steps.analyze.inputs import avkd_version, display_names, read_labelled
from avkd_cli.verification.metrics import detection_metrics, eer_threshold
from avkd_cli.verification.scores import Scores

P_TARGETS = (0.01, 0.05)


def metrics(paths: Sequence[str | Path], trials: str | Path | None = None) -> dict:
    """Return EER, minDCF, counts and signature of each score file.

    Raises:
        MissingInputError, InputError: as in `inputs.read_labelled`.
    """
    files = read_labelled(paths, trials)
    return {
        "format": "avkd.analysis.metrics",
        "version": 1,
        "files": [
            {"name": name, **figures(one)}
            for name, one in zip(display_names(paths), files, strict=True)
        ],
    }


def figures(scores: Scores) -> dict:
    """Return one score file's EER in percent, minDCF by prior, threshold, counts, signature."""
    target, nontarget = scores.target, scores.nontarget
    found = detection_metrics(target, nontarget, P_TARGETS)
    return {
        "file": scores.source,
        "digest": scores.digest,
        "trials": len(scores),
        "targets": len(target),
        "nontargets": len(nontarget),
        "eer_percent": 100 * found["eer"],
        "min_dcf": {f"{p:g}": found[f"min_dcf_{p:g}"] for p in P_TARGETS},
        "eer_threshold": eer_threshold(target, nontarget),
        "signature": signature(scores),
    }


def signature(scores: Scores) -> str:
    """Return one line that says how the figures were computed, to paste under a table."""
    priors = ",".join(f"{p:g}" for p in P_TARGETS)
    return (
        f"{Path(scores.source).name}|list:{scores.name}|{scores.digest[:19]}"
        f"|trials:{len(scores.target)}+{len(scores.nontarget)}|eer:interp|ties:one-threshold"
        f"|p_target:{priors}|costs:1,1|normalised|avkd:{avkd_version()}"
    )
