"""`avkd distill`."""

import click

from avkd_cli import options, pipes, training_options
from avkd_cli.config import STEPS
from avkd_cli.options import choice, flag, path, source


@click.command("distill", cls=options.StepCommand)
@click.argument("store", type=options.store)
@source(
    "--teacher",
    "STORE",
    "Embeddings of the teacher, with its classifier; or its segments (--level segments). "
    "Twice: one of each sense, whose cosines are z-normed and averaged.",
    multiple=True,
)
@path(
    "--teacher-run teacher_runs",
    "RUN",
    "In place of --teacher: a run that teaches on what the student sees, crop and disturbance "
    "alike. Three times: audio, visual and their fusion.",
    multiple=True,
)
@source(
    "--beside",
    "STORE",
    "With --teacher-run: the store of the other sense, drawn from anew each time.",
)
@choice("--modality", STEPS["distill"], "The sense that the student keeps.", required=True)
@training_options.training
@flag("--intersect", "Train on what the teacher has, if it lacks utterances.")
@source(
    "--quality-store",
    "STORE",
    "Store with the column of --quality, as prep-audio or crop-faces makes it.",
)
@path(
    "--unlabelled",
    "FILE.jsonl",
    "People nobody named: trained on as the clusters of the teacher's embeddings.",
)
@options.settings("distill")
def distill(store: str, modality: str, **asked) -> None:
    """Train a student of one sense on STORE from a teacher's stored embeddings.

    The student has the baseline's network and settings ([train-teacher] of a settings file) and
    learns from AAM-softmax + alpha KL + beta COS + gamma MMD. Utterances are matched by id,
    persons by name. With --imitation L the encoder learns 1 - L from the labels and L from the
    distance to the teacher, the header from the labels alone. Teacher embeddings are of whole
    recordings; the student sees crops. --teacher-run runs the frozen teacher on the student's own
    crops instead, with another recording of the person from --beside each time.

    --tolerance lets a distance off up to MU, --quality weighs samples: a reconstruction of VGSR,
    whose formulas were never published.

    --unlabelled takes STORE's recordings of people nobody named too. The teacher's embeddings put
    them into clusters (see corpus cluster), which are kept in the run as clusters.jsonl; names in
    the list are ignored. --posteriors teaches the same softly. Of two teachers, one of each sense,
    recordings with a face or a voice alone are put into clusters too; terms leave them out.

    \b
    Example:
        avkd distill audio.zarr --teacher teacher-emb.zarr --modality audio \\
          --gamma 1 -o runs/audio-kd-mmd --config small
        avkd distill audio.zarr --teacher face-emb.zarr --modality audio --beta 1 --tolerance 0.4 \\
          --quality face-cos -o runs/audio-loose --config small
        avkd distill audio.zarr --teacher voice-emb.zarr --teacher face-emb.zarr --modality audio \\
          --list known.jsonl --unlabelled others.jsonl -o runs/audio-nobody --config small
        avkd distill audio.zarr --teacher-run runs/audio --teacher-run runs/visual --beta 1 \\
          --teacher-run runs/gate --beside faces.zarr --modality audio -o runs/live --config small
        avkd distill spectra.zarr --teacher segments.zarr --modality audio --segment 1 \\
          --model thin-resnet --head softmax --level segments --imitation 0.5 -o runs/taught
    """
    if training_options.launched_here(asked):
        return
    from avkd_cli.steps.distill import distill as step

    pipes.print_run(step(modality, pipes.resolved(store), **asked))
