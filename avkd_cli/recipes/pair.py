"""Faces and voices in one space: `--modality pair`, from stored embeddings or with encoders."""

from typing import Any

import numpy as np

from avkd_cli.config import AudioConfig, PairConfig, VisualConfig
from avkd_cli.errors import InputError, UsageError
from avkd_cli.inputs import networks
from avkd_cli.inputs.disturbance import Disturbers
from avkd_cli.inputs.networks import Description, Trained
from avkd_cli.inputs.pair import PairOfEmbeddings, PairOfMedia
from avkd_cli.losses.pairs import PAIR_TERMS
from avkd_cli.losses.terms import Term
from avkd_cli.recipes.heads import head_for
from avkd_cli.recipes.job import Job
from avkd_cli.recipes.request import Request
from avkd_cli.recipes.sense import refuse_disturbers, start_of
from avkd_cli.recipes.start import persons_of
from avkd_cli.said import warn
from avkd_cli.storage.store import Store
from avkd_cli.training.batches import Source
from avkd_cli.training.training_set import TrainingSet, choose

PARAMETERS = {  # of a term: its keyword and the setting
    "orthogonal": {"form": "orthogonal_form"},
    "centre_loss": {"rate": "centre_rate"},
    "git_loss": {"rate": "centre_rate", "push": "git_push"},
    "contrastive": {"margin": "contrastive_margin"},
    "triplet": {"margin": "triplet_margin"},
}


def pair(request: Request, settings: PairConfig) -> Job:
    """Return the training of two branches to one space, and of their fusion."""
    refuse_disturbers(request)
    both = PairOfEmbeddings.opened(request.stores)
    encoders = encoders_of(request, both)
    stores = stores_of(both)
    chosen = choose([stores["audio"], stores["visual"]], request.choice)
    warn_of_no_pairs(chosen, settings)
    description = describe(both, settings, encoders)
    return Job(
        step=request.step,
        modality="pair",
        chosen=chosen,
        sources=sources_of(both, chosen, settings, encoders),
        description=description,
        input=both,
        heads=lambda: {"person": head_for(chosen, settings)},
        inputs=both.fingerprints() | {f"{s}-encoder": e.fingerprint for s, e in encoders.items()},
        terms=lambda: terms_of(chosen, settings),
        finish=lambda network: network.take({s: e.network for s, e in encoders.items()}),
        start=start_of(request, description, chosen),
        list_file=request.choice.list_file,
        prepared=stores,
        known=persons_of(*encoders.values()),
    )


def stores_of(both: PairOfEmbeddings | PairOfMedia) -> dict[str, Store]:
    """Return the store of each sense."""
    if isinstance(both, PairOfEmbeddings):
        return {"audio": both.audio, "visual": both.visual}
    return {"audio": both.stores[0], "visual": both.stores[1]}


def encoders_of(request: Request, both: PairOfEmbeddings | PairOfMedia) -> dict[str, Trained]:
    """Return the encoders that sound and pictures pass through; none for stored embeddings.

    Raises:
        UsageError: one of the two is not given, or they are given for stored embeddings.
        InputError: a run of another modality, or trained on other features.
    """
    given = request.encoders
    if isinstance(both, PairOfEmbeddings):
        if given:
            raise UsageError(
                "--audio-encoder and --visual-encoder are for an audio and a face store"
            )
        return {}
    found = {}
    for sense in ("audio", "visual"):
        if sense not in given:
            raise UsageError(
                f"an audio and a face store need --{sense}-encoder RUN, whose network is trained "
                "on with the pair; or give stores of embeddings"
            )
        found[sense] = networks.load(given[sense])
        description = found[sense].description
        differ = [*description.other_than(getattr(both, sense).held())]
        if description.modality != sense or differ:
            raise InputError(
                f"{given[sense]}: holds {description.modality} {description.name}"
                + (f", trained with another {differ[0]} than the store has" if differ else "")
                + f"; give a run of --modality {sense} on data prepared alike"
            )
    return found


def describe(
    both: PairOfEmbeddings | PairOfMedia, settings: PairConfig, encoders: dict[str, Trained]
) -> Description:
    """Return what builds a pair on embeddings of these sizes, or behind these encoders."""
    sizes = {f"{sense}_size": one.head.size for sense, one in encoders.items()} or both.held()
    model: dict[str, Any] = sizes | {
        "embedding_size": settings.embedding_size,
        "dropout": settings.dropout,
    }
    front_end = {sense: networks.to_json(one.description) for sense, one in encoders.items()}
    return Description("pair", settings.model, model, front_end)


def sources_of(
    both: PairOfEmbeddings | PairOfMedia,
    chosen: TrainingSet,
    settings: PairConfig,
    encoders: dict[str, Trained],
) -> list[Source]:
    """Return what reads a voice and a face of each pair."""
    if isinstance(both, PairOfEmbeddings):
        both.check_persons(chosen)
        return both.sources(chosen, settings)
    if settings.pairing != "same-clip":
        raise UsageError("--pairing person is for stored embeddings; sound and face are of a clip")
    hearing = AudioConfig(
        crop_min=settings.crop_min, crop_max=settings.crop_max, seed=settings.seed
    )
    sounds = both.audio.sources(chosen, hearing, Disturbers(None, None))
    return [*sounds, *both.visual.sources(chosen, VisualConfig(seed=settings.seed))]


def terms_of(chosen: TrainingSet, settings: PairConfig) -> dict[str, Term]:
    """Return the terms that are on, by name."""
    found: dict[str, Term] = {}
    for name, kind in PAIR_TERMS.items():
        if weight := getattr(settings, name):
            given = {key: getattr(settings, field) for key, field in PARAMETERS[name].items()}
            made = kind(len(chosen.classes), settings.embedding_size, **given)
            found[name] = made.counting(weight)
    return found


def warn_of_no_pairs(chosen: TrainingSet, settings: PairConfig) -> None:
    """Say that a term looks at pairs of a person and a batch is likely to hold none."""
    wanting = [n for n, kind in PAIR_TERMS.items() if getattr(settings, n) and kind.wants_pairs]
    expected = pairs_expected(chosen.labels, settings)
    if wanting and expected < 1:
        warn(
            "train-teacher",
            f"a batch of {settings.batch_size} of {len(chosen.classes)} people holds "
            f"{expected:.2f} pairs of one person on average, often none, and {wanting[0]} has "
            "nothing to draw together; take --per-person 2",
        )


def pairs_expected(labels: np.ndarray, settings: PairConfig) -> float:
    """Return how many pairs of one person a batch holds on average."""
    size, each = settings.batch_size, settings.per_person
    if each > 1:
        return size * (each - 1) / 2
    count, n = np.bincount(labels).astype(float), len(labels)
    return float(size * (size - 1) / 2 * (count * (count - 1)).sum() / max(1, n * (n - 1)))
