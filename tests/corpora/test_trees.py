import os
from pathlib import Path

import pytest

from avkd_cli.corpora import trees
from avkd_cli.corpora.listing import Report
from avkd_cli.errors import MissingInputError


@pytest.fixture
def report():
    return Report("folder", "/x")


def test_files_come_sorted_by_name_level_by_level(plant, report):
    folder = plant("b/2.wav", "b/10.wav", "a/z/1.wav", "a/b.wav", "c.wav")
    found = [path for path, _ in trees.files(folder, "", report)]
    assert found == ["a/b.wav", "a/z/1.wav", "b/10.wav", "b/2.wav", "c.wav"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.wav", ("audio", 0)),
        ("A.FLAC", ("audio", 1)),
        ("x.y.mp4", ("video", 0)),
        ("x.jpeg", ("images", 1)),
        ("00001.txt", ("boxes", 0)),
        ("README", None),
        ("a.zip", None),
        ("wav", None),
    ],
)
def test_kinds_go_by_suffix(name, kind):
    assert trees.kind_of(name) == kind


def test_linked_folders_are_walked(plant, tmp_path, report):
    folder = plant("real/1.wav")
    (folder / "tree").mkdir()
    (folder / "tree" / "link").symlink_to(folder / "real")
    assert [path for path, _ in trees.files(folder, "tree", report)] == ["tree/link/1.wav"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_reported(plant, report):
    folder = plant("a/1.wav", "b/2.wav")
    (folder / "a").chmod(0)
    (folder / "b/2.wav").chmod(0)
    for path, entry in trees.files(folder, "", report):
        assert not trees.is_usable(path, entry, report)
    assert report.unreadable.reasons == {trees.DENIED: 2}
    (folder / "a").chmod(0o700)


def test_a_pipe_is_no_regular_file(plant, report):
    folder = plant("a.wav")
    os.mkfifo(folder / "b.wav")
    usable = [
        path
        for path, entry in trees.files(folder, "", report)
        if trees.is_usable(path, entry, report)
    ]
    assert usable == ["a.wav"]
    assert report.unreadable.examples == [{"what": "b.wav", "reason": "not a regular file"}]


def test_a_missing_path_is_missing_and_not_unreadable(tmp_path, report):
    assert not trees.is_usable("x", tmp_path / "x", report)
    assert (report.missing.count, report.unreadable.count) == (1, 0)


def test_a_folder_must_be_one(tmp_path):
    with pytest.raises(MissingInputError, match="does not exist"):
        trees.check_folder(Path(tmp_path / "none"))
    trees.check_folder(tmp_path)
