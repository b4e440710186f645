"""A choice of utterances by `--list`: which rows it names, and what a plan says of it."""

from collections.abc import Collection, Sequence
from pathlib import Path

from avkd_cli.errors import InputError, some
from avkd_cli.storage import durable
from avkd_cli.storage.progress import say
from avkd_cli.storage.readers import Store


def chosen_fingerprint(ids: Sequence[str], list_file: Path | None) -> dict[str, str]:
    """Return the fingerprint of a choice, for the inputs of a plan; nothing without a list."""
    return {} if list_file is None else {"list": durable.digest_of(ids)}


def refuse_other_persons(ids: Collection[str], first: Store, other: Store) -> None:
    """Refuse two stores that say another person of one utterance, where both know whose it is.

    Args:
        ids: utterances that both have.
        first: a store.
        other: another.

    Raises:
        InputError: naming how many differ, and the first.
    """
    pairs = (
        (one, first.persons[first.row_of[one]], other.persons[other.row_of[one]]) for one in ids
    )
    differ = [(one, here, there) for one, here, there in pairs if here and there and here != there]
    if differ:
        one, here, there = differ[0]
        raise InputError(
            f"{len(differ)} of {len(ids)} utterances are of another person in {other.path} than in "
            f"{first.path}, such as {one!r}, which is {there!r} there and {here!r} here; make both "
            "stores from one list"
        )


def chosen_rows(
    source: Path, ids: list[str], wanted: Collection[str], list_file: Path, *, quiet: bool
) -> list[int]:
    """Return the rows that a list names; say how many of the list are not there.

    Raises:
        InputError: none is.
    """
    kept = [row for row, one in enumerate(ids) if one in wanted]
    if not kept:
        raise InputError(
            f"{list_file}: none of its {len(wanted):,} ids is in {source}, where they are like "
            f"{some(ids, 2)}; give the list of these recordings"
        )
    if absent := len(wanted) - len(kept):
        there = set(ids)
        first = next(one for one in wanted if one not in there)
        text = f"{absent:,} utterances of {list_file} have no embedding there, first {first!r}"
        say("extract-embeddings", f"warning: {text}", quiet=quiet)
    return kept
