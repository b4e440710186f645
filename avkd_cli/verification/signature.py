"""One line that says how a figure was computed, to paste under a table (as sacreBLEU's)."""

from collections.abc import Sequence

from avkd_cli.storage.manifest import library_version


def signature(
    *,
    list_name: str,
    digest: str,
    n_target: int,
    n_nontarget: int,
    p_targets: Sequence[float],
    mode: str = "interp",
    costs: tuple[float, float] = (1.0, 1.0),
    norm: str = "none",
    metric: str = "cosine",
) -> str:
    """Return the signature of a figure.

    Args:
        list_name: name of the trial list.
        digest: "sha256:…" of what it says, see `content.content_digest`.
        n_target: number of same-person trials.
        n_nontarget: number of different-person trials.
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
    return (
        f"list:{list_name}#{digest.removeprefix('sha256:')[:12]}|trials:{n_target}+{n_nontarget}"
        f"|eer:{mode}|ties:{ties}|dcf:normalised|p_target:{priors}|costs:{miss:g},{false_alarm:g}"
        f"{compared}|norm:{norm}|avkd:{library_version('avkd') or 0}"
    )
