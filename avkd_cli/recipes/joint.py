"""Both senses trained together, from sound and film: `--modality joint`."""

from typing import Any

from avkd_cli.config import JointConfig
from avkd_cli.errors import InputError, UsageError
from avkd_cli.inputs import networks
from avkd_cli.inputs.clip import Clip
from avkd_cli.inputs.disturbance import open_disturbers
from avkd_cli.inputs.face import Face
from avkd_cli.inputs.networks import Description, Trained
from avkd_cli.inputs.sound import Sound
from avkd_cli.losses import AamSoftmax, Head
from avkd_cli.losses.moment import constant, growing
from avkd_cli.losses.pairs import Orthogonal
from avkd_cli.losses.supervision import GENERATIVE
from avkd_cli.losses.terms import Term
from avkd_cli.recipes.heads import head_for
from avkd_cli.recipes.job import Job
from avkd_cli.recipes.request import Request
from avkd_cli.training.training_set import TrainingSet, choose


def joint(request: Request, settings: JointConfig) -> Job:
    """Return the training of both encoders, their poolings and their fusion.

    Raises:
        UsageError: an encoder is not given, or options exclude each other.
        InputError: an encoder of another sense, or on other data than the stores hold.
    """
    if request.init_from is not None:
        raise UsageError(
            "--modality joint begins with --audio-encoder RUN and --visual-encoder RUN, not with "
            "--init-from"
        )
    clip = Clip(request.open(Clip))
    disturbers = open_disturbers(clip.audio, settings.augment, False, request.noise, request.rir)
    encoders = encoders_of(request, clip)
    chosen = choose([*clip.stores, *request.beside], request.choice)
    description = describe(settings, encoders)
    said = {f"{sense}-encoder": one.fingerprint for sense, one in encoders.items()}
    return Job(
        step=request.step,
        modality="joint",
        chosen=chosen,
        sources=clip.sources(chosen, settings, disturbers),
        description=description,
        input=clip,
        heads=lambda: heads_of(chosen, settings, encoders),
        inputs=clip.fingerprints() | disturbers.inputs() | said,
        terms=lambda: terms_of(chosen, settings),
        finish=lambda network: network.take(encoders),
        list_file=request.choice.list_file,
        prepared={"audio": clip.audio, "visual": clip.faces},
    )


def encoders_of(request: Request, clip: Clip) -> dict[str, Trained]:
    """Return the runs of the first stage, checked against the stores."""
    found = {}
    for sense, read in (("audio", Sound([clip.audio])), ("visual", Face([clip.faces]))):
        run = request.encoders.get(sense)
        if run is None:
            raise UsageError(
                f"--modality joint needs --{sense}-encoder RUN, trained on that sense alone first"
            )
        one = found[sense] = networks.load(run)
        wanted = one.description.front_end | one.description.model
        differ = [name for name, x in read.held().items() if wanted.get(name) not in (None, x)]
        if one.description.modality != sense or one.description.segment or differ:
            what = f"on another {differ[0]} than {read.stores[0].path} has" if differ else (
                f"a network of modality {one.description.modality}"
            )  # fmt: skip
            raise InputError(
                f"{run}: is trained {what}; give a run of --modality {sense} on data prepared alike"
            )
    return found


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
    return Description("joint", settings.model, model, front_end)


def heads_of(
    chosen: TrainingSet, settings: JointConfig, encoders: dict[str, Trained]
) -> dict[str, Head]:
    """Return the head of the fused, and those of each sense that count."""
    heads = {"person": head_for(chosen, settings)}
    for sense, share in (("audio", settings.audio_head), ("visual", settings.visual_head)):
        if share:
            margin = growing(settings.margin, settings.margin_from, settings.margin_to)
            head = AamSoftmax(
                chosen.classes,
                encoders[sense].head.size,
                margin=margin,
                scale=settings.scale,
                fallback=settings.fallback,
                level=sense,
            )
            head.share = constant(share)
            heads[sense] = head
    return heads


def terms_of(chosen: TrainingSet, settings: JointConfig) -> dict[str, Term]:
    """Return orthogonality and the generative supervision that is on."""
    terms: dict[str, Term] = {}
    if settings.orthogonal:
        terms["orthogonal"] = Orthogonal(len(chosen.classes), settings.embedding_size)
        terms["orthogonal"].weight = constant(settings.orthogonal)
    for name, kind in GENERATIVE.items():
        if weight := getattr(settings, name):
            terms[name] = kind(settings.gen_direction)
            terms[name].weight = constant(weight)
    return terms
