"""Which utterances are trained on, from stores that are no more than their columns."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.errors import InputError
from avkd_cli.training.training_set import TRAIN, Choice, choose

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
        self.empty = {one for one, (_, length) in rows.items() if ragged and not length}

    def holds(self, utterance: str) -> bool:
        return utterance in self.row_of and utterance not in self.empty

    def has(self, name: str) -> bool:
        return name == "split"

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
    chosen = choose([store], Choice())
    assert chosen.ids == NAMES
    assert chosen.classes == ["a", "b", "c"]
    assert chosen.labels.tolist() == [1, 0, 1, 2, 0, 2] and chosen.labels.dtype == np.int64
    assert chosen.rows(store).tolist() == [5, 4, 3, 2, 1, 0]


def test_only_the_split_train_is_taken_where_there_are_splits():
    splits = dict(zip(NAMES, ["train", "test", "train", "train", "", "dev"], strict=True))
    store = Table({one: (split, 1) for one, split in splits.items()})
    assert choose([store], Choice()).ids == ["u0", "u2", "u3"]


def test_a_list_picks_and_its_splits_win(tmp_path):
    store = Table(dict.fromkeys(NAMES, ("test", 1)))
    path = listed(tmp_path, {"u0": "train", "u1": "train", "u2": "", "unknown": "train"})
    assert choose([store], Choice(path)).ids == ["u0", "u1"]  # u2 keeps the store's split


def test_an_utterance_without_a_face_is_nothing_to_train_on():
    faces = Table({one: ("", number) for number, one in enumerate(NAMES)})
    voices = Table(dict.fromkeys(NAMES[:5], ("", 1)))
    assert choose([faces, voices], Choice()).ids == ["u1", "u2", "u3", "u4"]
    assert choose([voices, faces], Choice()).ids == ["u1", "u2", "u3", "u4"]


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
        choose([Table(rows)], Choice())


def test_an_utterance_of_nobody_is_named():
    store = Table(dict.fromkeys(NAMES, ("", 1)))
    store.persons[3] = ""
    with pytest.raises(InputError, match="1 utterances without person, first u3"):
        choose([store], Choice())


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
            choose(stores, Choice())
        return
    chosen = choose(stores, Choice())
    assert chosen.ids == sorted(wanted)
    assert [chosen.classes[label] for label in chosen.labels] == [PERSONS[i] for i in chosen.ids]
    for store in stores:
        assert [store.ids[row] for row in chosen.rows(store)] == chosen.ids


def with_columns(folder: Path, **columns: list) -> Path:
    path = folder / "list.jsonl"
    named = zip(NAMES, *columns.values(), strict=True)
    rows = [dict(zip(["id", *columns], values, strict=True)) for values in named]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_any_column_of_the_list_is_a_label(tmp_path):
    moods = ["sad", "glad", "sad", "calm", "glad", "calm"]
    store = Table(dict.fromkeys(NAMES, ("", 1)))
    chosen = choose([store], Choice(with_columns(tmp_path, emotion=moods), label="emotion"))
    assert chosen.classes == ["calm", "glad", "sad"] and chosen.label == "emotion"
    assert [chosen.classes[i] for i in chosen.labels] == moods
    assert chosen.persons == ["a", "b", "c"]  # whatever the label, it is known who was trained on


def test_any_column_of_the_list_is_a_split(tmp_path):
    folds = ["train", "test", "train", "train", "test", "train"]
    store = Table(dict.fromkeys(NAMES, ("test", 1)))
    path = with_columns(tmp_path, fold2=folds)
    assert choose([store], Choice(path, split="fold2")).ids == ["u0", "u2", "u3", "u5"]
    assert choose([store], Choice(path, split="fold2")).persons == ["b", "c"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"label": "emotion"}, "no line has 'emotion'"),
        ({"split": "fold9"}, "no line has 'fold9'"),
        ({"split": "mood"}, "no 'mood' is 'train'"),
        ({"label": "accent"}, "3 utterances without accent, first u1"),
        ({"label": "mood"}, "at least 2 values of mood, found 1 \\(sad\\)"),
    ],
)
def test_a_column_that_says_nothing_is_named(tmp_path, asked, said):
    path = with_columns(tmp_path, mood=["sad"] * 6, accent=["x", None] * 3)
    with pytest.raises(InputError, match=said):
        choose([Table(dict.fromkeys(NAMES, ("", 1)))], Choice(path, **asked))


def test_a_column_that_no_store_has_needs_a_list():
    with pytest.raises(
        InputError, match="no column 'emotion'; give the list that has it by --list"
    ):
        choose([Table(dict.fromkeys(NAMES, ("", 1)))], Choice(label="emotion"))


def test_what_is_outside_of_the_overlap_is_said(tmp_path):
    first = Table(dict.fromkeys(NAMES[:5], ("train", 1)))
    other = Table({one: ("train", int(one != "u2")) for one in NAMES[1:]})
    path = listed(tmp_path, dict.fromkeys([*NAMES, "absent"], "train"))
    chosen = choose([first, other], Choice(path))
    assert chosen.ids == ["u1", "u3", "u4"]
    assert chosen.left_out == (
        "some.zarr has nothing of 2 of 5 utterances, such as 'u0'; they are left out",
        "some.zarr has nothing of 1 of 5 utterances of some.zarr, such as 'u5'; they are left out",
        f"some.zarr has nothing of 2 of 7 utterances of {path}, such as 'u5'; they are left out",
    )
    assert choose([first], Choice()).left_out == ()


def guessing(folder: Path, lines: list[dict]) -> Path:
    path = folder / "clustered.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_a_person_that_a_teacher_gave_wins_over_the_store_and_noise_stays_out(tmp_path):
    store = Table(dict.fromkeys(NAMES, ("", 1)))
    path = guessing(
        tmp_path,
        [
            {"id": "u0", "person": "b"},
            {"id": "u1", "person": "a"},
            {"id": "u2", "person": "cluster-00001", "person_of": "teacher"},
            {"id": "u3", "person": "cluster-00001", "person_of": "teacher"},
            {"id": "u4", "person_of": "teacher"},
        ],
    )
    chosen = choose([store], Choice(path))
    assert chosen.ids == ["u0", "u1", "u2", "u3"]
    assert [chosen.classes[i] for i in chosen.labels] == ["b", "a", *["cluster-00001"] * 2]
    assert len(chosen.of_teacher) == 2


def test_guesses_are_trained_on_beside_the_list_whatever_the_store_calls_them(tmp_path):
    store = Table({one: (TRAIN if one in "u0 u1" else "", 1) for one in NAMES})
    path = listed(tmp_path, {"u0": TRAIN, "u1": TRAIN})
    chosen = choose([store], Choice(path, guesses={"u2": "x", "u3": "x", "u4": ""}))
    assert chosen.ids == ["u0", "u1", "u2", "u3"]
    assert chosen.classes == ["a", "b", "x"] and chosen.persons == ["a", "b", "x"]
    assert not choose([store], Choice(path)).of_teacher


def test_whom_a_teacher_named_needs_no_split_unless_it_is_another_one(tmp_path):
    store = Table(dict.fromkeys(NAMES, ("", 1)))
    given = {"person": "x", "person_of": "teacher"}
    path = guessing(
        tmp_path,
        [
            {"id": "u0", "split": "train"},
            {"id": "u1", "split": "train"},
            {"id": "u2"} | given,
            {"id": "u3", "split": "test"} | given,
            {"id": "u4"},
        ],
    )
    assert choose([store], Choice(path)).ids == ["u0", "u1", "u2"]
