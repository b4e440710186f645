"""`avkd train-teacher`."""

from pathlib import Path

import click

from avkd_cli import options, pipes, training_options
from avkd_cli.config import STEPS
from avkd_cli.options import choice, flag, path


@click.command("train-teacher", cls=options.StepCommand)
@click.argument("stores", nargs=-1, required=True, type=options.store)
@choice(
    "--modality",
    STEPS["train-teacher"],
    "Sound, faces, both fused from stored embeddings, both in one space (pair), frames of a "
    "film in a row (sequence), or sound and film of one clip (joint).",
    required=True,
)
@training_options.training
@flag("--reset-head", "With --init-from: a new classifier, for other persons.")
@path(
    "--audio-encoder",
    "RUN",
    "Of a pair of an audio and a face store: finished run whose network hears, and "
    "is trained on with the pair.",
)
@path("--visual-encoder", "RUN", "The same of what sees.")
@options.settings("train-teacher")
def train_teacher(
    stores: tuple[str, ...],
    modality: str,
    audio_encoder: Path | None,
    visual_encoder: Path | None,
    **asked,
) -> None:
    """Train an encoder of one sense, a fusion of both, or a space where both are compared.

    STORES is an audio store, a face store, or, for --modality fusion, the embeddings of both
    senses. A pair takes embeddings of both senses too, or an audio and a face store with
    --audio-encoder and --visual-encoder: is this voice of that face? A sequence takes the frames of
    extract-embeddings --level frames, or with --train-encoder the faces. A joint network takes an
    audio and a face store, and begins with a run of each sense: --init-from twice. Utterances whose
    split is 'train' are used, all where there are no splits. An interrupted run goes on with the
    same command; a finished one is left alone.

    \b
    Example:
        avkd train-teacher --modality audio audio.zarr -o runs/audio --config small
        avkd train-teacher --modality fusion audio-emb.zarr visual-emb.zarr -o runs/teacher
        avkd train-teacher --modality pair audio-emb.zarr visual-emb.zarr -o runs/pair
        avkd train-teacher --modality sequence frames.zarr -o runs/sequence --label emotion
        avkd train-teacher --modality visual films.zarr -o runs/visual --pooling weasp-safe
        avkd train-teacher --modality joint audio.zarr films.zarr --init-from runs/audio \\
          --init-from runs/visual --nce 1 -o runs/joint
    """
    if training_options.launched_here(asked):
        return
    from avkd_cli.steps.train_teacher import train_teacher as step

    given = {"audio": audio_encoder, "visual": visual_encoder}
    encoders = {sense: run for sense, run in given.items() if run is not None}
    inputs = [pipes.resolved(one) for one in stores]
    pipes.print_run(step(modality, inputs, encoders=encoders, **asked))
