"""Which utterances are trained on, from stores that are no more than their columns."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.errors import InputError
from avkd_cli.steps.training_set import TRAIN, choose, holds

NAMES = [f"u{i}" for i in range(6)]
PERSONS = dict(zip(NAMES, ["b", "a", "b", "c", "a", "c"], strict=True))


class Table:
    """An open store: ids in its own order, and lengths where it is ragged."""

    path = "some.zarr"

    def __init__(self, rows: dict[str, tuple[str, int]], ragged: bool = True) -> None:
        self.ids = list(rows)
        self.persons = [PERSONS[one] for one in rows]
        self.splits = [split for split, _ in rows.values()]
        self.row_of = {one: row for row, one in enumerate(rows)}
        if ragged:
            self.lengths = np.array([length for _, length in rows.values()], np.int64)

    def column(self, name: str) -> list[str]:
        assert name == "split"
        return self.splits


def listed(folder: Path, splits: dict[str, str]) -> Path:
    path = folder / "list.jsonl"
    lines = [{"id": one, **({"split": split} if split else {})} for one, split in splits.items()]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_rows_come_by_id_and_classes_by_name():
    store = Table(dict.fromkeys(reversed(NAMES), ("", 1)))
    chosen = choose([store], None)
    assert chosen.ids == NAMES
    assert chosen.classes == ["a", "b", "c"]
    assert chosen.labels.tolist() == [1, 0, 1, 2, 0, 2] and chosen.labels.dtype == np.int64
    assert chosen.rows(store).tolist() == [5, 4, 3, 2, 1, 0]


def test_only_the_split_train_is_taken_where_there_are_splits():
    splits = dict(zip(NAMES, ["train", "test", "train", "train", "", "dev"], strict=True))
    store = Table({one: (split, 1) for one, split in splits.items()})
    assert choose([store], None).ids == ["u0", "u2", "u3"]


def test_a_list_picks_and_its_splits_win(tmp_path):
    store = Table(dict.fromkeys(NAMES, ("test", 1)))
    path = listed(tmp_path, {"u0": "train", "u1": "train", "u2": "", "unknown": "train"})
    assert choose([store], path).ids == ["u0", "u1"]  # u2 keeps the store's split


def test_an_utterance_without_a_face_is_nothing_to_train_on():
    faces = Table({one: ("", number) for number, one in enumerate(NAMES)})
    voices = Table(dict.fromkeys(NAMES[:5], ("", 1)))
    assert not holds(faces, "u0") and holds(faces, "u1") and not holds(faces, "unknown")
    assert choose([faces, voices], None).ids == ["u1", "u2", "u3", "u4"]
    assert choose([voices, faces], None).ids == ["u1", "u2", "u3", "u4"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"u0": ("test", 1), "u1": ("test", 1)}, "no utterance to train on"),
        ({"u0": ("", 0)}, "no utterance to train on"),
        ({"u1": ("", 1), "u4": ("", 1)}, "at least 2 persons, found 1"),
    ],
)
def test_what_cannot_be_trained_on_is_refused(rows, said):
    with pytest.raises(InputError, match=said):
        choose([Table(rows)], None)


def test_an_utterance_of_nobody_is_named():
    store = Table(dict.fromkeys(NAMES, ("", 1)))
    store.persons[3] = ""
    with pytest.raises(InputError, match="1 utterances without person, first u3"):
        choose([store], None)


rows = st.permutations(NAMES).flatmap(
    lambda names: st.dictionaries(
        st.sampled_from(names), st.tuples(st.sampled_from(["", "train", "test"]), st.integers(0, 2))
    )
)


@given(rows, rows, st.booleans())
def test_choosing_is_what_sets_say(first, second, ragged):
    stores = [Table(first), Table(second, ragged)]
    wanted = {one for one, (_, length) in first.items() if length}
    wanted &= {one for one, (_, length) in second.items() if length or not ragged}
    if any(first[one][0] for one in wanted):
        wanted = {one for one in wanted if first[one][0] == TRAIN}
    persons = {PERSONS[one] for one in wanted}
    if len(persons) < 2:
        with pytest.raises(InputError):
            choose(stores, None)
        return
    chosen = choose(stores, None)
    assert chosen.ids == sorted(wanted)
    assert [chosen.classes[label] for label in chosen.labels] == [PERSONS[i] for i in chosen.ids]
    for store in stores:
        assert [store.ids[row] for row in chosen.rows(store)] == chosen.ids
