"""Settings of a student that exclude each other, and what is odd about them."""

from avkd_cli.config import AudioConfig, DistillTerms
from avkd_cli.errors import UsageError
from avkd_cli.recipes.quality import wanted
from avkd_cli.recipes.terms import weights_of
from avkd_cli.said import warn


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
    for name in "imitation multitask soft_labels mmd_gather quality teacher_projection".split():
        if getattr(settings, name):
            raise UsageError(
                f"--{name.replace('_', '-')} needs both senses of each utterance; pass --intersect "
                "to leave out those that lack one"
            )


def warn_of_nothing(settings: DistillTerms) -> None:
    """Say on stderr that nothing is taught, where no term is on."""
    if not weights_of(settings):
        warn(
            "distill",
            "no term is on, this trains the plain baseline; set --alpha (KL), --beta (COS), "
            "--gamma (MMD) or --imitation",
        )
