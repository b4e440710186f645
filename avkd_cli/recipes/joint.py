"""Both senses trained together, from sound and film: `--modality joint`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from avkd_cli.config import JointConfig
from avkd_cli.errors import InputError, UsageError
from avkd_cli.inputs import networks
from avkd_cli.inputs.clip import Clip
from avkd_cli.inputs.disturbance import open_disturbers
from avkd_cli.inputs.face import Face
from avkd_cli.inputs.networks import Description, Trained
from avkd_cli.inputs.senses import JointSenses
from avkd_cli.inputs.sound import Sound
from avkd_cli.losses import Head
from avkd_cli.losses.moment import constant
from avkd_cli.losses.pairs import Orthogonal
from avkd_cli.losses.supervision import GENERATIVE
from avkd_cli.losses.terms import Term
from avkd_cli.models.fusion import make_orthogonal
from avkd_cli.recipes.heads import aam_for, head_for
from avkd_cli.recipes.job import Job
from avkd_cli.recipes.request import Request
from avkd_cli.recipes.sense import refuse_encoders
from avkd_cli.recipes.start import persons_of
from avkd_cli.said import warn
from avkd_cli.training.training_set import TrainingSet, choose


def joint(request: Request, settings: JointConfig) -> Job:
    """Return the training of both encoders, their poolings and their fusion.

    Raises:
        UsageError: other than a run of each sense is given, or options exclude each other.
        InputError: an encoder of another sense, or on other data than the stores hold.
    """
    refuse_encoders(request, "; a joint network begins with --init-from, twice")
    if request.reset_head:
        raise UsageError("--reset-head: a joint network has new classifiers anyway, leave it out")
    clip = Clip(request.open(Clip))
    disturbers = open_disturbers(clip.audio, settings.augment, False, request.noise, request.rir)
    encoders = encoders_of(request.begun, clip)
    chosen = choose([*clip.stores, *request.beside], request.choice)
    clips = clip.clips(chosen, settings)
    for text in clips.short():
        warn(request.step, text)
    description = describe(settings, encoders)

    def finish(network: JointSenses) -> None:
        network.take({sense: one.network for sense, one in encoders.items()})
        if settings.start == "orthogonal":
            make_orthogonal(network.joint.fusion)

    said = {f"{sense}-encoder": one.fingerprint for sense, one in encoders.items()}
    return Job(
        step=request.step,
        modality="joint",
        chosen=chosen,
        sources=clip.sources(clips, settings, disturbers),
        description=description,
        input=clip,
        heads=lambda: heads_of(chosen, settings, encoders),
        inputs=clip.fingerprints() | disturbers.inputs() | said,
        terms=lambda: terms_of(chosen, settings),
        finish=finish,
        list_file=request.choice.list_file,
        prepared={"audio": clip.audio, "visual": clip.faces},
        known=persons_of(*encoders.values()),
    )


def encoders_of(runs: Sequence[Path], clip: Clip) -> dict[str, Trained]:
    """Return the runs of the first stage by sense, checked against the stores.

    Raises:
        UsageError: not one run of each sense. MissingInputError, InputError: a run that is not
            there, of another network, or trained on other data than the stores hold.
    """
    if len(runs) != 2:
        raise UsageError(
            "--modality joint begins with a run of each sense, trained alone first: give "
            f"--init-from RUN twice, {len(runs)} given"
        )
    found: dict[str, Trained] = {}
    for run in runs:
        one = networks.load(run)
        sense = sense_of(run, one)
        if sense in found:
            raise UsageError(
                f"--init-from: {runs[0]} and {run} both are of {sense}; give one of each sense"
            )
        check_data(run, one, Sound([clip.audio]) if sense == "audio" else Face([clip.faces]))
        found[sense] = one
    return {sense: found[sense] for sense in ("audio", "visual")}


def sense_of(run: Path, trained: Trained) -> str:
    """Return the sense of a run: audio, or visual, of single faces or through time.

    Raises:
        InputError: it is of another network.
    """
    network = trained.description
    through_time = network.modality == "clips" and "pooling" in network.model
    if network.segment or not (network.modality in ("audio", "visual") or through_time):
        cut = " of segments" if network.segment else ""
        raise InputError(
            f"{run}: holds a network of modality {network.modality}{cut}; a joint network begins "
            "with runs of --modality audio and --modality visual"
        )
    return "audio" if network.modality == "audio" else "visual"


def check_data(run: Path, trained: Trained, read: Sound | Face) -> None:
    """Raise InputError where a run was trained on data prepared otherwise than a store's."""
    held = read.held()
    for name, known in trained.description.other_than(held).items():
        raise InputError(
            f"{run}: is trained with {name} {known}, {read.stores[0].path} has {held[name]}; "
            "give a run on data prepared alike"
        )


def describe(settings: JointConfig, encoders: dict[str, Trained]) -> Description:
    """Return what builds the joint network behind these encoders, their poolings replaced."""
    pooling = f"weasp-{settings.weasp}"
    model: dict[str, Any] = {
        "visual_size": encoders["visual"].head.size,
        "audio_size": encoders["audio"].head.size,
        "embedding_size": settings.embedding_size,
        "pooling": pooling,
    }
    front_end = {sense: networks.to_json(one.description) for sense, one in encoders.items()}
    front_end["audio"]["model"] = front_end["audio"]["model"] | {"pooling": pooling}
    front_end["visual"]["model"].pop("pooling", None)  # of the run; the joint has its own
    return Description("joint", settings.model, model, front_end)


def heads_of(
    chosen: TrainingSet, settings: JointConfig, encoders: dict[str, Trained]
) -> dict[str, Head]:
    """Return the head of the fused, and those of each sense that count."""
    heads = {"person": head_for(chosen, settings)}
    for sense, share in (("audio", settings.audio_head), ("visual", settings.visual_head)):
        if share:
            size = encoders[sense].head.size
            heads[sense] = aam_for(chosen, settings, size=size, level=sense)
            heads[sense].share = constant(share)
    return heads


def terms_of(chosen: TrainingSet, settings: JointConfig) -> dict[str, Term]:
    """Return orthogonality and the generative supervision that is on."""
    terms: dict[str, Term] = {}
    if settings.orthogonal:
        orthogonal = Orthogonal(len(chosen.classes), settings.embedding_size)
        terms["orthogonal"] = orthogonal.counting(settings.orthogonal)
    for name, kind in GENERATIVE.items():
        if weight := getattr(settings, name):
            terms[name] = kind(settings.gen_direction).counting(weight)
    return terms
