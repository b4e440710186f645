"""What distances refuse: unknown options, and embeddings that cannot be compared."""

from torch import Tensor


def check_choice(option: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise ValueError for an option that there is not."""
    if value not in choices:
        raise ValueError(f"no {option} {value!r}; there are {', '.join(choices)}")


def check_one_batch(student: Tensor, teacher: Tensor) -> None:
    """Raise ValueError where two batches have other numbers of rows."""
    if len(student) != len(teacher):
        raise ValueError(f"{len(student)} student and {len(teacher)} teacher embeddings differ")


def check_sets(student: Tensor, teacher: Tensor, least: int) -> None:
    """Raise ValueError unless both are sets of at least `least` embeddings of one size."""
    if student.ndim != 2 or student.shape[1:] != teacher.shape[1:]:
        raise ValueError(
            f"student embeddings {tuple(student.shape)} and teacher embeddings "
            f"{tuple(teacher.shape)} must have one size"
        )
    if min(len(student), len(teacher)) < least:
        raise ValueError(f"sets of {len(student)} and {len(teacher)}; at least {least} wanted")


def check_one_shape(student: Tensor, teacher: Tensor) -> None:
    """Raise ValueError unless embeddings of student and teacher have one shape."""
    if student.shape != teacher.shape:
        raise ValueError(
            f"student embeddings {tuple(student.shape)} and teacher embeddings "
            f"{tuple(teacher.shape)} must have one shape: give the student the teacher's size"
        )
