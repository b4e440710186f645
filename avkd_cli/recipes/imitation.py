"""How a student learns from what its teacher saw: at which level, and who gets which gradient."""

from pathlib import Path

from torch import nn

from avkd_cli.config import AudioConfig, DistillTerms
from avkd_cli.errors import InputError, UsageError
from avkd_cli.losses.terms import Term
from avkd_cli.storage.store import EmbeddingStore, RaggedStore, open_store

SEGMENTS = "segments"
Teacher = EmbeddingStore | RaggedStore


def opened(path: str | Path, settings: DistillTerms) -> Teacher:
    """Return the teacher's store, which holds the level that the student imitates.

    Raises:
        UsageError: a student without segments, or a term that has no segments.
        InputError: the store holds another level, or segments of another length.
    """
    if settings.level != SEGMENTS:
        store = open_store(path)
        if not isinstance(store, EmbeddingStore) or store.manifest.get("level", "") == "posteriors":
            raise InputError(
                f"{store.path}: holds {held(store)}, no embeddings; make them by "
                "extract-embeddings, or pass --level segments for segments"
            )
        return store
    check_segments(settings)
    store = open_store(path)
    if isinstance(store, EmbeddingStore) or store.manifest.get("level") != SEGMENTS:
        raise InputError(
            f"{store.path}: holds {held(store)}, no segments; make them by extract-embeddings "
            "--level segments from a run of --modality sequence"
        )
    own = settings.segment if isinstance(settings, AudioConfig) else 0.0
    its = store.manifest.get("piece_s")
    if its is None or abs(own - its) > 1e-6:
        raise InputError(
            f"{store.path}: its segments are of {its} s, the student's of {own:g} s; "
            "make them alike"
        )
    return store


_OF_WHOLE_UTTERANCES = (
    "alpha beta gamma similarity relational soft_labels multitask projection".split()
)


def check_segments(settings: DistillTerms) -> None:
    """Raise UsageError where nothing but whole utterances can be compared."""
    if not (isinstance(settings, AudioConfig) and settings.segment):
        raise UsageError(
            "--level segments is for a student of segments: --modality audio --segment 1"
        )
    others = [name for name in _OF_WHOLE_UTTERANCES if getattr(settings, name)]
    if others:
        flag = others[0].replace("_", "-")
        raise UsageError(f"--{flag} compares whole utterances; leave it out of --level segments")


def held(store: Teacher) -> str:
    """Return what a store holds, in a word."""
    return str(store.manifest.get("level") or store.kind.removeprefix("avkd."))


def look_at(name: str, term: Term, settings: DistillTerms) -> None:
    """Let a term of S1 see its level: what imitates, before its gradient is scaled."""
    if name == "imitation" and not settings.projection:
        term.level = SEGMENTS if settings.level == SEGMENTS else "imitated"
    elif name == "multitask":
        term.level = "decoded"


def share_labels(network: nn.Module, settings: DistillTerms) -> None:
    """Let 1 - imitation of the labels' gradient reach what is before the level that imitates.

    Reference:
        A. Hajavi, A. Etemad, IEEE TAI 2023, eq. 8, 12 and 13: the header learns from the labels
        alone, unscaled; the encoder gets (1 - lambda) of theirs and lambda of the distance's.
    """
    if settings.imitation:
        part = network.encoder if settings.level == SEGMENTS else network
        part.labels_share = 1 - settings.imitation
