"""What a store is made of: lines that have the sense, each file of one person only."""

import os
import stat
from collections import Counter
from dataclasses import replace

from avkd_cli.errors import InputError, Rejected
from avkd_cli.storage.record import media_of
from avkd_cli.storage.specs import StoreSpec
from avkd_cli.storage.utterances import UtteranceList, drop_conflicts, part_of


def prepared(listed: UtteranceList, spec: StoreSpec) -> UtteranceList:
    """Return the lines that a store of this kind can be made of, as a list of their own.

    A line without the sense (a film for faces, a sound for audio) is no reject: nothing of it is
    broken. Such lines are counted in `passed_over`. A file that lies under two names, by a link,
    and is given to two persons, is a label conflict as the same name would be.

    Args:
        listed: as read; left as it is.
        spec: of the store.

    Raises:
        InputError: no line has the sense.
    """
    if not spec.media:
        return listed
    found = _with_sense(listed, spec)
    _reject_same_files(found, spec)
    return found


def _with_sense(listed: UtteranceList, spec: StoreSpec) -> UtteranceList:
    wanted = spec.media[0].split("|")
    keep = [
        index
        for index, utterance in enumerate(listed.utterances)
        if any(getattr(utterance, key) for key in wanted)
    ]
    lack = " or ".join(repr(key) for key in wanted)
    if listed.utterances and not keep:
        raise InputError(f"{listed.name}: no line has {lack}; give a list that names such files")
    without = len(listed.utterances) - len(keep)
    persons = {u.person for u in listed.utterances} - {listed.utterances[i].person for i in keep}
    found = replace(
        listed,
        rejects=list(listed.rejects),
        warnings=Counter(listed.warnings),
        persons=listed.persons - persons,
        passed_over=Counter({f"no {lack}": without} if without else {}),
    )
    found.keep(keep)
    return found


def _reject_same_files(found: UtteranceList, spec: StoreSpec) -> None:
    """Reject every record whose file is another person's as well, under another name."""
    first: dict[tuple, tuple[int, str]] = {}
    conflicts: dict[int, int] = {}
    for index, utterance in enumerate(found.utterances):
        part = part_of(utterance)
        for path in media_of(utterance, spec):
            if path == utterance.boxes or (place := _place(found, path)) is None:
                continue
            other, named = first.setdefault((*place, *part), (index, path))
            if other == index or named == path:  # one name for two is seen when the list is read
                continue
            persons = {utterance.person, found.utterances[other].person}
            if len(persons) == 1:
                found.warnings["same_file"] += 1
            elif "" not in persons:
                conflicts[index] = other
                conflicts.setdefault(other, index)
    drop_conflicts(found, conflicts, "same file, by a link,")


def _place(found: UtteranceList, path: str) -> tuple[int, int] | None:
    """Return device and inode of a file; None for a folder, and for what is not there."""
    try:
        plain = os.path.join(found.base, path)  # noqa: PTH118  a million of them
        there = os.stat(plain if found.root is None else found.resolve(path))  # noqa: PTH116
    except (OSError, ValueError, Rejected):
        return None
    return (there.st_dev, there.st_ino) if stat.S_ISREG(there.st_mode) else None
