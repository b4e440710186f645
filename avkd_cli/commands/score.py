"""`avkd score`."""

import click

from avkd_cli import options
from avkd_cli.options import flag, path, source


@click.command("score", cls=options.StepCommand)
@click.argument(
    "inputs", type=options.text_file, nargs=-1, metavar="TRIALS... STORE [STORE] | SCORES..."
)
@path(
    "-o --output",
    "FILE",
    "Score file to write; with {list} in it, one for each of several trial lists.  "
    "[default: stdout]",
)
@path("--metrics", "FILE", "Write the summary as JSON.")
@source("--cohort", "STORE", "Other people's embeddings, for --norm.")
@source("--sub-mean", "STORE", "Subtract the mean of these embeddings from all.")
@source(
    "--enrol-map",
    "FILE",
    "Lines 'model utterance …': trials name models, each the mean of its utterances.",
)
@source(
    "--trials trial_list",
    "LIST",
    "With --fuse: order and labels.  [default: the first score file's]",
)
@flag("--intersect", "With --fuse: take the trials that the list and all score files have.")
@path(
    "--train-calibration",
    "MODEL.json",
    "Train log-likelihood ratios on these trials and save the model; avkd calibrate does "
    "it from a score file.",
)
@path(
    "--calibration --calibrate calibrate",
    "FILE.json",
    "Turn scores into natural-log likelihood ratios by what avkd calibrate made. "
    "(--calibrate is the older name.)",
)
@source("--quality-store", "STORE", "Store with the columns of --quality, as prep-audio makes it.")
@flag("--overwrite", "Replace other scores in the file of -o.")
@flag(
    "--strict",
    "Refuse trials, or a cohort, of persons that they should not be of: those that the "
    "network was trained on, and those of the trials.",
)
@flag("-q --quiet", "No summary, only warnings and errors.")
@options.settings("score")
def score(inputs: tuple[str, ...], **asked) -> None:
    """Score TRIALS by how close the embeddings in STORE are.

    TRIALS has one trial a line: label (1 target, 0 nontarget), enrolment id, test id; other
    formats are guessed. STORE is a path, or - for the line that extract-embeddings prints.
    Score lines 'enrol test score target|nontarget' go to stdout or to -o, in the order of the
    list; EER, minDCF, AUC, counts and a signature to paste under a table go to stderr.

    With two stores, of two senses in one space, enrolments are taken from the first and tests
    from the second: is this voice of that face? So are they from two that one run embedded, such
    as clean recordings and spoilt copies of them.

    Several lists, each TRIALS or NAME=TRIALS, are scored one after the other where -o has a place
    for the name, such as 'audio.{list}.scores' (so has --metrics then).

    The store knows on whom its network was trained: trials of these persons are scored with a
    warning that counts them, and refused with --strict.

    With --fuse the inputs are SCORES, files of the same trials by any toolkit, matched by ids;
    a single one is converted or calibrated.

    \b
    Example:
        avkd score vox1_o.txt student.zarr > student.scores
        avkd score vox1_o.txt student.zarr --cohort vox2.zarr --norm as -o student.scores
        avkd score voice-face.txt voices.zarr faces.zarr --metric tanh-l2 > pair.scores
        avkd score easy=vox1_o.txt hard=vox1_h.txt student.zarr -o 'student.{list}.scores'
        avkd score --fuse z-sum voice.scores face.scores > both.scores
        avkd score dev.txt dev.zarr --train-calibration llr.json -o dev.scores
    """
    from avkd_cli.steps.score import score_or_fuse

    score_or_fuse(inputs, **asked)
