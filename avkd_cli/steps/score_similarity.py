"""How similar two sides are in `avkd score`, and what embeddings of other people say of that."""

from dataclasses import dataclass, replace

import numpy as np

from avkd_cli.config import ScoreConfig
from avkd_cli.errors import InputError, blame
from avkd_cli.steps import seen
from avkd_cli.steps.score_output import ScoreFiles, note
from avkd_cli.steps.score_sides import Sides
from avkd_cli.storage import names
from avkd_cli.storage.store import EMBEDDINGS, EmbeddingStore, open_store
from avkd_cli.verification import normalization, scoring


@dataclass(frozen=True)
class OtherPeople:
    """Embeddings of other people: a cohort, and those whose mean is taken off all."""

    cohort: EmbeddingStore | None = None
    background: EmbeddingStore | None = None

    @classmethod
    def of(cls, cohort: str | None, background: str | None) -> "OtherPeople":
        """Open what is named."""
        return cls(
            *(open_store(one, EMBEDDINGS.kind) if one else None for one in (cohort, background))
        )

    def shift(self) -> np.ndarray:
        """Return what is taken off every embedding, (d,) float32."""
        if self.background is None:
            return np.float32(0)
        return self.background.embedding.mean(axis=0, dtype=np.float64).astype(np.float32)

    def norm(self, settings: ScoreConfig) -> str:
        """Return how scores are normalised, in words of the signature."""
        name = f"as({settings.top_n})" if settings.norm == "as" else settings.norm
        return name + ("+sub-mean" if self.background else "")


def compared(sides: Sides, beside: OtherPeople, settings: ScoreConfig) -> np.ndarray:
    """Return the score of each trial, normalised where there is a cohort."""
    shift = beside.shift()
    if beside.background:
        sides = replace(sides, embedding=sides.embedding - shift)
    score = _similarity(sides, settings.metric)
    if beside.cohort is None:
        return score
    means = scoring.person_means(beside.cohort.embedding, beside.cohort.persons) - shift
    return _normalised(score, sides, means, settings)


def _similarity(sides: Sides, metric: str) -> np.ndarray:
    """Return the similarity of each trial: the cosine, or 1 - d/2 of a squared distance d."""
    norm = scoring.norms(sides.embedding)
    usable = np.isfinite(norm) & (norm > 0)
    bad = np.flatnonzero(~(usable[sides.enrol] & usable[sides.test]))
    if len(bad):
        trials = sides.trials
        codes = (trials.test if usable[sides.enrol[bad[0]]] else trials.enrol)[bad[0]]
        raise InputError(
            f"{sides.stores.names}: the embedding of {trials.ids[codes]!r} is zero or not finite "
            f"({len(bad)} trials have such); extract it again"
        )
    if metric == "tanh-l2":
        return 1 - scoring.tanh_distances(sides.embedding, sides.enrol, sides.test) / 2
    return scoring.cosine_scores(sides.embedding, sides.enrol, sides.test, norm)


def _normalised(
    score: np.ndarray, sides: Sides, cohort: np.ndarray, settings: ScoreConfig
) -> np.ndarray:
    top_n = settings.top_n if settings.norm == "as" else None
    with blame("--cohort", "give a larger cohort or a smaller --top-n"):
        enrol = None if settings.norm == "t" else _statistics(sides, sides.enrol, cohort, top_n)
        test = None if settings.norm == "z" else _statistics(sides, sides.test, cohort, top_n)
    return normalization.normalise(score, enrol, test)


def _statistics(
    sides: Sides, rows: np.ndarray, cohort: np.ndarray, top_n: int | None
) -> normalization.Statistics:
    """Return the cohort statistics of each trial's side, computed once a recording."""
    used, at = np.unique(rows, return_inverse=True)
    found = normalization.cohort_statistics(sides.embedding[used], cohort, top_n)
    return normalization.Statistics(found.mean[at], found.deviation[at])


def check_cohort(sides: Sides, cohort: EmbeddingStore, files: ScoreFiles) -> None:
    """Say, or refuse as `tell` does, who of a cohort is in the trials; say who was trained on."""
    persons = np.array(sides.persons, str)
    tested = set(persons[sides.enrol].tolist()) | set(persons[sides.test].tolist())
    known = set(cohort.persons) - {""}
    if both := known & tested:
        text = (
            f"{len(both):,} of {len(known):,} persons of the cohort are persons of the trials, "
            f"such as {min(both)!r}: a cohort is of other people"
        )
        seen.tell("score", f"{sides.trials.name}: {cohort.path}", text, strict=files.strict)
    if trained := names.known(cohort.trained_on or (), known):
        note(
            files.quiet,
            f"{cohort.path}: {len(trained):,} of {len(known):,} persons of the cohort were trained "
            "on: closer to the network than strangers, so normalised scores lie higher",
        )
