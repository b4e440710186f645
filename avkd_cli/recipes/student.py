"""A student of one sense: its baseline, and terms that hold it against a stored teacher."""

import dataclasses
from collections.abc import Callable, Sequence

from torch import Tensor

from avkd_cli.config import DistillTerms
from avkd_cli.errors import InputError, UsageError
from avkd_cli.inputs import INPUTS
from avkd_cli.losses.moment import Schedule
from avkd_cli.recipes import sense
from avkd_cli.recipes.beside import Beside
from avkd_cli.recipes.gate import check_gate, gate_of
from avkd_cli.recipes.job import Job
from avkd_cli.recipes.live import Asked, open_live
from avkd_cli.recipes.loose import tolerances
from avkd_cli.recipes.quality import Ask, RowNumbers, measure, open_quality
from avkd_cli.recipes.refusals import (
    has_speeds,
    refuse_combinations,
    refuse_where_untaught,
    warn_of_nothing,
)
from avkd_cli.recipes.request import Request
from avkd_cli.recipes.taught import head_of, rows_of, what_is_taught
from avkd_cli.recipes.teachers import (
    BothSenses,
    Teacher,
    open_teacher,
    sources_of,
    stores_of,
)
from avkd_cli.recipes.unlabelled import Unlabelled, named_by
from avkd_cli.said import warn
from avkd_cli.storage.choosing import refuse_other_persons
from avkd_cli.storage.store import Store

SENSES: dict[str, Callable[..., Job]] = {"audio": sense.audio, "visual": sense.visual}


def student(
    request: Request,
    settings: DistillTerms,
    teacher: str | Sequence[str],
    intersect: bool,
    quality_store: str | None = None,
    unlabelled: Unlabelled | None = None,
    live: Asked | None = None,
) -> Job:
    """Return the training of a student.

    Args:
        settings: of the sense, with terms.
        teacher: path of its embeddings, with its classifier where a term looks at it; or the paths
            of one store of each sense.
        intersect: train on what the teacher has, instead of refusing when it lacks some.
        quality_store: path of the store with the column of --quality.
        unlabelled: people nobody named, who are trained on as the teacher's clusters.
        live: runs that teach in place of stored embeddings, on what the student sees.

    Raises:
        UsageError: options that exclude each other.
        InputError: the teacher lacks utterances or persons, has no classifier where one is
            needed, or embeds in another size without --projection; a quality cannot be used.
    """
    refuse_combinations(settings)
    check_gate(settings)
    loose, measures = tolerances(settings), open_quality(settings, quality_store)
    INPUTS[request.modality].opened(request.stores)  # a mistyped one is named before the teacher
    stored = opened_teacher(teacher, settings, live, unlabelled)
    if unlabelled is None:
        warn_of_nothing(settings)
        return learning(request, settings, stored, intersect, loose, measures, live)
    named = named_by(stores_of(stored), request, unlabelled, settings)
    job = learning(named.request, settings, stored, intersect, loose, measures, live)
    inputs = job.inputs | {"unlabelled": named.key}
    return dataclasses.replace(job, inputs=inputs, files=named.files)


def learning(
    request: Request,
    settings: DistillTerms,
    stored: Teacher | None,
    intersect: bool,
    loose: dict[str, Schedule],
    measures: Store | None,
    live: Asked | None,
) -> Job:
    """Return the training of a student whose people all have names.

    Args:
        stored: what is stored of the teacher, None where it runs beside.
        loose: by term, its tolerance. measures: the store with the column of --quality.
    """
    job = SENSES[request.modality](request, settings)
    alive = open_live(live, request.modality, job.description, settings)
    if alive is None:
        job = known_to_teacher(job, stored, request, settings, intersect)
    lacks = alive is None and any(one not in stored.row_of for one in job.chosen.ids)
    if lacks:
        refuse_where_untaught(settings)
    teaches = alive or stored
    taught = what_is_taught(teaches, job.chosen, settings)

    def rows() -> Tensor:
        return rows_of(head_of(teaches, job.chosen, "--quality"))

    measured = measure(settings, Ask(job, request.choice, stored, rows, measures))
    beside = Beside(
        settings, taught, job.chosen.classes, settings.scale, has_speeds(settings), loose, measured
    )
    beside.untaught, beside.gate, beside.live = lacks, gate_of(settings, job.chosen), alive
    if alive is None:
        known, inputs = sources_of(stored, job.chosen, job.sources), {"teacher": stored.fingerprint}
    else:
        known, inputs = alive.sources(job.chosen, settings, settings.seed), alive.inputs()
    more = measured.sources() if measured else []
    if beside.gate is not None and not any(isinstance(one, RowNumbers) for one in more):
        more = [*more, RowNumbers()]
    return dataclasses.replace(
        job,
        sources=[*job.sources, *known, *more],
        heads=lambda: beside.heads(job.heads()),
        bridges=beside.bridges,
        terms=beside.terms,
        finish=beside.finish,
        teacher=None if alive else stored,
        inputs=job.inputs | inputs | (measured.inputs if measured else {}),
    )


def opened_teacher(
    teacher: str | Sequence[str],
    settings: DistillTerms,
    live: Asked | None,
    unlabelled: Unlabelled | None,
) -> Teacher | None:
    """Return what is stored of the teacher, None where it runs beside and nothing is clustered.

    Raises:
        UsageError: neither is given, or both and nobody to cluster.
    """
    paths = [teacher] if isinstance(teacher, str) else list(teacher)
    runs = live is not None and bool(live.runs)
    if paths and runs and unlabelled is None:
        raise UsageError(
            "--teacher-run teaches in place of --teacher, which beside it is for --unlabelled "
            "alone; give one"
        )
    if not paths and (not runs or unlabelled is not None):
        raise UsageError(
            "give --teacher STORE, whose embeddings --unlabelled is clustered by"
            if runs
            else "give --teacher STORE, or --teacher-run RUN"
        )
    return open_teacher(paths, settings) if paths else None


def known_to_teacher(
    job: Job, stored: Teacher, request: Request, settings: DistillTerms, intersect: bool
) -> Job:
    """Return the job over utterances all of which the teacher knows."""
    missing = [one for one in job.chosen.ids if one not in stored.row_of]
    if isinstance(stored, BothSenses) and not intersect:  # who has one sense is not taught by it
        missing = [one for one in missing if not any(has.holds(one) for has in stored.stores)]
    known = [one for one in job.chosen.ids if one in stored.row_of]
    refuse_other_persons(known, job.input.stores[0], stored)
    if not missing:
        return job
    what = (
        f"{stored.path} has no embedding of {len(missing)} of {len(job.chosen.ids)} training "
        f"utterances, such as '{missing[0]}'"
    )
    if not intersect:
        raise InputError(f"{what}; make it from the same list, or pass --intersect")
    warn("distill", f"{what}; they are left out")
    return SENSES[request.modality](dataclasses.replace(request, beside=(stored,)), settings)
