"""`avkd corpus` as a person types it: stdout, stderr, exit codes and files."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from avkd_cli.cli import cli
from avkd_cli.errors import InputError, MissingInputError, OutputError
from avkd_cli.standin.corpus import make_standin
from avkd_cli.standin.plan import StandinPlan
from avkd_cli.storage.utterances import read_utterances


def corpus(*arguments: object) -> None:
    cli.main(["corpus", *map(str, arguments)], prog_name="avkd", standalone_mode=False)


def grow(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    return folder


@pytest.fixture
def people(tmp_path) -> Path:
    names = [f"{who}/{day}/{n}.wav" for who in ("ann", "bob", "cy") for day in "12" for n in "ab"]
    return grow(tmp_path / "people", *names)


@pytest.fixture(scope="module")
def standin(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("standin") / "corpus"
    plan = StandinPlan(persons=4, sessions=2, utterances=1, seconds=(0.5, 0.6), picture=64)
    make_standin(out, plan, workers=0)
    return out


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_stdout_has_absolute_paths_and_nothing_else(people, capsys):
    corpus("folder", people)
    out, err = capsys.readouterr()
    assert len(lines(out)) == 12
    assert all(Path(row["audio"]).is_file() for row in lines(out))
    assert "found 12 utterances of 3 people (12 with audio)" in err


def test_a_list_has_paths_relative_to_itself(people, tmp_path, capsys):
    (tmp_path / "lists").mkdir()
    corpus("folder", people, "-o", tmp_path / "lists" / "people.jsonl", "-q")
    assert capsys.readouterr() == ("", "")
    found = read_utterances(tmp_path / "lists" / "people.jsonl")
    assert found.utterances[0].audio == "../people/ann/1/a.wav"
    assert all(found.resolve(u.audio).is_file() for u in found.utterances)


def test_a_list_beside_its_files_has_plain_paths(people):
    corpus("folder", people, "-q", "-o", people / "people.jsonl")
    assert read_utterances(people / "people.jsonl").utterances[0].audio == "ann/1/a.wav"


def test_paths_stay_right_where_the_folder_is_a_link(people, tmp_path):
    (tmp_path / "far" / "away").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "far" / "away")
    corpus("folder", people, "-q", "-o", tmp_path / "link" / "people.jsonl")
    found = read_utterances(tmp_path / "link" / "people.jsonl")
    assert all(found.resolve(u.audio).is_file() for u in found.utterances)


def test_pictures_and_boxes_are_relocated_too(tmp_path):
    folder = grow(
        tmp_path / "d",
        "aac/id00012/v/00001.m4a",
        "txt/id00012/v/00001.txt",
        "faces/id00012/v/1.jpg",
    )
    corpus("voxceleb2", folder, "-q", "-o", tmp_path / "list.jsonl")
    (row,) = lines((tmp_path / "list.jsonl").read_text())
    assert row["boxes"] == "d/txt/id00012/v/00001.txt"
    assert row["images"] == "d/faces/id00012/v"
    corpus("folder", grow(tmp_path / "e", "ann/1.png"), "-q", "-o", tmp_path / "e.jsonl")
    assert lines((tmp_path / "e.jsonl").read_text())[0]["images"] == ["e/ann/1.png"]


def test_lists_are_joined_by_cat(standin, tmp_path):
    for edition in (1, 2):
        corpus(
            f"voxceleb{edition}",
            standin / f"voxceleb{edition}",
            "-q",
            "-o",
            tmp_path / f"{edition}.jsonl",
        )
    joined = "".join((tmp_path / f"{n}.jsonl").read_text() for n in (2, 1))
    (tmp_path / "all.jsonl").write_text(joined)
    found = read_utterances(tmp_path / "all.jsonl")
    assert [u.split for u in found.utterances] == ["train"] * 4 + ["test"] * 4
    assert all(found.resolve(u.video).is_file() for u in found.utterances)


def test_the_report_is_written_as_json(people, tmp_path, capsys):
    (people / "ann" / "1" / "c.wav").touch()
    corpus("folder", people, "-q", "--report", tmp_path / "report.json")
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["format"] == "avkd.corpus-report"
    assert report["found"]["utterances"] == 12
    assert report["unreadable"]["examples"] == [{"what": "ann/1/c.wav", "reason": "0 bytes"}]
    assert "unreadable: 1, 0 bytes; first: ann/1/c.wav" in capsys.readouterr().err


@pytest.mark.parametrize("to_file", [True, False])
def test_strict_stops_with_nothing_written(people, tmp_path, capsys, to_file):
    (people / "ann" / "1" / "c.wav").touch()
    output = ["-o", tmp_path / "x.jsonl"] if to_file else []
    with pytest.raises(InputError, match="1 faults and --strict"):
        corpus("folder", people, "--strict", *output)
    assert capsys.readouterr().out == ""
    assert not (tmp_path / "x.jsonl").exists()


def test_nothing_found_is_an_error_and_no_list(tmp_path):
    (tmp_path / "d" / "ann").mkdir(parents=True)
    with pytest.raises(InputError, match="no utterances found"):
        corpus("folder", tmp_path / "d", "-o", tmp_path / "x.jsonl")
    assert not (tmp_path / "x.jsonl").exists()
    with pytest.raises(MissingInputError):
        corpus("folder", tmp_path / "none")


def test_csv_columns_are_named_by_flags(shared_data, tmp_path, capsys):
    corpus(
        *f"csv {shared_data}/chimera/chimera54_manifest.csv --id sample --person identity".split(),
        *f"--audio voice --images face --root {shared_data} -o {tmp_path}/people.jsonl".split(),
    )
    found = read_utterances(tmp_path / "people.jsonl", root=None)
    assert (len(found.utterances), len(found.rejects)) == (840, 0)
    assert found.resolve(found.utterances[0].audio).is_file()
    assert found.resolve(found.utterances[0].images).is_file()
    assert "found 840 utterances of 54 people" in capsys.readouterr().err


def test_csv_paths_are_relative_to_the_table(people, tmp_path):
    (people / "t.csv").write_text("id,audio\n1,ann/1/a.wav\n2,{}\n".format(people / "bob/1/a.wav"))
    corpus("csv", people / "t.csv", "-q", "--set-split", "test", "-o", tmp_path / "t.jsonl")
    rows = lines((tmp_path / "t.jsonl").read_text())
    assert [row["audio"] for row in rows] == ["people/ann/1/a.wav", str(people / "bob/1/a.wav")]
    assert {row["split"] for row in rows} == {"test"}


def test_every_listing_runs_from_the_command_line(tmp_path, capsys):
    data = grow(
        tmp_path,
        "cn/data/id10000/vlog-01-001.flac",
        "rav/Actor_02/03-01-02-01-01-01-02.wav",
        "kaldi/a.wav",
        "iem/Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav",
        "iem/Session1/dialog/EmoEvaluation/Ses01F_impro01.txt",
    )
    (data / "kaldi/wav.scp").write_text("u1 a.wav\nu2 sox x |\n")
    (data / "kaldi/utt2spk").write_text("u1 ann\nu2 ann\n")
    turn = "[6.2901 - 8.2357]\tSes01F_impro01_F000\texc\t[2.5, 2.5, 2.5]\n"
    (data / "iem/Session1/dialog/EmoEvaluation/Ses01F_impro01.txt").write_text(turn)
    ids = []
    for arguments in (
        ("cnceleb", data / "cn"),
        ("ravdess", data / "rav", "--calm", "keep"),
        ("kaldi", data / "kaldi"),
        ("iemocap", data / "iem", "--four"),
    ):
        corpus(*arguments)
        out, err = capsys.readouterr()
        ids += [row["id"] for row in lines(out)]
        assert "found 1 utterances of 1 person" in err
        assert ("a command, and avkd runs none" in err) == (arguments[0] == "kaldi")
    assert ids == [
        "id10000/vlog-01-001",
        "Actor_02/01-02-01-01-01-02",
        "u1",
        "Ses01F_impro01_F000",
    ]


@pytest.fixture
def utterances(people) -> Path:
    corpus("folder", people, "-q", "-o", people / "people.jsonl")
    return people / "people.jsonl"


def test_trials_are_of_the_voxceleb_form_and_counted(utterances, capsys):
    corpus("trials", utterances, "--targets", 5, "--nontargets", 7)
    out, err = capsys.readouterr()
    trials = [line.split(" ") for line in out.splitlines()]
    assert sorted(label for label, _, _ in trials) == ["0"] * 7 + ["1"] * 5
    assert all((a.split("/")[0] == b.split("/")[0]) == (label == "1") for label, a, b in trials)
    assert "12 trials: 5 of 18 possible targets, 7 of 48 nontargets" in err


def test_by_default_all_targets_and_as_many_nontargets(utterances, tmp_path, capsys):
    corpus("trials", utterances, "--cross-session", "-q", "-o", tmp_path / "t.txt")
    assert capsys.readouterr() == ("", "")
    text = (tmp_path / "t.txt").read_text()
    assert len(text.splitlines()) == 24
    targets = [line.split()[1:] for line in text.splitlines() if line.startswith("1")]
    assert len(targets) == 12
    assert all(a.split("/")[1] != b.split("/")[1] for a, b in targets)


def test_trials_choose_a_split_and_say_which_there_are(standin, capsys):
    people = standin / "people.jsonl"
    corpus("trials", people, "--split", "test", "--same-sex")
    out, _ = capsys.readouterr()
    assert all(name.startswith("id102") for line in out.splitlines() for name in line.split()[1:])
    with pytest.raises(InputError, match="nobody of split 'dev'; there are test, train"):
        corpus("trials", people, "--split", "dev")


@pytest.mark.parametrize(
    ("rows", "flags", "message"),
    [
        ([{"id": "1"}], [], "'1' has no person"),
        ([{"id": "1", "person": "a"}], ["--cross-session"], "no session"),
        ([{"id": "1", "person": "a"}], [], "no trial is possible among 1"),
        ([{"id": "1", "person": "a"}, {"id": "2", "person": "b"}], ["--same-sex"], "--same-sex"),
    ],
)
def test_lists_that_give_no_trials_are_refused(tmp_path, rows, flags, message):
    (tmp_path / "l.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(InputError, match=re.escape(message)):
        corpus("trials", tmp_path / "l.jsonl", "--targets", 0, *flags)


def test_trials_take_only_those_who_have_all_senses(tmp_path, capsys):
    rows = [
        {"id": f"{who}/{n}", "person": who, "audio": f"{who}{n}.wav"}
        | ({"images": f"{who}{n}.jpg"} if n < pictures else {})
        for who, pictures in (("ann", 3), ("bob", 2), ("cy", 0))
        for n in range(3)
    ]
    rows.append({"id": "ann/film", "person": "ann", "video": "ann.mp4"})
    (tmp_path / "l.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    corpus("trials", tmp_path / "l.jsonl", "--need", "audio,visual")
    out, err = capsys.readouterr()
    # Ann has three and a film, Bob two: 6 + 1 targets, and as many of 8 nontargets.
    assert len(out.splitlines()) == 14
    assert "cy/" not in out
    assert "bob/2" not in out
    assert "ann/film" in out
    assert "4 utterances without visual left out" in err
    assert "warning: 1 people have none left: cy" in err
    with pytest.raises(click.UsageError, match="'face' is none of audio, visual"):
        corpus("trials", tmp_path / "l.jsonl", "--need", "face")
    (tmp_path / "m.jsonl").write_text(json.dumps(rows[-2]) + "\n")
    with pytest.raises(InputError, match="no utterance has visual"):
        corpus("trials", tmp_path / "m.jsonl", "--need", "visual")


def test_the_number_of_trials_is_said_first_and_has_a_limit(utterances, tmp_path, capsys):
    with pytest.raises(InputError, match="36 trials, at most 35 are drawn; ask for fewer"):
        corpus("trials", utterances, "--limit", 35, "-o", tmp_path / "t.txt")
    assert "36 trials: 18 of 18 possible targets" in capsys.readouterr().err
    assert not (tmp_path / "t.txt").exists()
    corpus("trials", utterances, "--limit", 36, "-o", tmp_path / "t.txt")
    assert len((tmp_path / "t.txt").read_text().splitlines()) == 36


def test_names_of_the_first_lists_become_ids(tmp_path, shared_data, capsys):
    (tmp_path / "old.txt").write_bytes(
        b"1 Eartha_Kitt/x6uYqmx31kE_0000001.wav Eartha_Kitt/8jEAjG6SegY_0000008.wav\r\n"
    )
    corpus(
        "rename-trials", tmp_path / "old.txt", "--meta", shared_data / "trials" / "vox1_meta.csv"
    )
    renamed = "1 id10270/x6uYqmx31kE/00001.wav id10270/8jEAjG6SegY/00008.wav\n"
    assert capsys.readouterr().out == renamed
    official = (shared_data / "trials" / "vox1_O_original_veri_test.txt").read_text()
    assert renamed in official


def test_standin_prints_its_manifest_and_is_complete_the_second_time(tmp_path, capsys):
    flags = ("--persons", 4, "--sessions", 2, "--utterances", 1, "--workers", 0)
    corpus("standin", "-o", tmp_path / "c", *flags)
    out, err = capsys.readouterr()
    (manifest,) = lines(out)
    assert manifest["format"] == "avkd.corpus"
    assert manifest["path"] == str(tmp_path / "c")
    assert manifest["counts"]["utterances"] == 8
    assert "it stands in for real data" in err
    corpus("standin", "-o", tmp_path / "c", *flags)
    out, err = capsys.readouterr()
    assert lines(out) == [manifest]
    assert "already complete" in err
    with pytest.raises(OutputError, match="other settings"):
        corpus("standin", "-o", tmp_path / "c", *flags, "--seed", 1)


def test_a_misspelt_command_is_told_the_nearest(capsys):
    with pytest.raises(click.UsageError, match="Did you mean 'voxceleb1'"):
        corpus("voxcelb1")
    with pytest.raises(click.UsageError, match="4<=x<=9000"):
        corpus("standin", "-o", "x", "--persons", 3)


@pytest.mark.parametrize("name", ["standin", "voxceleb1", "csv", "trials"])
def test_help_loads_nothing_heavy(name):
    code = (
        "import sys\nfrom avkd_cli.cli import cli\n"
        f"cli.main(['corpus', {name!r}, '--help'], standalone_mode=False)\n"
        "heavy = {'numpy', 'msgspec', 'cv2', 'av', 'scipy', 'torch'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)\n"
    )
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Example:" in done.stdout
