"""What `avkd score` leaves: score lines, the summary on stderr, and the same as JSON."""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from avkd_cli.config import P_TARGETS, ScoreConfig
from avkd_cli.errors import OutputError, UsageError, blame
from avkd_cli.said import tell, warn
from avkd_cli.steps.seen import SEEN, Seen
from avkd_cli.storage import durable
from avkd_cli.verification.folded import grid_area, grid_eer, grid_rates
from avkd_cli.verification.headed import as_names
from avkd_cli.verification.metrics import (
    area_under_roc,
    eer_threshold,
    equal_error_rate,
    error_rates,
    interpolated_eer,
    min_dcf,
)
from avkd_cli.verification.scorefiles import score_lines, write_scores
from avkd_cli.verification.scores import Scores
from avkd_cli.verification.signature import signature


@dataclass(frozen=True)
class ScoreFiles:
    """What `avkd score` is given beside inputs and settings: its options, by their names."""

    output: Path | None = None
    metrics: Path | None = None
    cohort: str | None = None
    sub_mean: str | None = None
    enrol_map: str | None = None
    trial_list: str | None = None
    intersect: bool = False
    calibrate: Path | None = None
    train_calibration: Path | None = None
    quality_store: str | None = None
    overwrite: bool = False
    strict: bool = False
    quiet: bool = False


@dataclass(frozen=True)
class Facts:
    """What is known of scores beside themselves.

    Args:
        score_type: what they are, for calibrations.
        norm, metric: how they were made, for the signature.
        inputs: name → what they were made from; None where there is none.
        skipped: trials left out.
        seen: who of the trials was trained on, if that is known.
        calibrated: figures of the ratios that they have become.
    """

    score_type: str
    norm: str
    metric: str = "cosine"
    inputs: Mapping[str, Any] = field(default_factory=dict)
    skipped: int = 0
    seen: Seen | None = None
    calibrated: dict[str, Any] | None = None


def note(quiet: bool, text: str) -> None:
    """Print one line on stderr."""
    if not quiet:
        tell("score", text)


def column_names(settings: ScoreConfig) -> dict[str, str]:
    """Return what columns of CSV files are called."""
    with blame("--columns", kind=UsageError):
        return as_names(settings.columns)


def deliver(scores: Scores, settings: ScoreConfig, facts: Facts, files: ScoreFiles) -> dict:
    """Write the scores, then the summary; return the summary.

    Raises:
        UsageError: scores and summary would both go to stdout.
        OutputError: other scores, or anything else, are in the way, without `overwrite`.
    """
    if files.output is None and str(files.metrics) == "-":
        raise UsageError("scores and metrics cannot both go to stdout; give -o or --metrics FILE")
    summary = summarise(scores, facts, settings.eer_mode)
    if settings.out_format == "voxsrc":
        scores = to_unit_range(scores)
    if settings.out_format == "fame" and facts.metric == "tanh-l2" and not facts.calibrated:
        scores = replace(scores, score=2 * scores.score - 1)  # so that d itself is written
    write_scored(files.output, scores, settings.out_format, files.overwrite, files.quiet)
    if str(files.metrics) == "-":
        print(json.dumps(summary, ensure_ascii=False))
    elif files.metrics is not None:
        durable.write_json(files.metrics, summary)
    for text in scores.warnings:
        warn("score", f"{scores.name}: {text}")
    if not files.quiet:
        print("\n".join(readable(summary)), file=sys.stderr)
    return summary


def write_scored(
    output: Path | None, scores: Scores, format: str, overwrite: bool, quiet: bool
) -> None:
    """Write score lines, to stdout or a file; the same again is only given a new time, for make.

    Raises:
        OutputError: the file is there and holds something else, without `overwrite`.
    """
    if output is None or overwrite or not output.is_file():
        write_scores(output, scores, format)
    elif _holds(output, score_lines(scores, format)):
        os.utime(output)
        note(quiet, f"{output}: already complete")
    else:
        raise OutputError(
            f"{output}: holds other scores than these, of another list, store or setting; choose "
            "another -o, or pass --overwrite"
        )


def _holds(path: Path, blocks: Iterable[bytes]) -> bool:
    with path.open("rb") as file:
        return all(file.read(len(block)) == block for block in blocks) and not file.read(1)


def to_unit_range(scores: Scores) -> Scores:
    """Return scores from 0 to 1, as VoxSRC takes them; the order, and so the EER, stays."""
    low, high = scores.score.min(), scores.score.max()
    if low >= 0 and high <= 1:
        return scores
    if low >= -1 and high <= 1:
        return replace(scores, score=(1 + scores.score) / 2)
    return replace(scores, score=np.exp(-np.logaddexp(0, -scores.score)))


def summarise(scores: Scores, facts: Facts, eer_mode: str = "interp") -> dict:
    """Return figures, counts and signature; no figures where a class is missing."""
    n_target = 0 if scores.label is None else int((scores.label == 1).sum())
    n_nontarget = 0 if scores.label is None else len(scores) - n_target
    summary = {
        "format": "avkd.metrics",
        "version": 1,
        "trials": {"name": scores.name, "digest": scores.digest},
        "counts": {
            "trials": len(scores),
            "target": n_target,
            "nontarget": n_nontarget,
            "skipped": facts.skipped,
        },
        "eer_percent": None,
        "min_dcf": None,
        "eer_threshold": None,
        "inputs": {name: value for name, value in facts.inputs.items() if value},
        "score_type": facts.score_type,
    }
    if n_target and n_nontarget:
        summary |= figures(scores, eer_mode=eer_mode)
    if facts.seen:
        summary[SEEN] = facts.seen.to_json()
    if facts.calibrated:
        summary["calibrated"] = facts.calibrated
    told = signature(scores, P_TARGETS, mode=eer_mode, norm=facts.norm, metric=facts.metric)
    return summary | {"signature": told}


def figures(
    scores: Scores,
    p_targets: Sequence[float] = P_TARGETS,
    costs: tuple[float, float] = (1.0, 1.0),
    eer_mode: str = "interp",
) -> dict:
    """Return EER, minDCF by prior, the threshold at the EER, and the area under the ROC.

    EER and area of mode fop are those of its averaged ROC, whose folds are of the list's order.

    Raises:
        InputError: the scores are not of the kind that the EER's mode needs.
    """
    rates = error_rates(scores.target, scores.nontarget)
    eer, auc = interpolated_eer(rates), area_under_roc(rates)
    if eer_mode != "interp":
        eer, auc = _of_mode(scores, eer_mode, auc)
    return {
        "eer_percent": 100 * eer,
        "min_dcf": {f"{p:g}": min_dcf(rates, p, *costs) for p in p_targets},
        "eer_threshold": eer_threshold(rates),
        "auc": auc,
    }


def _of_mode(scores: Scores, mode: str, auc: float) -> tuple[float, float]:
    """Return EER and area under the ROC; only mode fop has an area of its own."""
    with blame(scores.source, "take another --eer-mode"):
        if mode != "fop":
            return equal_error_rate(scores.target, scores.nontarget, mode), auc
        if scores.format == "fame":
            raise ValueError("mode fop needs squared distances of unit vectors; fame's may be any")
        grid = grid_rates(2 - 2 * scores.score, scores.label == 1)
        return grid_eer(grid), grid_area(grid)


def readable(summary: dict) -> list[str]:
    """Return the lines of a summary for a person."""
    counts = summary["counts"]
    skipped = f", {counts['skipped']:,} skipped" if counts["skipped"] else ""
    lines = [
        f"{counts['trials']:,} trials ({counts['target']:,} target, "
        f"{counts['nontarget']:,} nontarget{skipped})"
    ]
    if summary["eer_percent"] is None:
        return [*lines, "no EER: it needs targets and nontargets", summary["signature"]]
    costs = "  ".join(f"minDCF({p}) {cost:.4f}" for p, cost in summary["min_dcf"].items())
    lines.append(f"EER {summary['eer_percent']:.3f} %  {costs}  AUC {summary['auc']:.4f}")
    if summary["eer_percent"] > 50:
        lines.append("warning: EER above 50 %: are these distances? (inverted)")
    if "calibrated" in summary:
        found = summary["calibrated"]
        actual = "  ".join(f"actDCF({p}) {cost:.4f}" for p, cost in found["act_dcf"].items())
        lines.append(f"Cllr {found['cllr']:.4f} (at best {found['min_cllr']:.4f})  {actual}")
        lines.append("scores are log-likelihood ratios in nats (natural log)")
    return [*lines, summary["signature"]]
