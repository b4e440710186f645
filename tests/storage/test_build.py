import json
import os

import numpy as np
import pytest
import zarr

from avkd_cli.errors import (
    InputError,
    MissingInputError,
    OutputError,
    TemporaryError,
    UsageError,
    WriteError,
)
from avkd_cli.storage import places, workers
from avkd_cli.storage.store import open_store


def rejects_of(store):
    return [json.loads(line) for line in (store / "rejects.jsonl").read_text().splitlines()]


def test_a_store_holds_what_the_process_made(corpus, tmp_path):
    manifest = corpus.build(tmp_path / "out", scale=2.0)
    store = open_store(manifest, "avkd.audio")
    assert store.ids == ["a0", "a1", "a2", "b3", "b4", "c5", "c6"]
    assert store.persons == list("aaabbcc")
    assert store.lengths.tolist() == [2, 3, 4, 5, 2, 3, 4]
    np.testing.assert_array_equal(store.read([4])[0], [[80, 81, -80], [82, 83, -82]])
    assert store.column("level_dbfs").tolist() == [-1, -12, -23, -34, -41, -52, -63]
    assert np.isnan(store.column("snr_db")).all()
    assert manifest["counts"] == {"utterances": 7, "persons": 3, "rejected": 0, "frames": 23}
    assert manifest["config"] == {"scale": 2.0}
    assert manifest["path"] == str(tmp_path / "out")
    assert "files" not in manifest
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "out"]


def test_zarr_python_reads_the_same(corpus, tmp_path):
    corpus.build(tmp_path / "out")
    store = open_store(tmp_path / "out")
    group = zarr.open_group(tmp_path / "out", mode="r")
    assert group["id"][...].tolist() == store.ids
    for row in range(7):
        part = group[f"parts/{group['partition'][row]:05d}/frames"]
        start = group["start"][row]
        found = part[start : start + group["length"][row]]
        np.testing.assert_array_equal(found, store.read([row])[0])


def test_any_number_of_workers_makes_the_same_bytes(corpus, tmp_path, digests):
    corpus.add("d7", "reject:silent")
    corpus.build(tmp_path / "none", workers=0)
    corpus.build(tmp_path / "one", workers=1)
    corpus.build(tmp_path / "three", workers=3)
    assert digests(tmp_path / "none") == digests(tmp_path / "one") == digests(tmp_path / "three")


def test_a_finished_store_is_left_alone_but_for_its_time_stamp(corpus, tmp_path, capsys, digests):
    first = corpus.build(tmp_path / "out")
    before = digests(tmp_path / "out")
    os.utime(tmp_path / "out" / "avkd.json", (0, 0))
    again = corpus.build(tmp_path / "out")
    assert "already complete" in capsys.readouterr().err
    assert json.dumps(again) == json.dumps(first)  # the line is the same, byte by byte
    assert (again["fingerprint"], digests(tmp_path / "out")) == (first["fingerprint"], before)
    assert (tmp_path / "out" / "avkd.json").stat().st_mtime > 0


def test_another_plan_is_refused_with_what_differs(corpus, tmp_path):
    corpus.build(tmp_path / "out")
    with pytest.raises(OutputError, match=r"config.scale was 1.0, now 3.0"):
        corpus.build(tmp_path / "out", scale=3.0)
    with pytest.raises(OutputError, match=r"layout.partition_size was 2, now 3"):
        corpus.build(tmp_path / "out", partition_size=3)
    corpus.add("d7", "1 2")
    with pytest.raises(OutputError, match=r"inputs.list was sha256"):
        corpus.build(tmp_path / "out")
    corpus.build(tmp_path / "out", overwrite=True, scale=3.0)
    assert open_store(tmp_path / "out").config == {"scale": 3.0}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "out"]


def test_a_changed_recording_is_another_plan(corpus, tmp_path):
    corpus.build(tmp_path / "out")
    (corpus.folder / "a0.txt").write_text("1 2 3 4 5 6")
    with pytest.raises(OutputError, match=r"inputs.media"):
        corpus.build(tmp_path / "out")


def test_work_that_was_begun_otherwise_is_refused_or_thrown_away(corpus, tmp_path):
    corpus.build(tmp_path / "out", partitions=(0, 2))
    with pytest.raises(OutputError, match=r"out.wip: was started otherwise \(config.scale"):
        corpus.build(tmp_path / "out", scale=3.0)
    assert corpus.build(tmp_path / "out", scale=3.0, overwrite=True)["config"] == {"scale": 3.0}


@pytest.mark.parametrize("name", ["file", "folder", "zarr"])
def test_what_is_not_a_store_is_never_replaced(corpus, tmp_path, name):
    out = tmp_path / name
    if name == "file":
        out.write_text("precious")
    elif name == "folder":
        out.mkdir()
        (out / "thesis.tex").write_text("precious")
    else:
        zarr.create_group(out)
    for overwrite in (False, True):
        with pytest.raises(OutputError, match="is not a store of avkd"):
            corpus.build(out, overwrite=overwrite)
    assert out.exists()


def test_a_foreign_working_directory_is_left_alone(corpus, tmp_path):
    (tmp_path / "out.wip").mkdir()
    (tmp_path / "out.wip" / "thesis.tex").write_text("precious")
    for overwrite in (False, True):
        with pytest.raises(OutputError, match="is not what avkd leaves behind"):
            corpus.build(tmp_path / "out", overwrite=overwrite)
    assert (tmp_path / "out.wip" / "thesis.tex").read_text() == "precious"


def test_outputs_that_cannot_be_are_refused(corpus, tmp_path):
    corpus.build(tmp_path / "out")
    for out in ("", "/", "..", tmp_path / "a\nb", tmp_path / "out" / "inner", tmp_path / "-x"):
        with pytest.raises(UsageError):
            corpus.build(type(tmp_path)(out))
    with pytest.raises(OutputError, match="no such folder"):
        corpus.build(tmp_path / "none" / "out")


def test_rejects_are_listed_in_the_order_of_the_list(corpus, tmp_path, capsys):
    corpus.add("d7", "reject:truncated")
    with corpus.list.open("a") as file:
        file.write("nonsense\n")
    corpus.lines.append(None)
    text = corpus.list.read_text()
    (corpus.folder / "e9.txt").write_text("reject:silent")
    corpus.list.write_text(text + '{"id": "e9", "person": "e", "audio": "e9.txt"}\n{"id": 3}\n')
    manifest = corpus.build(tmp_path / "out", fraction=0.9)
    assert [
        (r["row"], r["line"], r["id"], r["stage"], r["code"]) for r in rejects_of(tmp_path / "out")
    ] == [
        (7, 8, "d7", "process", "truncated"),
        (8, 9, "", "list", "bad_json"),
        (9, 10, "e9", "process", "silent"),
        (10, 11, "3", "list", "bad_type"),
    ]
    assert manifest["counts"]["rejected"] == 4
    said = capsys.readouterr().err
    assert "accepted 7, rejected 4 (bad_json 1, bad_type 1, silent 1, truncated 1)" in said
    assert "2 persons lost all records: d, e" in said


def test_missing_and_unreadable_files_are_rejects(corpus, tmp_path):
    corpus.lines.append({"id": "d7", "person": "d", "audio": "none.txt"})
    (corpus.folder / "folder").mkdir()
    corpus.lines.append({"id": "d8", "person": "d", "audio": "folder"})
    corpus.lines.append({"id": "d9", "person": "d", "audio": "../../x.txt"})
    corpus.add("d10", "1 2", audio="a0.txt/x")
    corpus.build(tmp_path / "out", root=corpus.folder)
    assert [r["code"] for r in rejects_of(tmp_path / "out")] == [
        "file_not_found",
        "not_regular_file",
        "path_escape",
        "file_not_found",  # as prep-audio has it, which opens files by media.opened
    ]


def test_too_many_rejects_publish_nothing_and_a_higher_limit_goes_on(corpus, tmp_path, monkeypatch):
    corpus.add("d7", "reject:silent")
    corpus.add("d8", "reject:silent")
    for limits in ({"fraction": 0.1}, {"max_rejects": 1}, {"max_reject_fraction": 0.2}):
        with pytest.raises(InputError, match=r"2 of 9 records rejected \(silent 2\), at most 1"):
            corpus.build(tmp_path / "out", **limits)
    with pytest.raises(InputError, match="at most 0 may be"):
        corpus.build(tmp_path / "out", max_reject_fraction=0.0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "out.wip"]
    # Nothing is left to do but to publish.
    monkeypatch.setattr(workers, "make_here", lambda tasks: [pytest.fail() for _ in tasks])
    assert corpus.build(tmp_path / "out", max_rejects=2)["counts"]["rejected"] == 2


def test_one_reject_is_within_any_fraction_but_zero(corpus, tmp_path):
    corpus.add("d7", "reject:silent")
    assert corpus.build(tmp_path / "out", fraction=0.0001)["counts"]["rejected"] == 1


def test_a_store_is_never_empty(tmp_path, corpus):
    corpus.lines.clear()
    corpus.add("a0", "reject:silent")
    with pytest.raises(InputError, match=r"first 'a0': silent: as the file says.*repair"):
        corpus.build(tmp_path / "out", max_reject_fraction=1.0)
    assert not (tmp_path / "out").exists()


def test_all_files_missing_is_a_missing_input_and_names_root(tmp_path, corpus):
    for path in corpus.folder.glob("*.txt"):
        path.unlink()
    with pytest.raises(MissingInputError, match="--root"):
        corpus.build(tmp_path / "out")


def test_strict_stops_at_the_first_reject_or_warning(corpus, tmp_path):
    corpus.add("d7", "1 2 odd")
    with pytest.raises(InputError, match=r"--strict: warnings \(odd 1\)"):
        corpus.build(tmp_path / "out", strict=True)
    corpus.build(tmp_path / "out")


def test_warnings_are_said_once_with_their_number(corpus, tmp_path, capsys):
    corpus.add("d7", "1 2 odd")
    corpus.add("d8", "1 3 odd")
    corpus.build(tmp_path / "out")
    said = "avkd prep-test: warning: odd (2 times)"
    lines = ["avkd prep-test: accepted 9, rejected 0", said]
    assert capsys.readouterr().err.splitlines() == lines
    corpus.build(tmp_path / "again", quiet=True)
    assert capsys.readouterr().err == ""


def test_utterances_without_a_face_are_kept_with_length_0(corpus, tmp_path):
    for line in corpus.lines:
        (corpus.folder / line["audio"]).write_text(str(len(line["id"])))
    corpus.add("d7", "none")
    corpus.add("d8", "none")
    corpus.add("e9", "7 8 9")
    manifest = corpus.build_faces(tmp_path / "out")
    assert manifest["counts"] == {
        "utterances": 10,
        "persons": 5,
        "rejected": 0,
        "faces": 10,
        "held": 0,
        "without_face": 2,
    }
    store = open_store(tmp_path / "out", "avkd.faces")
    assert store.lengths.tolist() == [1, 1, 1, 1, 1, 1, 1, 0, 0, 3]
    assert store.item_start[-1] == 7
    assert store.column("landmarks").shape == (10, 5, 2)
    np.testing.assert_array_equal(store.column("yaw")[store.item_start[9] :], [7, 8, 9])
    assert store.gather([9, 0, 9], [2, 0, 0])[:, 0, 0, 0].tolist() == [9, 2, 7]
    assert store.read([7])[0].shape == (0, 4, 3, 3)


def test_no_face_anywhere_is_no_store(corpus, tmp_path):
    for path in corpus.folder.glob("*.txt"):
        path.write_text("none")
    with pytest.raises(InputError, match="no utterance has a face"):
        corpus.build_faces(tmp_path / "out")


def test_a_dry_run_touches_nothing_and_says_what_would_be(corpus, tmp_path, capsys):
    corpus.lines.append({"id": "d7", "person": "d", "audio": "none.txt"})
    corpus.add("d8", "1")
    found = corpus.build(tmp_path / "out", dry_run=True)
    assert (found["dry_run"], found["utterances"], found["missing_media"]) == (True, 9, 1)
    assert (found["partitions"], found["free_bytes"] > 0) == (5, True)
    # 24 frames of 12 bytes; four of nine files are looked at.
    assert found["expected_bytes"] == pytest.approx(24 * 12, rel=0.5)
    assert "would hold 9 utterances in 5 partitions" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["corpus"]


def test_job_arrays_make_the_same_store(corpus, tmp_path, digests, capsys):
    corpus.build(tmp_path / "whole")
    assert corpus.build(tmp_path / "out", partitions=(0, 3)) is None
    assert "partitions 0:3 of 4 are done" in capsys.readouterr().err
    with pytest.raises(TemporaryError, match=r"1 of 4 partitions are not done \(3\)"):
        corpus.build(tmp_path / "out", finalise=True)
    assert corpus.build(tmp_path / "out", partitions=(3, 99)) is None
    assert corpus.build(tmp_path / "out", partitions=(99, 120)) is None
    corpus.build(tmp_path / "out", finalise=True)
    assert digests(tmp_path / "out") == digests(tmp_path / "whole")


def test_two_runs_on_one_output_cannot_be(corpus, tmp_path):
    with places.lock(tmp_path / "out"), pytest.raises(TemporaryError, match="locked by pid"):
        corpus.build(tmp_path / "out")
    with places.lock(tmp_path / "out", shared=True):
        corpus.build(tmp_path / "out", partitions=(0, 1))
        with pytest.raises(TemporaryError, match="locked by pid"):
            corpus.build(tmp_path / "out")


def test_a_damaged_partition_of_unfinished_work_is_made_again(corpus, tmp_path, digests):
    corpus.build(tmp_path / "whole")
    for damage in (
        lambda part: part.with_suffix(".index").unlink(),
        lambda part: (part / "frames" / "c.0.0").write_bytes(b""),
        lambda part: flip(part / "frames" / "c.0.0"),
        lambda part: part.with_suffix(".done").write_text("{"),
    ):
        corpus.build(tmp_path / "out", partitions=(0, 4))
        damage(tmp_path / "out.wip" / "parts" / "00001")
        corpus.build(tmp_path / "out")
        assert digests(tmp_path / "out") == digests(tmp_path / "whole")
        places.remove_tree(tmp_path / "out")


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_a_damaged_store_is_said_so_and_can_be_made_again(corpus, tmp_path, digests):
    corpus.build(tmp_path / "out")
    whole = digests(tmp_path / "out")
    (tmp_path / "out" / "id" / "c.0").unlink()
    with pytest.raises(OutputError, match="damaged store; --overwrite"):
        corpus.build(tmp_path / "out")
    corpus.build(tmp_path / "out", overwrite=True)
    assert digests(tmp_path / "out") == whole


def test_a_store_replaced_by_a_killed_run_is_tidied_away(corpus, tmp_path):
    corpus.build(tmp_path / "out", scale=2.0)
    (tmp_path / "out").rename(tmp_path / "out.wip")  # killed just after they changed places
    (tmp_path / "out.deleting-1").mkdir()
    (tmp_path / "out.wip.deleting-2").mkdir()
    corpus.build(tmp_path / "other")
    (tmp_path / "other").rename(tmp_path / "out")
    corpus.build(tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "out"]


def test_the_disks_faults_are_never_rejects(corpus, tmp_path):
    corpus.add("d7", "oserror:EIO")
    for count in (0, 1):
        with pytest.raises(WriteError, match="error"):
            corpus.build(tmp_path / "out", workers=count)
    corpus.add("d7", "1")
    corpus.lines.pop()


def test_a_file_that_changes_during_the_run_stops_it(corpus, tmp_path, monkeypatch):
    real = workers.make_here

    def meanwhile(tasks):
        (corpus.folder / "c6.txt").write_text("1")
        yield from real(tasks)

    monkeypatch.setattr(workers, "make_here", meanwhile)
    with pytest.raises(InputError, match="'c6': input changed during the run"):
        corpus.build(tmp_path / "out")


def test_a_file_without_a_line_of_json_is_said_to_be_no_list(corpus, tmp_path):
    corpus.list.write_text("1 a b\n0 a c\n")
    with pytest.raises(InputError, match=r"2 of 2 records rejected .*: no line is JSON"):
        corpus.build(tmp_path / "out")
