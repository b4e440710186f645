"""One line that says how a figure was computed, to paste under a table (as sacreBLEU's)."""

from collections.abc import Sequence

from avkd_cli.storage.manifest import library_version
from avkd_cli.verification.scores import Scores


def signature(
    scores: Scores,
    p_targets: Sequence[float],
    *,
    mode: str = "interp",
    costs: tuple[float, float] = (1.0, 1.0),
    norm: str = "none",
    metric: str = "cosine",
) -> str:
    """Return the signature of a figure of scores; 0 trials of either kind without labels.

    Args:
        p_targets: priors of the detection costs.
        mode: of the EER, see `metrics.EER_MODES`.
        costs: of a miss and of a false alarm.
        norm: what was done to the scores.
        metric: what compared embeddings; named where it is no cosine.
    """
    ties = "by-order" if mode == "nist" else "one-threshold"
    priors = ",".join(f"{p:g}" for p in p_targets) or "none"
    miss, false_alarm = costs
    compared = "" if metric == "cosine" else f"|metric:{metric}"
    kinds = (0, 0) if scores.label is None else (len(scores.target), len(scores.nontarget))
    digest = scores.content.removeprefix("sha256:")[:12]
    return (
        f"list:{scores.name}#{digest}|trials:{kinds[0]}+{kinds[1]}"
        f"|eer:{mode}|ties:{ties}|dcf:normalised|p_target:{priors}|costs:{miss:g},{false_alarm:g}"
        f"{compared}|norm:{norm}|avkd:{library_version('avkd') or 0}"
    )
