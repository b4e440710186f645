"""A student of one sense: its baseline, and terms that hold it against a stored teacher."""

import dataclasses
import sys
from collections.abc import Callable, Sequence

from avkd_cli.config import AudioConfig, DistillTerms
from avkd_cli.errors import InputError, UsageError
from avkd_cli.inputs import INPUTS
from avkd_cli.recipes import sense
from avkd_cli.recipes.beside import Beside
from avkd_cli.recipes.gate import check_gate, gate_of
from avkd_cli.recipes.imitation import share_labels
from avkd_cli.recipes.job import Job
from avkd_cli.recipes.loose import tolerances
from avkd_cli.recipes.quality import Ask, Rows, measure, open_quality, wanted
from avkd_cli.recipes.request import Request
from avkd_cli.recipes.taught import head_of, rows_of, what_is_taught
from avkd_cli.recipes.teachers import (
    BothSenses,
    Teacher,
    lacks_some,
    open_teacher,
    sources_of,
    stores_of,
)
from avkd_cli.recipes.terms import weights_of
from avkd_cli.recipes.unlabelled import Unlabelled, named_by
from avkd_cli.storage.choosing import refuse_other_persons

SENSES: dict[str, Callable[..., Job]] = {"audio": sense.audio, "visual": sense.visual}


def student(
    request: Request,
    settings: DistillTerms,
    teacher: str | Sequence[str],
    intersect: bool,
    quality_store: str | None = None,
    unlabelled: Unlabelled | None = None,
) -> Job:
    """Return the training of a student.

    Args:
        settings: of the sense, with terms.
        teacher: path of its embeddings, with its classifier where a term looks at it; or the paths
            of one store of each sense.
        intersect: train on what the teacher has, instead of refusing when it lacks some.
        quality_store: path of the store with the column of --quality.
        unlabelled: people nobody named, who are trained on as the teacher's clusters.

    Raises:
        UsageError: options that exclude each other.
        InputError: the teacher lacks utterances or persons, has no classifier where one is
            needed, or embeds in another size without --projection; a quality cannot be used.
    """
    refuse_combinations(settings)
    check_gate(settings)
    loose, measures = tolerances(settings), open_quality(settings, quality_store)
    INPUTS[request.modality].opened(request.stores)  # a mistyped one is named before the teacher
    stored = open_teacher([teacher] if isinstance(teacher, str) else teacher, settings)
    if unlabelled is None:
        warn_of_nothing(settings)
    named = None
    if unlabelled is not None:
        named = named_by(stores_of(stored), request, unlabelled, settings)
    request = named.request if named else request
    job = SENSES[request.modality](request, settings)
    job = known_to_teacher(job, stored, request, settings, intersect)
    chosen = job.chosen
    taught = what_is_taught(stored, chosen, settings)
    if lacks_some(stored, chosen):
        refuse_where_untaught(settings)
    measured = measure(
        settings,
        Ask(
            request.modality,
            chosen,
            request.choice,
            stored,
            lambda: rows_of(head_of(stored, chosen, "--quality")),
            job.input.stores[0],
            measures,
        ),
    )
    beside = Beside(
        settings, taught, chosen.classes, settings.scale, has_speeds(settings), loose, measured
    )
    beside.untaught, beside.gate = lacks_some(stored, chosen), gate_of(settings, chosen)
    known = sources_of(stored, chosen, job.sources)
    more = measured.sources() if measured else []
    if beside.gate is not None and not any(isinstance(one, Rows) for one in more):
        more = [*more, Rows()]
    return dataclasses.replace(
        job,
        sources=[*job.sources, *known, *more],
        heads=lambda: beside.heads(job.heads()),
        bridges=beside.bridges,
        terms=beside.terms,
        finish=lambda network: share_labels(network, settings),
        teacher=stored,
        inputs=job.inputs
        | {"teacher": stored.fingerprint}
        | (measured.inputs if measured else {})
        | ({"unlabelled": named.key} if named else {}),
        files=named.files if named else {},
    )


def has_speeds(settings: DistillTerms) -> bool:
    """Return whether voices at other speeds are classes."""
    return isinstance(settings, AudioConfig) and settings.speed_classes


def refuse_combinations(settings: DistillTerms) -> None:
    """Raise UsageError for options that exclude each other."""
    names, on = wanted(settings), weights_of(settings)
    if has_speeds(settings) and settings.mmd_gather:
        raise UsageError(
            "--mmd-gather needs as many taught voices in each process, which --speed-classes "
            "does not give; leave one of them out"
        )
    if has_speeds(settings) and (settings.imitation or settings.multitask):
        raise UsageError(
            "--imitation and --multitask do not go with --speed-classes; leave one out"
        )
    if settings.projection and settings.teacher_projection:
        raise UsageError(
            "--projection maps the student to the teacher, --teacher-projection the teacher to "
            "the student; give one"
        )
    if settings.teacher_projection and "kl" in on and settings.kl_student_head == "teacher":
        raise UsageError(
            "--kl-student-head teacher compares in the teacher's own size; leave "
            "--teacher-projection out"
        )
    if names and not on and settings.quality_scope == "kd":
        raise UsageError(
            "--quality weighs terms, and none is on; set --beta, or --quality-scope all"
        )


def refuse_where_untaught(settings: DistillTerms) -> None:
    """Raise UsageError for what needs a teacher of every sample of a batch."""
    for name in ("imitation", "multitask", "soft_labels", "mmd_gather", "quality",
                 "teacher_projection"):  # fmt: skip
        if getattr(settings, name):
            raise UsageError(
                f"--{name.replace('_', '-')} needs both senses of each utterance; pass --intersect "
                "to leave out those that lack one"
            )


def warn_of_nothing(settings: DistillTerms) -> None:
    """Say on stderr that nothing is taught, where no term is on."""
    if not weights_of(settings):
        print(
            "avkd distill: warning: no term is on, this trains the plain baseline; "
            "set --alpha (KL), --beta (COS), --gamma (MMD) or --imitation",
            file=sys.stderr,
        )


def known_to_teacher(
    job: Job, stored: Teacher, request: Request, settings: DistillTerms, intersect: bool
) -> Job:
    """Return the job over utterances all of which the teacher knows."""
    missing = [one for one in job.chosen.ids if one not in stored.row_of]
    if isinstance(stored, BothSenses) and not intersect:  # who has one sense is not taught by it
        missing = [one for one in missing if not stored.has_one_of(one)]
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
    print(f"avkd distill: warning: {what}; they are left out", file=sys.stderr)
    return SENSES[request.modality](dataclasses.replace(request, beside=(stored,)), settings)
