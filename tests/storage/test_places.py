import errno
import os

import pytest

from avkd_cli.errors import OutputError, TemporaryError, WriteError
from avkd_cli.storage import durable, places


def test_a_lock_is_held_by_one_and_leaves_nothing(tmp_path):
    target = tmp_path / "out"
    mine = f"locked by pid {os.getpid()}"
    with places.lock(target), pytest.raises(TemporaryError, match=mine), places.lock(target):
        pass
    with places.lock(target):
        assert (tmp_path / "out.lock").exists()
    assert list(tmp_path.iterdir()) == []


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    (tmp_path / "out.lock").write_text("pid 1 on elsewhere")
    with places.lock(tmp_path / "out"):
        pass


def tree(path, content):
    path.mkdir()
    (path / "content").write_text(content)
    return path


def test_publish_never_replaces_unasked(tmp_path):
    work, final = tree(tmp_path / "out.wip", "new"), tree(tmp_path / "out", "old")
    with pytest.raises(OutputError, match="out"):
        places.publish(work, final, overwrite=False)
    assert (final / "content").read_text() == "old"
    places.publish(work, final, overwrite=True)
    assert (final / "content").read_text() == "new"
    assert list(tmp_path.iterdir()) == [final]


@pytest.mark.parametrize("overwrite", [True, False])
def test_publish_takes_a_free_name(tmp_path, overwrite):
    places.publish(tree(tmp_path / "out.wip", "new"), tmp_path / "out", overwrite)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("old", [True, False])
def test_publish_works_where_directories_cannot_change_places(tmp_path, monkeypatch, old):
    def refuse(*_):
        raise OSError(errno.EINVAL, "no flags here")

    monkeypatch.setattr(places, "_renameat2", refuse)
    if old:
        tree(tmp_path / "out", "old")
    places.publish(tree(tmp_path / "out.wip", "new"), tmp_path / "out", overwrite=old)
    assert (tmp_path / "out" / "content").read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_tree_loses_its_name_before_its_files(tmp_path, monkeypatch):
    tree(tmp_path / "out", "old")

    def fail(operation, path):
        if operation == "remove":
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(durable, "hook", fail)
    with pytest.raises(WriteError):
        places.remove_tree(tmp_path / "out")
    (left,) = tmp_path.iterdir()
    assert left.name.startswith("out.deleting-")
