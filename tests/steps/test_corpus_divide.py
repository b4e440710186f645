"""`avkd corpus split` and `folds` as a person types them."""

import json
from collections import defaultdict
from pathlib import Path

import click
import pytest

from avkd_cli.cli import cli
from avkd_cli.errors import InputError, UsageError
from avkd_cli.storage.utterances import read_utterances


def corpus(*arguments: object) -> None:
    cli.main(["corpus", *map(str, arguments)], prog_name="avkd", standalone_mode=False)


def rows_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def write(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def people(tmp_path) -> Path:
    """Ten people, half of them women, of two sessions with two recordings each."""
    return write(
        tmp_path / "people.jsonl",
        [
            {
                "id": f"p{p}/{s}/{n}",
                "person": f"p{p}",
                "session": f"p{p}-{s}",
                "sex": "fm"[p % 2],
                "audio": f"wav/p{p}-{s}-{n}.wav",
                "mood": "calm",
            }
            for p in range(10)
            for s in "ab"
            for n in "12"
        ],
    )


def parts_of(rows: list[dict], column: str, of: str = "person") -> dict[str, set[str]]:
    found = defaultdict(set)
    for row in rows:
        found[row[of]].add(row[column])
    return found


def test_split_keeps_people_whole_and_sexes_even_and_says_the_targets(people, tmp_path, capsys):
    corpus("split", people, "--test", 0.4, "--by", "sex", "-o", tmp_path / "s.jsonl")
    rows = rows_of(tmp_path / "s.jsonl")
    parts = parts_of(rows, "split")
    assert all(len(part) == 1 for part in parts.values())
    tested = sorted(p for p, part in parts.items() if part == {"test"})
    assert sorted("fm"[int(p[1]) % 2] for p in tested) == ["f", "f", "m", "m"]
    assert rows[0].keys() == {"id", "person", "session", "sex", "audio", "mood", "split"}
    # Four people of four recordings: 4 * 6 targets, 4 * 4 of two sessions; 16 * 15 / 2 - 24.
    said = capsys.readouterr().err
    assert "split train: 6 people, 24 utterances" in said
    assert "4 people, 16 utterances; 24 targets are possible (16 of two sessions), 96 non" in said


def test_split_has_three_parts_where_asked_and_the_seed_chooses(people, tmp_path):
    found = set()
    for seed in range(6):
        corpus(
            *f"split {people} --test 0.3 --validation 0.2 --seed {seed} -q".split(),
            *f"-o {tmp_path}/s.jsonl".split(),
        )
        parts = parts_of(rows_of(tmp_path / "s.jsonl"), "split")
        counts = [
            sum(part == {name} for part in parts.values())
            for name in ("train", "validation", "test")
        ]
        assert counts == [5, 2, 3]
        found.add(str(sorted(parts.items())))
    assert len(found) == 6


def test_a_list_may_be_divided_in_place_and_again_with_overwrite(people, capsys):
    corpus("split", people, "-q", "-o", people)
    with pytest.raises(InputError, match="40 lines have a split already; pass --overwrite"):
        corpus("split", people, "-o", people)
    corpus("split", people, "--overwrite", "--seed", 1, "-o", people)
    assert rows_of(people)[0]["audio"] == "wav/p0-a-1.wav"
    assert "split test: 3 people" in capsys.readouterr().err


def test_the_new_list_finds_the_files_of_the_old(people, tmp_path):
    (tmp_path / "lists").mkdir()
    corpus("split", people, "-q", "-o", tmp_path / "lists" / "s.jsonl")
    found = read_utterances(tmp_path / "lists" / "s.jsonl")
    assert found.resolve(found.utterances[0].audio).resolve() == tmp_path / "wav/p0-a-1.wav"


def test_leaving_one_person_out_is_a_column_a_person(people, tmp_path, capsys):
    corpus("folds", people, "-o", tmp_path / "f.jsonl")
    rows = rows_of(tmp_path / "f.jsonl")
    for number in range(1, 11):
        parts = parts_of(rows, f"fold{number}")
        assert [p for p, part in parts.items() if part == {"test"}] == [f"p{number - 1}"]
        assert all(part == {"train"} for p, part in parts.items() if p != f"p{number - 1}")
    said = capsys.readouterr().err
    assert "fold1 test: 1 person (p0), 4 utterances; 6 targets are possible" in said
    assert "and 4 more, up to fold10" in said


def test_folds_of_one_split_leave_the_others_alone(people, tmp_path):
    corpus("split", people, "--test", 0.4, "-q", "-o", people)
    corpus("folds", people, "--folds", 3, "--only", "train", "--prefix", "cv", "-q", "-o", people)
    for row in rows_of(people):
        assert ("cv1" in row) == (row["split"] == "train")
    trained = [row for row in rows_of(people) if row["split"] == "train"]
    tested = [[row[f"cv{n}"] for n in (1, 2, 3)].count("test") for row in trained]
    assert set(tested) == {1}


def test_folds_by_a_column_of_several_people_warn(people, tmp_path, capsys):
    rows = [row | {"room": row["id"][3]} for row in rows_of(people)]
    write(people, rows)
    corpus("folds", people, "--group", "room", "-o", tmp_path / "f.jsonl")
    assert all(
        row["fold1"] == ("test" if row["room"] == "a" else "train")
        for row in rows_of(tmp_path / "f.jsonl")
    )
    assert "warning: 10 people are in train and in test of fold1" in capsys.readouterr().err


def test_each_persons_sessions_are_divided_within(tmp_path, capsys):
    # Ten sessions a person: 7, 1 and 2. One person has one session, which train gets.
    rows = [
        {"id": f"{p}/{s}/{n}", "person": p, "session": str(s), "audio": f"{p}{s}{n}"}
        for p in ("ann", "bob")
        for s in range(10)
        for n in "12"
    ]
    people = write(
        tmp_path / "l.jsonl", [*rows, rows[0] | {"id": "cy", "person": "cy", "audio": "c"}]
    )
    corpus(
        *f"folds {people} --within person --group session --shares 70,10,20".split(),
        *f"-o {tmp_path}/f.jsonl".split(),
    )
    made = rows_of(tmp_path / "f.jsonl")
    for person in ("ann", "bob"):
        of = parts_of([row for row in made if row["person"] == person], "fold1", "session")
        assert sorted(part for parts in of.values() for part in parts) == (
            ["test"] * 2 + ["train"] * 7 + ["validation"]
        )
    assert made[-1]["fold1"] == "train"
    assert "1 of 3 people are in fold1 train alone" in capsys.readouterr().err


def test_draws_of_shares_differ(people, tmp_path):
    corpus("folds", people, "--folds", 3, "--shares", "8,0,2", "-q", "-o", tmp_path / "f.jsonl")
    rows = rows_of(tmp_path / "f.jsonl")
    assert len({tuple(row[f"fold{n}"] for row in rows) for n in (1, 2, 3)}) == 3


def test_stdin_and_stdout_make_a_pipe(people, tmp_path, capsysbinary):
    corpus("folds", people, "--folds", 2, "-q")
    out, err = capsysbinary.readouterr()
    assert err == b""
    assert json.loads(out.splitlines()[0])["audio"] == f"{tmp_path}/wav/p0-a-1.wav"


def test_nobody_with_two_recordings_is_said(tmp_path, capsys):
    rows = [{"id": f"p{n}", "person": f"p{n}", "audio": str(n)} for n in range(9)]
    corpus("split", write(tmp_path / "l.jsonl", rows), "-o", tmp_path / "s.jsonl")
    assert "no target trial is possible" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["split", "--by", "mod"], "no line has a 'mod'; there are mood, person, session, sex"),
        (["folds", "--group", "rom"], "no line has a 'rom'"),
        (["split", "--only", "dev"], "nobody of split 'dev'; there are none"),
        (["split", "--test", 0.01], "test would be empty, a share of 1% of 10 people"),
        (["folds", "--folds", 11], "11 folds wanted of 10 people; ask for fewer"),
        (["folds", "--group", "mood"], "2 folds wanted of 1 values of mood"),
        (["split", "--by", "session"], "person 'p0' has more than one session (p0-a, p0-b)"),
    ],
)
def test_what_cannot_be_divided_is_said_and_nothing_written(people, tmp_path, command, message):
    name, *flags = command
    with pytest.raises(InputError, match=message.replace("(", r"\(").replace(")", r"\)")):
        corpus(name, people, *flags, "-o", tmp_path / "x.jsonl")
    assert not (tmp_path / "x.jsonl").exists()


def test_an_unknown_person_or_a_bad_line_stops(people):
    rows = rows_of(people)
    del rows[5]["person"]
    write(people, rows)
    with pytest.raises(InputError, match="'p1/a/2' has no person; complete the list"):
        corpus("split", people)
    people.write_text(people.read_text() + "{\n" * 3)
    with pytest.raises(InputError, match=r":41: bad_json: .*correct the line \(and 2 more\)"):
        corpus("split", people)


@pytest.mark.parametrize(
    "flags",
    [
        ["split", "--test", 0.6, "--validation", 0.4],
        ["folds", "--folds", 1],
        ["folds", "--shares", "70,30"],
        ["folds", "--shares", "0,1,1"],
        ["folds", "--shares", "7,1,2", "--validation", 0.1],
        ["split", "--test", 1],
    ],
)
def test_options_that_leave_nobody_to_train_on_are_refused(people, flags):
    with pytest.raises((UsageError, click.UsageError)):
        corpus(flags[0], people, *flags[1:])


def test_ravdess_voices_leave_each_actor_out_once(shared_data, tmp_path):
    rows = [
        {"id": path.stem, "person": path.parent.name, "audio": str(path)}
        for path in sorted((shared_data / "voices/ravdess").glob("*/*.*"))
    ]
    people = write(tmp_path / "l.jsonl", rows)
    corpus("folds", people, "-q", "-o", people)
    made = rows_of(people)
    assert len({key for row in made for key in row if key.startswith("fold")}) == 24
    assert all([row[f"fold{n}"] for n in range(1, 25)].count("test") == 1 for row in made)
