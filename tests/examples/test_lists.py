"""Folds that never touch the test, fewer recordings, as many steps."""

import json

import lists
import pytest
from click.testing import CliRunner

from avkd_cli.storage.utterances import Utterance, read_utterances

BLOCKS = {"A": 6, "B": 4}


@pytest.fixture
def people(tmp_path):
    """Ten people to train in two blocks, 3 to test; six recordings of three pictures each."""
    path = tmp_path / "people.jsonl"
    names = [(f"{block}{n}", "train", block) for block, many in BLOCKS.items() for n in range(many)]
    names += [(f"T{n}", "eval", "A") for n in range(3)]
    lines = [
        {
            "id": f"{name}/{n}",
            "person": name,
            "split": split,
            "block": block,
            "sex": "m" if name[1] in "024" else "f",
            "audio": f"{name}{n}.wav",
            "images": f"{name}{n // 2}.png",
        }
        for name, split, block in names
        for n in range(6)
    ]
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    return path


def run(*words) -> str:
    result = CliRunner().invoke(lists.main, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def made_folds(people):
    run("folds", people)
    return [read_utterances(people.with_name(f"fold-{k}.jsonl")).utterances for k in (0, 1)]


def test_no_fold_and_no_trial_of_a_fold_has_a_person_of_the_test(people):
    for number, listed in enumerate(made_folds(people)):
        assert not any(one.person.startswith("T") for one in listed)
        assert "T" not in people.with_name(f"fold-{number}.txt").read_text()


def test_every_training_person_is_held_out_once(people):
    held_out = [
        {one.person for one in listed if one.split == "validation"} for listed in made_folds(people)
    ]
    assert not held_out[0] & held_out[1]
    assert len(held_out[0] | held_out[1]) == 10


def test_who_is_held_out_is_not_trained_on(people):
    for listed in made_folds(people):
        split_of = {}
        for one in listed:
            assert split_of.setdefault(one.person, one.split) == one.split


def test_blocks_are_shared_out_evenly(people):
    for listed in made_folds(people):
        for block, many in BLOCKS.items():
            held = {
                one.person
                for one in listed
                if one.split == "validation" and one.extra["block"] == block
            }
            assert len(held) == many // 2


def test_trials_are_of_the_people_held_out_and_as_hard_as_the_test(people):
    listed = made_folds(people)[0]
    by_id = {one.id: one for one in listed}
    labels = []
    for line in people.with_name("fold-0.txt").read_text().splitlines():
        label, enrol, test = line.split()
        a, b = by_id[enrol], by_id[test]
        assert a.split == b.split == "validation"
        assert (a.person == b.person) == (label == "1")
        if label == "1":
            assert a.images != b.images
        else:
            assert (a.extra["block"], a.sex) == (b.extra["block"], b.sex)
        labels.append(label)
    # 5 people with 15 pairs of 6, of which 3 share a picture.
    assert labels.count("1") == 5 * 12
    assert labels.count("0") > 0


def test_lists_are_the_same_each_time(people):
    made_folds(people)
    before = {path.name: path.read_bytes() for path in people.parent.glob("fold-*")}
    made_folds(people)
    assert len(before) == 4
    assert before == {path.name: path.read_bytes() for path in people.parent.glob("fold-*")}


def test_fewer_recordings_leave_the_test_whole_and_nest(people):
    found = {}
    for number in (2, 4):
        run("few", people, "--recordings", number)
        listed = read_utterances(people.with_name(f"few-{number}.jsonl")).utterances
        found[number] = {one.id for one in listed if one.split == "train"}
        assert sum(one.split == "eval" for one in listed) == 18
        assert len(found[number]) == 10 * number
    assert found[2] < found[4]


def test_people_with_fewer_recordings_keep_what_they_have():
    listed = [Utterance(id=f"a/{n}", person="a", split="train") for n in range(3)]
    assert lists.few(listed, 5, seed=0) == listed


def test_epochs_rise_as_recordings_fall_so_that_steps_are_equal(people, tmp_path):
    run("few", people, "--recordings", 2)
    preset = tmp_path / "p.toml"
    preset.write_text("[train-teacher]\nepochs = 10\n[train-teacher.visual]\nepochs = 4\n")
    few = people.with_name("few-2.jsonl")
    for modality, epochs in (("audio", "30"), ("visual", "12")):
        found = run("epochs", people, few, "--config", preset, "--modality", modality)
        assert found.strip() == epochs


def test_the_real_folds_leave_out_the_20(shared_data, tmp_path):
    import csv

    with (shared_data / "chimera" / "chimera54_manifest.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    utterances = [
        Utterance(
            id=row["sample"],
            person=row["identity"],
            split=row["split"],
            audio=row["voice"],
            images=row["face"],
            sex=row["voice_gender"],
            extra={"block": row["block"]},
        )
        for row in rows
    ]
    test = {one.person for one in utterances if one.split != "train"}
    same = lists.group_by(["block", "sex"])
    held_out = lists.folds_of(lists.training_people(utterances), 2, same, seed=0)
    assert len(test) == 20
    assert [len(one) for one in held_out] == [17, 17]
    assert not test & (held_out[0] | held_out[1])
