"""`avkd distill`."""

import click

from avkd_cli import options
from avkd_cli.config import STEPS, DistillAudioConfig, DistillVisualConfig, TrainConfig


@click.command("distill", cls=options.StepCommand)
@click.argument("store", type=options.store)
@click.option(
    "--teacher",
    type=options.store,
    required=True,
    metavar="STORE",
    help="Embeddings of the teacher, with its classifier.",
)
@click.option(
    "--modality",
    type=click.Choice(STEPS["distill"]),
    required=True,
    help="The sense that the student keeps.",
)
@options.training
@click.option(
    "--intersect", is_flag=True, help="Train on what the teacher has, if it lacks utterances."
)
@options.settings(DistillAudioConfig, DistillVisualConfig, section="distill", pick="modality")
def distill(
    store: str,
    teacher: str,
    modality: str,
    training: options.Training,
    intersect: bool,
    settings: TrainConfig,
) -> None:
    """Train a student of one sense on STORE from a teacher's stored embeddings.

    The student has the baseline's network and settings ([train-teacher] of a settings file) and
    learns from AAM-softmax + alpha KL + beta COS + gamma MMD. Utterances are matched by id,
    persons by name. Teacher embeddings are of whole recordings; the student sees crops.

    \b
    Example:
        avkd distill audio.zarr --teacher teacher-emb.zarr --modality audio \\
          --gamma 1 -o runs/audio-kd-mmd --config small
    """
    if options.launched_here(training):
        return
    from avkd_cli.steps.distill import distill as step

    options.print_run(
        step(
            modality,
            options.resolved(store),
            teacher,
            settings=settings,
            intersect=intersect,
            **training.for_step(),
        )
    )
