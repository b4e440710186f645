"""FOP's and FAME's CSV files: imported, scored, written back."""

import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner

from avkd_cli.cli import cli
from avkd_cli.config import Execution
from avkd_cli.errors import InputError, MissingInputError
from avkd_cli.steps.import_csv import export_csv, import_csv, row_trials
from avkd_cli.storage.store import open_store


def write_csv(path, values, labels=None):
    rows = [
        ",".join(repr(float(v)) for v in row) + ("" if labels is None else f",{labels[n]}")
        for n, row in enumerate(values)
    ]
    path.write_text("".join(row + "\n" for row in rows))
    return path


def bring(path, out, **settings):
    import_csv(path, out, Execution(quiet=True), **settings)
    return open_store(out, "avkd.embeddings")


def test_faces_and_voices_are_told_by_their_width_and_rows_belong_together(tmp_path):
    rng = np.random.default_rng(0)
    faces, voices = rng.normal(size=(3, 4096)), rng.normal(size=(3, 512))
    face = bring(write_csv(tmp_path / "faceTrain.csv", faces, [5, 5, 9]), tmp_path / "f.zarr")
    voice = bring(
        write_csv(tmp_path / "voiceTrain.csv", voices, ["5.0", "5.0", "9.0"]), tmp_path / "v.zarr"
    )
    assert (face.manifest["modality"], voice.manifest["modality"]) == ("visual", "audio")
    assert face.ids == voice.ids == ["row000000", "row000001", "row000002"]
    assert face.persons == voice.persons == ["5", "5", "9"]
    np.testing.assert_array_equal(face.embedding, faces.astype(np.float32))
    np.testing.assert_array_equal(voice.embedding, voices.astype(np.float32))


def test_a_file_without_persons_of_any_width_and_windows_line_ends(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"\xef\xbb\xbf1,2.5e-1,-3\r\n\r\n4,5,6\r\n")
    found = bring(tmp_path / "x.csv", tmp_path / "x.zarr", columns=3, modality="audio")
    assert found.embedding.tolist() == [[1, 0.25, -3], [4, 5, 6]]
    assert found.persons == ["", ""]


def test_written_back_it_is_the_same_file(tmp_path):
    values = np.random.default_rng(0).normal(size=(5, 512)).astype(np.float32)
    source = write_csv(tmp_path / "v.csv", values, ["a", "a", "b", "b", "c"])
    bring(source, tmp_path / "v.zarr")
    export_csv(str(tmp_path / "v.zarr"), tmp_path / "back.csv")
    bring(tmp_path / "back.csv", tmp_path / "w.zarr")
    first, second = (open_store(tmp_path / f"{n}.zarr") for n in "vw")
    np.testing.assert_array_equal(first.embedding, second.embedding)
    assert first.persons == second.persons


@pytest.mark.parametrize(
    ("text", "settings", "complaint"),
    [
        ("1,2,3\n", {}, r"rows of 3 columns; FOP's have 4096"),
        ("1,2,3\n1,2\n", {"columns": 3}, r":2: 2 columns, the first row has 3"),
        ("1,2,3,p,q\n", {"columns": 3}, r":1: 5 columns, wanted 3, or 4 with the person last"),
        ("", {"columns": 3}, "is empty"),
        ("\n\n", {"columns": 3}, "is empty"),
        ("1,2,3\n1,nan,3\n", {"columns": 3}, r":2: column 2 is 'nan', wanted a finite number"),
        ("1,2,3\n\n1,2,inf\n", {"columns": 3}, r":3: column 3 is 'inf'"),
        ("a,b,c\n1,2,3\n", {"columns": 3}, r":1: column 1 is 'a', wanted a finite number"),
        ("1,,3\n", {"columns": 3}, r":1: column 2 is ''"),
    ],
)
def test_files_that_do_not_do_are_refused_with_their_line(tmp_path, text, settings, complaint):
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(InputError, match=complaint):
        bring(tmp_path / "x.csv", tmp_path / "x.zarr", **settings)
    assert not (tmp_path / "x.zarr").exists()
    with pytest.raises(MissingInputError):
        bring(tmp_path / "absent.csv", tmp_path / "y.zarr")


def test_names_of_rows_come_from_a_fame_list(tmp_path):
    lines = [f"k{n} voices/English/{n:05d}.wav faces/English/{n:05d}.jpg\n" for n in range(2)]
    (tmp_path / "English_test.txt").write_text("".join(lines))
    source = write_csv(tmp_path / "x.csv", np.eye(2))
    names = str(tmp_path / "English_test.txt")
    for sense, expected in (
        ("audio", "voices/English/00001.wav"),
        ("visual", "faces/English/00001.jpg"),
    ):
        found = bring(source, tmp_path / sense, columns=2, modality=sense, ids_file=names)
        assert found.ids[1] == expected
    with pytest.raises(InputError, match="say which with --modality"):
        bring(source, tmp_path / "z", columns=2, ids_file=names)
    (tmp_path / "short.txt").write_text("a\n")
    with pytest.raises(InputError, match="1 names for 2 rows"):
        bring(source, tmp_path / "z", columns=2, ids_file=str(tmp_path / "short.txt"))


def test_a_list_chooses_rows_and_says_who_they_are_and_their_split(tmp_path):
    lines = [f'{{"id": "row{n:06d}", "person": "p{n}", "split": "train"}}\n' for n in (2, 0)]
    (tmp_path / "l.jsonl").write_text("".join(lines))
    source = write_csv(tmp_path / "x.csv", np.eye(4))
    found = bring(source, tmp_path / "x.zarr", columns=4, list_file=tmp_path / "l.jsonl")
    assert (found.ids, found.persons) == (["row000000", "row000002"], ["p0", "p2"])
    assert found.column("split") == ["train", "train"]
    np.testing.assert_array_equal(found.embedding, np.eye(4)[[0, 2]])


def pair(tmp_path, voice_persons, face_persons):
    rng = np.random.default_rng(0)
    for name, persons in (("v", voice_persons), ("f", face_persons)):
        values = rng.normal(size=(len(persons), 4))
        labels = None if not any(persons) else persons
        sense = "audio" if name == "v" else "visual"
        bring(
            write_csv(tmp_path / f"{name}.csv", values, labels),
            tmp_path / f"{name}.zarr",
            columns=4,
            modality=sense,
        )
    return str(tmp_path / "v.zarr"), str(tmp_path / "f.zarr")


def test_labels_that_alternate_unsaid_are_made_explicit(tmp_path, capsys):
    row_trials(*pair(tmp_path, [""] * 4, [""] * 4), None, quiet=False)
    said = capsys.readouterr()
    assert said.out == "".join(f"{1 - n % 2} row{n:06d} row{n:06d}\n" for n in range(4))
    assert "4 trials" in said.err


def test_labels_that_do_not_alternate_are_refused(tmp_path):
    stores = pair(tmp_path, list("aacc"), list("abcd"))
    row_trials(*stores, tmp_path / "t.txt", quiet=True)
    (tmp_path / "two").mkdir()
    stores = pair(tmp_path / "two", list("abcd"), list("abcd"))
    with pytest.raises(InputError, match=r"row 1 is of one person \('b', 'b'\), wanted two"):
        row_trials(*stores, tmp_path / "u.txt", quiet=True)
    assert not (tmp_path / "u.txt").exists()


def test_rows_of_two_lists_are_refused(tmp_path):
    voices, _ = pair(tmp_path, [""] * 4, [""] * 4)
    (tmp_path / "b").mkdir()
    _, faces = pair(tmp_path / "b", [""] * 3, [""] * 3)
    with pytest.raises(InputError, match=r"has 4 rows, .* 3: row i of both is trial i"):
        row_trials(voices, faces, None, quiet=True)


def test_a_person_goes_from_csv_files_to_a_fame_submission(tmp_path):
    """The whole way by commands: import, trials, scores, and the file that FAME's scorer takes."""

    def run(*args):
        found = CliRunner().invoke(cli, [*map(str, args)], catch_exceptions=False)
        assert found.exit_code == 0, found.output
        return found.stdout

    rng = np.random.default_rng(0)
    centre = np.repeat(rng.normal(size=(20, 8)), 2, axis=0)
    voices, faces = (centre + 0.1 * rng.normal(size=centre.shape) for _ in range(2))
    faces[1::2] = np.roll(faces[1::2], 1, axis=0)  # odd rows are of two people
    for name, values, sense in (("v", voices, "audio"), ("f", faces, "visual")):
        write_csv(tmp_path / f"{name}.csv", values)
        run(
            *f"extract-embeddings --from {tmp_path}/{name}.csv --columns 8".split(),
            *f"--modality {sense} -o {tmp_path}/{name}.zarr -q".split(),
        )
    stores = tmp_path / "v.zarr", tmp_path / "f.zarr"
    (tmp_path / "t.txt").write_text(run("corpus", "fop-trials", *stores))
    run(
        "score",
        tmp_path / "t.txt",
        *stores,
        *f"--metric tanh-l2 --eer-mode fop -o {tmp_path}/s.scores".split(),
        *f"--metrics {tmp_path}/m.json".split(),
    )
    assert '"eer_percent": 0.0' in (tmp_path / "m.json").read_text()
    keys = [f"k{n} row{n:06d} row{n:06d}\n" for n in range(40)]
    (tmp_path / "fame.txt").write_text("".join(keys))
    lines = run(
        "score",
        tmp_path / "fame.txt",
        *stores,
        *"--trials-format fame --metric tanh-l2 --out-format fame -q".split(),
    ).splitlines()
    distance = [float(line.split(" ")[1]) for line in lines]
    assert [line.split(" ")[0] for line in lines] == [f"k{n}" for n in range(40)]
    assert max(distance[::2]) < min(distance[1::2])  # lower is closer


_MEASURED = """
import resource, sys
from pathlib import Path
from avkd_cli.config import Execution
from avkd_cli.steps.import_csv import import_csv
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
import_csv(Path(sys.argv[1]), Path(sys.argv[2]), Execution(quiet=True))
print(before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_file(tmp_path):
    row = ",".join(f"{v:.8f}" for v in np.random.default_rng(0).normal(size=4096)) + ",p\n"
    grown = []
    for rows in (600, 3000):  # 28 and 140 MB
        with (tmp_path / "x.csv").open("w") as file:
            file.writelines(row for _ in range(rows))
        done = subprocess.run(
            [sys.executable, "-c", _MEASURED, tmp_path / "x.csv", tmp_path / f"{rows}.zarr"],
            capture_output=True,
            text=True,
            check=True,
        )
        before, after = map(int, done.stdout.split())
        grown.append(after - before)
    assert grown[1] < 1.3 * grown[0] + 20_000  # kilobytes; the larger file is 112 MB larger
