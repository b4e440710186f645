"""`avkd analyze`: a table of subcommands, each loaded when it is asked for."""

import click

from avkd_cli.lazy import LazyGroup

# name: (module, what it does). The text stands here so that `avkd analyze --help` loads nothing.
SUBCOMMANDS = {
    "venn": ("analyze_against", "What one system corrected and broke against another."),
    "metrics": ("analyze_scores", "EER, minDCF, counts and signature of score files."),
    "table": ("analyze_work", "The tables of the paper from a folder of score files."),
    "compare": ("analyze_against", "Whether a system is better, and how sure that is."),
    "det": ("analyze_scores", "DET and ROC curves, and histograms of scores."),
    "identify": ("analyze_identify", "Who it is among many: rank-k, 1:N, unweighted accuracy."),
    "classify": ("analyze_stores", "Accuracies and confusions of classes, such as moods."),
    "breakdown": ("analyze_scores", "Errors by sex, nationality, duration or any column."),
    "robustness": ("analyze_scores", "EER against noise, rooms, blur, and who stands it."),
    "strata": ("analyze_scores", "EER and AUC where nontargets agree in sex, nation, age."),
    "cosines": ("analyze_stores", "Mean cosines within and between persons, over training."),
    "pcc": ("analyze_stores", "How alike embedding stores are."),
    "tsne": ("analyze_stores", "Recordings far from their person's others, and their picture."),
    "clusters": ("analyze_stores", "People that a teacher found: sizes, doubts, a page."),
    "weights": ("analyze_stores", "Which moments of a film and its sound counted."),
    "curves": ("analyze_work", "How trainings went, from their logs."),
    "report": ("analyze_work", "One HTML page of everything in a working folder."),
}


@click.group(cls=LazyGroup, table=SUBCOMMANDS, heading="Analyses")
def analyze() -> None:
    """Compare and explain scores and embeddings.

    Scores of any toolkit: lines 'enrol test score target|nontarget', or any format that
    'avkd score' reads, with --trials where the file has no labels. A readable table,
    piped or not; JSON with --json.

    \b
    Example:
        avkd analyze venn --a base.scores --b kd.scores --plot venn.svg
    """
