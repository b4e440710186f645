"""The analyses of score files, one by one: metrics, det, breakdown, strata, robustness."""

import click

from avkd_cli import options
from avkd_cli.commands.analyze_output import (
    COST,
    people_list,
    priors,
    resampling,
    score_files,
    show,
    strict,
    trial_list,
)
from avkd_cli.commands.analyze_shown import named, plot_file, plot_with_ends
from avkd_cli.config import EER_MODES, STRATA
from avkd_cli.options import choice, flag, number, option, real, source, text


@click.command("metrics")
@click.argument("scores", nargs=-1, required=True, type=options.text_file)
@named
@score_files
@choice(
    "--eer-mode",
    EER_MODES,
    "What the EER is where no threshold makes both rates equal; the others are "
    "those of toolkits, and rocch is on the ROC's convex hull.",
    default="interp",
)
@priors
@option("--c-miss", "Cost of a miss.", type=COST, default=1.0)
@option("--c-fa", "Cost of a false alarm.", type=COST, default=1.0)
@resampling()
@people_list
@strict
@options.as_json
def metrics(
    scores: tuple[str, ...],
    eer_mode: str,
    p_targets: tuple[float, ...],
    c_miss: float,
    c_fa: float,
    as_json: bool,
    **asked,
) -> None:
    """Print every metric, counts and a signature of each of SCORES.

    EER, minDCF and actDCF, AUC, misses (FNMR) at fixed false-match rates, Cllr and minCllr.
    Tied scores are one threshold, the EER is interpolated between thresholds, costs are
    normalised. Cllr and actDCF are of log-likelihood ratios, as 'score --calibration' makes them.
    With --resamples, an interval of each by drawing persons. The signature says how, with name,
    digest and counts of the list, to paste under a table.

    \b
    Example:
        avkd analyze metrics base.scores kd.scores --resamples 1000
        avkd analyze metrics kaldi.scores --trials voxceleb1.txt --json | jq .files[].eer_percent
    """
    from avkd_cli.analysis.text import metrics_parts
    from avkd_cli.steps.analyze.metrics import MetricRules, metrics

    rules = MetricRules(eer_mode, p_targets, (c_miss, c_fa))
    show(metrics(scores, rules=rules, **asked), metrics_parts, as_json)


@click.command("det")
@click.argument("scores", nargs=-1, required=True, type=options.text_file)
@named
@score_files
@choice("--kind", ["det", "roc", "histogram", "reliability"], "Picture to draw.", default="det")
@priors
@option(
    "--prior",
    "Probability of a target in a reliability diagram.",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.5,
)
@resampling()
@people_list
@plot_with_ends
@strict
@options.as_json
def det(scores: tuple[str, ...], as_json: bool, **asked) -> None:
    """Draw the detection error trade-off of SCORES.

    Misses against false alarms on probit axes, where Gaussian scores make straight lines, with
    the EER and minDCF points of each and, with --resamples, a band over persons; or a ROC. Of
    one file a histogram, or a reliability diagram, which shows whether log-likelihood ratios
    say what happens. The JSON has the points of each curve, as fractions.

    \b
    Example:
        avkd analyze det audio.scores visual.scores --resamples 500 --plot det.svg
        avkd analyze det audio.scores --kind histogram --plot scores.png
        avkd analyze det llr.scores --kind reliability --plot reliability.pdf
    """
    from avkd_cli.analysis.text import metrics_parts
    from avkd_cli.steps.analyze.det import det

    show(det(scores, **asked), metrics_parts, as_json)


@click.command("breakdown")
@click.argument("scores", type=options.text_file)
@source(
    "--people",
    "LIST.jsonl",
    "List of utterances that says who is who, and has the column.",
    required=True,
)
@text(
    "--by column",
    "COLUMN",
    "Key of its lines: sex, nationality, age, session, duration …",
    required=True,
)
@named
@trial_list
@real("--threshold", "Decide here.  [default: at the EER of all trials]")
@real("--fmr", "Decide at this false-match rate of all.", least=0, most=1)
@number("--min-persons", "Smaller groups are named without figures.", 10, least=1)
@flag("--pairs", "Keep groups whose two sides differ apart.")
@resampling()
@plot_file
@strict
@options.as_json
def breakdown(scores: str, as_json: bool, **asked) -> None:
    """Break the errors of SCORES down by a column of the list of utterances.

    All groups are decided at one threshold, as a product would: the table shows who is missed
    and who is taken for somebody else more often than others. A trial belongs to the value that
    both sides have. Numbers are cut into quarters. Groups of few persons are named without
    figures, since they say more about those persons than about the group. With --resamples each
    rate has an interval by drawing the group's persons.

    \b
    Example:
        avkd analyze breakdown kd.scores --people people.jsonl --by sex
        avkd analyze breakdown kd.scores --people people.jsonl --by nationality --resamples 1000 \\
          --plot nationality.svg
    """
    from avkd_cli.analysis.text import breakdown_parts
    from avkd_cli.steps.analyze.breakdown import by_column

    if asked["threshold"] is not None and asked["fmr"] is not None:
        raise click.UsageError("--threshold and --fmr cannot both be given")
    show(by_column(scores, **asked), breakdown_parts, as_json)


@click.command("strata")
@click.argument("scores", nargs=-1, required=True, type=options.text_file)
@source(
    "--people", "LIST.jsonl", "List of utterances with sex, nationality and age.", required=True
)
@choice(
    "--stratum chosen",
    STRATA,
    "Sex (G), nationality (N), age within 5 years (A), all three (GNA), sex and age "
    "(GA), or random: all nontargets. May be given several times.  [default: the first "
    "five]",
    multiple=True,
)
@named
@score_files
@resampling()
@strict
@options.as_json
def strata(scores: tuple[str, ...], as_json: bool, **asked) -> None:
    """Say what is left of SCORES when the two people of a nontarget are alike.

    EER and AUC of each file, its nontargets restricted to pairs of one sex, nationality, age, or
    all; targets stay. Who only tells women from men is at 50 % in G. A stratum without
    nontargets is said. With --resamples, an interval of each by drawing persons.

    \b
    Example:
        avkd analyze strata fop.unseen-random.scores --people people.jsonl --resamples 1000
        avkd analyze strata ce.scores fop.scores --people people.jsonl --stratum G --stratum GNA
    """
    from avkd_cli.analysis.text import strata_parts
    from avkd_cli.steps.analyze.strata import strata

    show(strata(scores, **asked), strata_parts, as_json)


@click.command("robustness")
@click.argument("folder", type=click.Path(path_type=str))
@text("--baseline", "SYSTEM", "What the others are compared with.  [default: the first by name]")
@score_files
@people_list
@resampling(1000, least=100)
@plot_file
@options.as_json
def robustness(folder: str, as_json: bool, **asked) -> None:
    """Show EER against disturbance, from the score files of FOLDER.

    FOLDER holds SYSTEM.CONDITION-LEVEL.scores, such as audio.babble-5.scores, and
    SYSTEM.clean.scores. Under each condition every system has a 95 % interval and a paired
    difference from the baseline, by drawing persons; last, in words, where one is better.

    \b
    Example:
        avkd prep-audio test.jsonl -o b5.zarr --disturb babble --snr 5 --noise musan.zarr
        avkd extract-embeddings kd b5.zarr -o kd-b5.zarr
        avkd score trials.txt kd-clean.zarr kd-b5.zarr -o noisy/kd.babble-5.scores
        avkd analyze robustness noisy --baseline audio --plot noisy.svg
    """
    from avkd_cli.analysis.robustness import robustness_parts
    from avkd_cli.steps.analyze.robustness import robustness

    show(robustness(folder, **asked), robustness_parts, as_json)
