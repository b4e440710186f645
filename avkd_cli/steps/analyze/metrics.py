"""`avkd analyze metrics`: the figures of score files, with their signature."""

from collections.abc import Sequence
from pathlib import Path

from avkd_cli.steps.analyze.inputs import display_names, read_labelled
from avkd_cli.steps.score_output import P_TARGETS, figures
from avkd_cli.verification.scores import Scores
from avkd_cli.verification.signature import signature


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
            {"name": name, "file": one.source, "list": one.name, **measured(one)}
            for name, one in zip(display_names(paths), files, strict=True)
        ],
    }


def measured(scores: Scores) -> dict:
    """Return one score file's digest and counts, its figures, and their signature."""
    n_target, n_nontarget = len(scores.target), len(scores.nontarget)
    return {
        "digest": scores.digest,
        "trials": len(scores),
        "targets": n_target,
        "nontargets": n_nontarget,
        **figures(scores),
        "signature": signature(
            list_name=scores.name,
            digest=scores.digest,
            n_target=n_target,
            n_nontarget=n_nontarget,
            p_targets=P_TARGETS,
        ),
    }
