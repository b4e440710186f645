"""Figures on lists of persons drawn with replacement, from score files."""

from collections.abc import Sequence

from avkd_cli.analysis.bands import RESOLVED
from avkd_cli.errors import InputError, blame
from avkd_cli.steps.analyze.people import known_people, trial_persons
from avkd_cli.verification.figure import Figure
from avkd_cli.verification.scores import Scores
from avkd_cli.verification.statistics import Resampled, interval, resample_persons

FEWEST = 20  # draws with both classes that quantiles need


def by_persons(
    files: Sequence[Scores],
    people: str | None,
    *,
    wanted: Sequence[Figure],
    resamples: int,
    seed: int,
) -> tuple[Resampled, int]:
    """Return all systems' figures on resamples, and how many persons there are.

    Args:
        files: of the same trials, in one order.
        people: list of utterances that says who is who; None: the first part of each id.

    Raises:
        MissingInputError, InputError: the list of persons cannot be read; an id has no person;
            fewer persons than draws need; scores are not what an EER's mode takes.
    """
    enrol, test = trial_persons(files[0], known_people(people))
    persons = int(max(enrol.max(), test.max())) + 1
    scores = [one.score for one in files]
    with blame(files[0].source):  # a mode may need cosines
        drawn = resample_persons(
            scores, files[0].label, enrol, test, wanted=wanted, n_resamples=resamples, seed=seed
        )
    if len(drawn.samples[wanted[0].name]) < FEWEST:
        raise InputError(
            f"{files[0].source}: {persons} persons are too few to resample; take more persons"
        )
    return drawn, persons


def plain_interval(
    drawn: Resampled, name: str, scale: float = 1, highest: float = 1
) -> list[float]:
    """Return the limits of one figure's 95 % interval, times `scale`."""
    found = interval(drawn, name, highest=highest)
    return [scale * found.low, scale * found.high]


def limits(drawn: Resampled, one: Figure) -> list[float]:
    """Return the limits of one figure's 95 % interval in the unit that people print."""
    return plain_interval(drawn, one.name, 100 if one.percent else 1, one.highest)


def resolved(scores: Scores, fmrs: Sequence[float]) -> list[float]:
    """Return the false-match rates at which a list is long enough for an interval.

    With few false alarms allowed the miss rate hangs on the highest nontarget scores alone, and
    those are not among the drawn ones often enough: draws are then lower than the truth.
    """
    return [fmr for fmr in fmrs if fmr * len(scores.nontarget) >= RESOLVED]
