"""`avkd train-teacher`."""

import click

from avkd_cli import options
from avkd_cli.config import STEPS, AudioConfig, FusionConfig, TrainConfig, VisualConfig


@click.command("train-teacher", cls=options.StepCommand)
@click.argument("stores", nargs=-1, required=True, type=options.store)
@click.option(
    "--modality",
    type=click.Choice(STEPS["train-teacher"]),
    required=True,
    help="Sound, faces, or both from stored embeddings.",
)
@options.training
@click.option(
    "--reset-head", is_flag=True, help="With --init-from: a new classifier, for other persons."
)
@options.settings(AudioConfig, VisualConfig, FusionConfig, section="train-teacher", pick="modality")
def train_teacher(
    stores: tuple[str, ...],
    modality: str,
    training: options.Training,
    reset_head: bool,
    settings: TrainConfig,
) -> None:
    """Train an encoder of one sense, or a fusion of both, with the AAM-softmax.

    STORES is an audio store, a face store, or, for --modality fusion, the embeddings of both
    senses. Utterances whose split is 'train' are used, all where there are no splits. An
    interrupted run goes on with the same command; a finished one is left alone.

    \b
    Example:
        avkd train-teacher --modality audio audio.zarr -o runs/audio --config small
        avkd train-teacher --modality fusion audio-emb.zarr visual-emb.zarr -o runs/teacher
    """
    if options.launched_here(training):
        return
    from avkd_cli.steps.train_teacher import train_teacher as step

    options.print_run(
        step(
            modality,
            [options.resolved(s) for s in stores],
            settings=settings,
            reset_head=reset_head,
            **training.for_step(),
        )
    )
