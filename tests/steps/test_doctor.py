"""`avkd doctor`: what is broken is told with what to do; a report names nobody."""

import json
import platform
import re
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from avkd_cli.cli import cli
from avkd_cli.errors import MissingInputError
from avkd_cli.steps.doctor import files, libraries, machine, media, report
from avkd_cli.steps.doctor.finding import BAD, GOOD, ODD, Finding, judged, size, without_paths

ROOT = Path(__file__).parents[2]


def quick(folder):
    """All parts but the libraries, which take seconds, and with one thing of each state."""

    def three():
        yield Finding("torch", GOOD, "2.11.0", named={"host": "the-host"})
        yield Finding("torchaudio", ODD, "/opt/env/lib/libx.so: no symbol", "reinstall")
        yield Finding("av", BAD, "does not load", "make setup")

    return {"versions": three, "disk": lambda: files.disk(folder)}


def doctor(*args):
    return CliRunner().invoke(cli, ["doctor", *map(str, args)])


def test_all_is_said_with_what_to_do_and_strict_ends_with_3(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "looks", quick)
    plain = doctor("--folder", tmp_path)
    assert plain.exit_code == 0
    lines = plain.stdout.splitlines()
    odd = ["?   versions torchaudio: libx.so: no symbol", f"{'':13}→ reinstall"]
    assert lines[:3] == ["ok  versions torch: 2.11.0", *odd]
    assert "BAD versions av: does not load" in lines
    strict = doctor("--folder", tmp_path, "--strict")
    assert str(strict.exception) == f"1 of {3 + disks(tmp_path)} are bad: versions av"
    assert strict.exception.exit_code == 3


def disks(folder):
    return len(list(files.disk(folder)))


def test_a_report_has_no_names_and_paths_unless_they_are_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "looks", quick)
    bare = doctor("--folder", tmp_path, "--json").stdout
    found = json.loads(bare)
    assert (found["format"], found["bad"], found["odd"]) == ("avkd.doctor", 1, 1)
    assert str(tmp_path) not in bare and "the-host" not in bare and "/opt" not in bare
    named = doctor("--folder", tmp_path, "--json", "--names").stdout
    assert str(tmp_path) in named and "the-host" in named and "/opt/env/lib" in named


def test_there_is_one_line_for_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(MissingInputError, match="no such folder"):
        list(report.examine(tmp_path / "no"))


def test_a_part_that_breaks_is_bad_and_the_others_go_on(tmp_path, monkeypatch):
    def broken():
        raise RuntimeError("the driver\nis gone")
        yield

    monkeypatch.setattr(report, "looks", lambda folder: {"gpu": broken, **quick(folder)})
    found = list(report.examine(tmp_path))
    assert (found[0].state, found[0].found) == (BAD, "RuntimeError: the driver is gone")
    assert len(found) == 4 + disks(tmp_path)


def test_a_library_that_does_not_load_or_kills_its_process_is_told_and_others_are_tried(
    tmp_path, monkeypatch
):
    for name, text in {
        "good": "",
        "raises": "raise OSError('libfoo.so: undefined symbol')",
        "dies": "import os; os.kill(os.getpid(), 11)",
        "after": "import good",
        "exits": "exit(3)",
    }.items():
        (tmp_path / f"avkd_test_{name}.py").write_text(text.replace("good", "avkd_test_good"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    names = [f"avkd_test_{one}" for one in ("good", "raises", "dies", "exits", "after", "absent")]
    found = libraries.faults(names)
    assert found == {
        "avkd_test_raises": "OSError: libfoo.so: undefined symbol",
        "avkd_test_dies": "the process that loads it ends with -11",
        "avkd_test_exits": "SystemExit: 3",
        "avkd_test_absent": "ModuleNotFoundError: No module named 'avkd_test_absent'",
    }


def test_a_library_is_told_by_whether_avkd_can_do_without_it():
    assert libraries.of_needed("numpy", "", "numpy>=2.0").state == GOOD
    broken = libraries.of_needed("numpy", "ImportError: x", "numpy>=2.0")
    assert broken.state == BAD and "pip install 'numpy>=2.0'" in broken.remedy
    assert libraries.of_spare("torchaudio", "OSError: y", "by ours").state == ODD
    absent = libraries.of_extra("no-such-thing", "", "export", "export")
    assert absent.state == GOOD and "pip install 'avkd[export]'" in absent.remedy


def test_every_library_that_pyproject_asks_for_is_looked_at():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = {re.match(r"[\w-]+", one)[0] for one in project["dependencies"]}
    assert asked == {*libraries.NEEDED, *libraries.DONE_WITHOUT}
    extras = project["optional-dependencies"]
    del extras["dev"]
    found = {
        (re.match(r"[\w-]+", one)[0], extra) for extra, several in extras.items() for one in several
    }
    assert found == {(name, extra) for name, (_, extra, _) in libraries.EXTRAS.items()}


def test_the_file_system_is_tried_and_nothing_stays_of_it(tmp_path):
    found = {one.name: one for one in files.file_system(tmp_path)}
    assert [found[name].state for name in ("rename", "locks", "names")] == [GOOD] * 3
    assert found["sync"].state in (GOOD, ODD)
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_holds_nobody_back_is_bad(tmp_path, monkeypatch):
    monkeypatch.setattr(files.fcntl, "flock", lambda *_: None)  # as on some network disks
    found = files.tried("locks", files.locks, tmp_path, "another disk")
    assert (found.state, found.remedy) == (BAD, "another disk")
    assert found.found == "another process gets a lock that is held"


def test_each_kind_of_sound_film_and_picture_is_decoded():
    found = list(media.look())
    assert {one.name: one.state for one in found if one.name != "codecs"} == dict.fromkeys(
        ("wav", "flac", "m4a", "mp4", "jpeg", "png", "webp", "bmp"), GOOD
    )


def test_a_decoder_that_gives_something_else_is_bad(monkeypatch):
    monkeypatch.setitem(media.SOUNDS, "wav", lambda: media.as_wav()[:12_000])
    found = next(one for one in media.look() if one.name == "wav")
    assert found.state == BAD and found.remedy


def test_threads_beyond_the_cores_are_told(monkeypatch):
    import torch

    monkeypatch.setattr(torch, "get_num_threads", lambda: 4096)
    found = {one.name: one for one in machine.threads()}
    assert found["torch"].state == ODD and "OMP_NUM_THREADS" in found["torch"].remedy
    assert {one.name: one.state for one in machine.memory()}["shared"] in (GOOD, ODD)


def test_products_are_held_against_the_exact_ones(monkeypatch):
    found = {one.name: one.state for one in machine.precisions("cpu")}
    assert found == {"cpu float32": GOOD, "cpu bf16": GOOD, "cpu fp16": GOOD}
    monkeypatch.setattr(machine, "off_by", lambda device, dtype: 0.5)  # as by faulty memory
    assert {one.state for one in machine.precisions("cpu")} == {BAD}
    absent = list(machine.precisions("meta"))  # a device that computes nothing
    assert all(one.state == BAD for one in absent)


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("/usr/lib/x.so: gone", "x.so: gone"),
        ("in '/home/ann/avkd' (/tmp)", "in 'avkd' (tmp)"),
        ("12 MiB/s and/or", "12 MiB/s and/or"),
    ],
)
def test_paths_are_taken_out_of_a_text(text, bare):
    assert without_paths(text) == bare


def test_sizes_are_for_people():
    assert [size(n) for n in (12, 2048, 3 << 20, 5 << 30, 3 << 40)] == [
        "12 B",
        "2.0 KiB",
        "3.0 MiB",
        "5.0 GiB",
        "3.0 TiB",
    ]
    assert judged("b", True, "c", "d").remedy == ""


@pytest.mark.slow
def test_this_machine_is_examined_whole(tmp_path):
    result = doctor("--folder", tmp_path, "--json")
    found = json.loads(result.stdout)
    assert {one["part"] for one in found["findings"]} == set(report.looks(tmp_path))
    assert platform.node() not in {
        word for one in found["findings"] for word in one["found"].split()
    }
    assert sys.executable not in result.stdout
    assert all(one["do"] for one in found["findings"] if one["state"] != GOOD)
