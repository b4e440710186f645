"""What `avkd corpus split` and `folds` do: write a list with columns that say train and test."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from avkd_cli.corpora import divide
from avkd_cli.corpora.divide import TEST, TRAIN, VALIDATION
from avkd_cli.errors import InputError, UsageError, some
from avkd_cli.steps.corpus import prefix, relocate, say
from avkd_cli.steps.corpus_trials import possible_trials
from avkd_cli.storage.utterances import (
    FIELDS,
    Utterance,
    read_whole,
    value_of,
    write_utterances,
)

MEDIA = frozenset({"id", "audio", "video", "images", "boxes", "start", "end"})
_MOST_FOLDS = 500  # each is a column in every line
_SHOWN = 6  # folds that are told one by one


@dataclass(frozen=True)
class Division:
    """What stays together, what is shared out evenly, and where the list goes.

    Args:
        group: column whose value is in one part only.
        by: columns that each part has in the same shares.
        within: column inside whose every value the groups are shared out, such as each person's
            sessions; "" for none.
        only: divide the utterances of this split alone; "" for all.
        overwrite: columns that are there may be replaced.
    """

    group: str
    by: tuple[str, ...]
    within: str
    only: str
    output: Path | None
    overwrite: bool
    quiet: bool


def split_list(
    source: str, division: Division, *, test: float, validation: float, seed: int
) -> None:
    """Write a list whose `split` is train, validation or test.

    Raises:
        UsageError: the shares leave nobody to train on.
        InputError: a bad line, a group without a name or with two strata, a part without groups,
            a list that is split already.
    """
    if test + validation >= 1:
        raise UsageError("--test and --validation leave nobody for train; ask for less")
    table = _Table(source, division)
    shares = (1 - test - validation, validation, test)
    _write(table, {"split": _shared(table, shares, seed)})


def fold_list(
    source: str,
    division: Division,
    *,
    count: int | None,
    shares: tuple[float, float, float] | None,
    validation: float,
    prefix_of: str,
    seed: int,
) -> None:
    """Write a list with a column a fold, each of them train, validation or test.

    Args:
        count: of folds; None: leave one group out each time, or one draw of `shares`.
        shares: of train, validation and test, each fold drawn anew; None: every group is test once.

    Raises:
        InputError: as `split_list`, or more folds than groups.
    """
    table = _Table(source, division)
    if shares is not None:
        drawn = [_shared(table, shares, f"{seed}/{fold}") for fold in range(count or 1)]
    else:
        drawn = _every_group_once(table, count, seed, validation)
    _write(table, {f"{prefix_of}{n}": parts for n, parts in enumerate(drawn, 1)})


class _Table:
    """A list, with the group and the stratum of each utterance that is to be divided."""

    def __init__(self, source: str, division: Division) -> None:
        found = read_whole(source)
        self.name, self.base, self.division = found.name, found.base, division
        self.utterances = found.utterances
        self._check_columns()
        self.group_of: list[str | None] = [self._group(u) for u in self.utterances]
        self.members: dict[str, list[Utterance]] = defaultdict(list)
        for utterance, group in zip(self.utterances, self.group_of, strict=True):
            if group is not None:
                self.members[group].append(utterance)
        if not self.members:
            splits = sorted({u.split or "none" for u in self.utterances})
            raise InputError(
                f"{self.name}: nobody of split {division.only!r}; there are {some(splits)}"
            )
        self.strata = {group: self._stratum(group) for group in self.members}

    def inside(self, parts: dict[str, str], part: str) -> list[Utterance]:
        """Return the utterances of a part."""
        return [u for group, us in self.members.items() if parts[group] == part for u in us]

    def _check_columns(self) -> None:
        """Refuse a column that no line has: all would be of one stratum, and nobody would know."""
        keys = {key for u in self.utterances for key in u.to_json()}
        for column in (self.division.group, self.division.within, *self.division.by):
            if column and column not in keys:
                there = some(sorted(keys - MEDIA), 20)
                raise InputError(f"{self.name}: no line has a {column!r}; there are {there}")

    def _group(self, utterance: Utterance) -> str | None:
        if self.division.only and utterance.split != self.division.only:
            return None
        columns = [name for name in (self.division.within, self.division.group) if name]
        values = [value_of(utterance, name) for name in columns]
        if "" in values:
            lacking = columns[values.index("")]
            raise InputError(
                f"{self.name}: {utterance.id!r} has no {lacking}; complete the list, or divide it "
                "by another column"
            )
        return "\0".join(values)

    def _stratum(self, group: str) -> Hashable:
        columns = (self.division.within,) * bool(self.division.within) + self.division.by
        values = {tuple(value_of(u, name) for name in columns) for u in self.members[group]}
        if len(values) > 1:
            column = next(c for c, *v in zip(columns, *values, strict=True) if len(set(v)) > 1)
            shown = sorted({value_of(u, column) or "none" for u in self.members[group]})[:3]
            raise InputError(
                f"{self.name}: {self.division.group} {group!r} has more than one {column} "
                f"({', '.join(shown)}); give --by columns that have one"
            )
        return tuple(divide.natural(value) for value in values.pop())


def _shared(table: _Table, shares: Sequence[float], seed: int | str) -> dict[str, str]:
    first_of_each = bool(table.division.within)  # who is not in train cannot be told in test
    parts = divide.deal(table.strata, shares, seed, first_of_each=first_of_each)
    names = (TRAIN, VALIDATION, TEST)
    there = Counter(names[part] for part in parts.values())
    for name, share in zip(names, shares, strict=True):
        if share and not there[name]:
            raise InputError(
                f"{table.name}: {name} would be empty, a share of {share / sum(shares):.0%} of "
                f"{len(parts)} {_plural(table.division)}; ask for more, or bring more"
            )
    return {group: names[part] for group, part in parts.items()}


def _every_group_once(table: _Table, count: int | None, seed: int, validation: float):
    groups = len(table.strata)
    if groups < max(2, count or 2):
        raise InputError(
            f"{table.name}: {count or 2} folds wanted of {groups} {_plural(table.division)}; "
            "ask for fewer"
        )
    if (count or groups) > _MOST_FOLDS:
        raise InputError(
            f"{table.name}: {count or groups:,} folds would be as many columns, at most "
            f"{_MOST_FOLDS} are made; say how many with --folds"
        )
    return divide.folds(table.strata, count, seed, validation=validation)


def _plural(division: Division) -> str:
    names = {"person": "people", "session": "sessions"}
    return names.get(division.group, f"values of {division.group}")


def _write(table: _Table, columns: dict[str, dict[str, str]]) -> None:
    division = table.division
    for column in () if division.overwrite else columns:
        there = sum(1 for u in table.utterances if value_of(u, column))
        if there and column == "split" and division.only:
            there = sum(1 for group in table.group_of if group)
        if there:
            raise InputError(
                f"{table.name}: {there:,} lines have a {column} already; pass --overwrite to "
                "replace it"
            )
    moved = relocate(_filled(table, columns), prefix(table.base, division.output))
    write_utterances(division.output or "-", moved)
    if not division.quiet:
        for line in _summary(table, columns):
            say(line)


def _filled(table: _Table, columns: dict[str, dict[str, str]]) -> Iterator[Utterance]:
    for utterance, group in zip(table.utterances, table.group_of, strict=True):
        if group is None:
            extra = {name: one for name, one in utterance.extra.items() if name not in columns}
            yield msgspec.structs.replace(utterance, extra=extra)
            continue
        new = {column: parts[group] for column, parts in columns.items()}
        fields = {name: new.pop(name) for name in list(new) if name in FIELDS}
        yield msgspec.structs.replace(utterance, extra=utterance.extra | new, **fields)


def _summary(table: _Table, columns: dict[str, dict[str, str]]) -> Iterator[str]:
    shown = list(columns)[:_SHOWN]
    for column in shown:
        for part in (TRAIN, VALIDATION, TEST):
            if part in columns[column].values():
                yield _part_line(table, column, columns[column], part)
    if more := len(columns) - len(shown):
        yield f"and {more} more, up to {list(columns)[-1]}"
    yield from _warnings(table, columns)


def _part_line(table: _Table, column: str, parts: dict[str, str], part: str) -> str:
    inside = table.inside(parts, part)
    persons = sorted({u.person for u in inside}, key=divide.natural)
    people = f"1 person ({persons[0]})" if len(persons) == 1 else f"{len(persons):,} people"
    line = f"{column} {part}: {people}, {len(inside):,} utterances"
    if part == TRAIN:
        return line
    targets, nontargets, across = possible_trials(inside)
    line += f"; {targets:,} targets are possible"
    line += f" ({across:,} of two sessions)" if across is not None else ""
    return f"{line}, {nontargets:,} nontargets"


def _warnings(table: _Table, columns: dict[str, dict[str, str]]) -> Iterator[str]:
    """Yield what a person should know before training on this."""
    column, parts = next(iter(columns.items()))
    people = {part: {u.person for u in table.inside(parts, part)} for part in (TRAIN, TEST)}
    both = people[TRAIN] & people[TEST] - {""}
    if table.division.within:
        alone = people[TRAIN] - people[TEST]
        if alone:
            yield f"{len(alone):,} of {len(people[TRAIN]):,} people are in {column} train alone"
    elif both:
        yield (
            f"warning: {len(both):,} people are in train and in test of {column}, as "
            f"{table.division.group} is not the person; good for classes, not for verification"
        )
    elif column == "split" and not possible_trials(table.inside(parts, TEST))[0]:
        yield "warning: no target trial is possible: nobody in test has two recordings"
