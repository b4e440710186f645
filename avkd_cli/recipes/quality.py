"""What samples count by (--quality): of the teacher, of a store, or found in training."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from avkd_cli.config import DistillTerms
from avkd_cli.errors import InputError, UsageError
from avkd_cli.inputs.embeddings import Embeddings
from avkd_cli.losses.distances import cosine_to_class
from avkd_cli.losses.quality import RunningQuality
from avkd_cli.recipes.job import Job
from avkd_cli.storage.store import EmbeddingStore, RaggedStore, Store, open_store
from avkd_cli.training.batches import Arrays, Source
from avkd_cli.training.bridges import Quality
from avkd_cli.training.sampler import Draws
from avkd_cli.training.training_set import Choice, Register, TrainingSet

COSINES = ("face-cos", "speech-cos")
COLUMNS = {"snr": "snr_db", "sharpness": "sharpness"}
NAMES = (*COSINES, "face-norm", *COLUMNS, "product", "column:NAME")
OWN = {"audio": "speech-cos", "visual": "face-cos"}  # what the student itself finds


@dataclass(frozen=True)
class Ask:
    """What a quality is found with.

    Attributes:
        job: the student's. choice: the list that its training set is from.
        teacher: its embeddings. classifier: its row of each class, None where it has none.
        store: of --quality-store, or None.
    """

    job: Job
    choice: Choice
    teacher: EmbeddingStore
    classifier: Callable[[], torch.Tensor]
    store: Store | None

    @property
    def chosen(self) -> TrainingSet:
        """The training set."""
        return self.job.chosen


@dataclass(frozen=True)
class Measured:
    """The qualities of a training set.

    Attributes:
        stored: (rows, figures) float32. own: whether the student's own cosine is one more.
        inputs: fingerprint of the store that they are from, for the plan.
    """

    stored: np.ndarray
    own: bool
    inputs: dict[str, str]

    def sources(self) -> list[Source]:
        """Return what reads them for a batch."""
        rows = np.arange(len(self.stored))
        found: list[Source] = []
        if self.stored.shape[1]:
            found.append(Embeddings("quality", self.stored, rows))
        return [*found, RowNumbers()] if self.own else found

    def bridge(self, settings: DistillTerms) -> Quality:
        """Return what turns them into weights."""
        running = RunningQuality(len(self.stored)) if self.own else None
        return Quality(self.stored.shape[1], running, settings.quality_slope)


class RowNumbers:
    """The row of the training set of each sample: `row`, (batch,) int64."""

    def __call__(self, k: int, draws: Draws) -> Arrays:
        """Return the rows."""
        return {"row": np.asarray(draws.rows, np.int64)}


def wanted(settings: DistillTerms) -> list[str]:
    """Return the names that --quality has, `product` written out.

    Raises:
        UsageError: there is no such quality.
    """
    found: list[str] = []
    for name in filter(None, (one.strip() for one in settings.quality.split(","))):
        known = name in NAMES[:-1] or (name.startswith("column:") and name != "column:")
        if not known:
            raise UsageError(f"--quality {name}: there are {', '.join(NAMES)}")
        found += COSINES if name == "product" else [name]
    return list(dict.fromkeys(found))


def open_quality(settings: DistillTerms, path: str | None) -> Store | None:
    """Return the store of --quality-store.

    Raises:
        UsageError: it is given, and no quality reads it.
        MissingInputError, InputError: as `open_store`.
    """
    reads = [one for one in wanted(settings) if one in COLUMNS or one.startswith("column:")]
    if path and not reads:
        raise UsageError(
            "--quality-store is given, but no --quality reads it; snr, sharpness and column:NAME do"
        )
    return open_store(path) if path else None


def measure(settings: DistillTerms, ask: Ask) -> Measured | None:
    """Return the qualities of the training set; None without --quality.

    Raises:
        UsageError: a quality that this student cannot have.
        InputError: a column is absent, text, constant or not finite, or lacks an utterance.
    """
    names = wanted(settings)
    if not names:
        return None
    mine = OWN[ask.job.modality]
    stored = [_figures(one, ask) for one in names if one != mine]
    together = np.stack(stored, axis=1) if stored else np.empty((len(ask.chosen.ids), 0))
    inputs = {"quality": ask.store.fingerprint} if ask.store is not None else {}
    return Measured(together.astype(np.float32), mine in names, inputs)


def _figures(name: str, ask: Ask) -> np.ndarray:
    """Return one quality of each row, checked: (rows,) float64."""
    if name in COSINES:
        found, where = _teachers_cosine(ask), ask.teacher.path
    elif name == "face-norm":
        found, where = _norms(ask), ask.teacher.path
    else:
        store = ask.store or ask.job.input.stores[0]
        found, where = _column(COLUMNS.get(name, name.removeprefix("column:")), store, ask)
    return _checked(found, f"{where}: --quality {name}", ask.chosen.ids)


def _teachers_cosine(ask: Ask) -> np.ndarray:
    """Return how near the teacher finds each sample to its person."""
    embedding = torch.from_numpy(ask.teacher.embedding[ask.chosen.rows(ask.teacher)])
    return (
        cosine_to_class(embedding, ask.classifier(), torch.from_numpy(ask.chosen.labels))
        .double()
        .numpy()
    )


def _norms(ask: Ask) -> np.ndarray:
    """Return the lengths of the teacher's embeddings."""
    if ask.job.modality == "visual" or ask.teacher.manifest.get("modality") == "audio":
        raise UsageError(
            "--quality face-norm is the length of a teacher's embedding of faces; this teacher "
            "hears, so take speech-cos or snr"
        )
    return np.linalg.norm(ask.teacher.embedding[ask.chosen.rows(ask.teacher)].astype(float), axis=1)


def _column(name: str, store: Store, ask: Ask) -> tuple[np.ndarray, object]:
    """Return a column of a store, faces by their mean, or of the list; and where it is from."""
    if not store.has(name):
        if ask.store is None and ask.choice.list_file is not None:
            return _of_list(name, store, ask), ask.choice.list_file
        raise InputError(
            f"{store.path}: has no column {name!r} for --quality; name the store that has it by "
            "--quality-store"
        )
    lacking = [one for one in ask.chosen.ids if one not in store.row_of]
    if lacking:
        raise InputError(
            f"{store.path}: has no quality of {lacking[0]!r} ({len(lacking)} of "
            f"{len(ask.chosen.ids)} utterances have none); give the store of these recordings"
        )
    values = store.column(name)
    if not isinstance(values, np.ndarray) or values.ndim != 1 or values.dtype.kind not in "fiu":
        raise InputError(f"{store.path}: --quality {name} is text, wanted one number an utterance")
    values = values.astype(np.float64)
    if isinstance(store, RaggedStore) and len(values) != len(store):
        values = _mean_of_items(values, store)
    return values[ask.chosen.rows(store)], store.path


def _of_list(name: str, store: Store, ask: Ask) -> np.ndarray:
    """Return a column of --list as numbers."""
    texts = Register(store, ask.choice).column(name, ask.chosen.ids)
    try:
        return np.array([float(text or "nan") for text in texts])
    except ValueError:
        raise InputError(
            f"{ask.choice.list_file}: --quality {name} is text, wanted one number an utterance"
        ) from None


def _mean_of_items(values: np.ndarray, store: RaggedStore) -> np.ndarray:
    """Return the mean over each utterance's faces, NaN where there is none."""
    sums = np.bincount(np.repeat(np.arange(len(store)), store.lengths), values, len(store))
    with np.errstate(invalid="ignore"):
        return sums / store.lengths


def _checked(found: np.ndarray, what: str, ids: list[str]) -> np.ndarray:
    bad = np.flatnonzero(~np.isfinite(found))
    if len(bad):
        raise InputError(
            f"{what} is not finite for {len(bad)} of {len(ids)} utterances, such as "
            f"{ids[bad[0]]!r}; leave these out by --list"
        )
    if np.ptp(found) == 0:
        raise InputError(f"{what} is {found[0]:g} for every utterance, so it weighs none")
    return found
