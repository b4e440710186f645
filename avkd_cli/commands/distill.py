"""`avkd distill`."""

from pathlib import Path

import click

from avkd_cli import options, pipes, training_options
from avkd_cli.config import STEPS, TrainConfig


@click.command("distill", cls=options.StepCommand)
@click.argument("store", type=options.store)
@click.option(
    "--teacher",
    "teachers",
    type=options.store,
    multiple=True,
    metavar="STORE",
    help="Embeddings of the teacher, with its classifier; or its segments (--level segments). "
    "Twice: one of each sense, whose cosines are z-normed and averaged.",
)
@click.option(
    "--teacher-run",
    "teacher_runs",
    type=options.run_folder,
    multiple=True,
    metavar="RUN",
    help="In place of --teacher: a run that teaches on what the student sees, crop and disturbance "
    "alike. Three times: audio, visual and their fusion.",
)
@click.option(
    "--beside",
    type=options.store,
    metavar="STORE",
    help="With --teacher-run: the store of the other sense, drawn from anew each time.",
)
@click.option(
    "--modality",
    type=click.Choice(STEPS["distill"]),
    required=True,
    help="The sense that the student keeps.",
)
@training_options.training
@click.option(
    "--intersect", is_flag=True, help="Train on what the teacher has, if it lacks utterances."
)
@click.option(
    "--quality-store",
    type=options.store,
    metavar="STORE",
    help="Store with the column of --quality, as prep-audio or crop-faces makes it.",
)
@click.option(
    "--unlabelled",
    type=click.Path(path_type=Path),
    metavar="FILE.jsonl",
    help="People nobody named: trained on as the clusters of the teacher's embeddings.",
)
@options.settings("distill")
def distill(
    store: str,
    teachers: tuple[str, ...],
    modality: str,
    training: training_options.Training,
    intersect: bool,
    quality_store: str | None,
    unlabelled: Path | None,
    teacher_runs: tuple[Path, ...],
    beside: str | None,
    settings: TrainConfig,
) -> None:
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
    if training_options.launched_here(training):
        return
    from avkd_cli.steps.distill import distill as step

    pipes.print_run(
        step(
            modality,
            pipes.resolved(store),
            teachers,
            settings=settings,
            intersect=intersect,
            quality_store=quality_store,
            unlabelled=unlabelled,
            teacher_runs=teacher_runs,
            beside=beside,
            **training.for_step(),
        )
    )
