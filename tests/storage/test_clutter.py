import pytest

from avkd_cli.errors import OutputError
from avkd_cli.steps.analyze.findings import find
from avkd_cli.steps.analyze.results import result_files
from avkd_cli.storage.clutter import is_clutter, is_left_by_system
from avkd_cli.storage.verify import faults_of_store
from avkd_cli.training.plan import RunPlan
from avkd_cli.training.runs import open_run


@pytest.mark.parametrize(
    "name",
    [
        "._a.jpg",
        ".DS_Store",
        "Thumbs.db",
        "thumbs.DB",
        "desktop.ini",
        "Icon\r",
        "__MACOSX",
        "~$table.xlsx",
        "@eaDir",
        "#recycle",
        "$RECYCLE.BIN",
        "System Volume Information",
    ],
)
def test_what_systems_leave_behind_is_clutter(name):
    assert is_clutter(name)


@pytest.mark.parametrize("name", ["a.jpg", "a._b.jpg", "Thumbs", "ann", "Ann Lee", "~ann", "_x"])
def test_what_people_name_themselves_is_not(name):
    assert not is_clutter(name)


def test_only_what_systems_put_there_by_themselves_is_no_file_of_a_store(corpus, tmp_path):
    assert [n for n in (".git", ".DS_Store", "._x", "Thumbs.db") if not is_left_by_system(n)] == [
        ".git"
    ]
    corpus.build(tmp_path / "out")
    for name in (".DS_Store", "._zarr.json", "parts/Thumbs.db"):
        (tmp_path / "out" / name).write_bytes(b"left behind")
    assert list(faults_of_store(tmp_path / "out")) == []
    (tmp_path / "out/.secret").write_bytes(b"put there")
    assert list(faults_of_store(tmp_path / "out")) == ["extra file .secret"]


def test_a_work_folder_that_a_system_looked_into_is_gone_on_with(corpus, tmp_path):
    corpus.build(tmp_path / "out", partitions=(0, 1))
    (tmp_path / "out.wip/.DS_Store").write_bytes(b"left behind")
    corpus.build(tmp_path / "out")
    assert list(faults_of_store(tmp_path / "out")) == []


def test_a_run_is_made_in_a_folder_that_a_system_looked_into(tmp_path):
    plan = RunPlan("train-teacher", {}, {})
    (tmp_path / "run").mkdir()
    (tmp_path / "run/.DS_Store").write_bytes(b"left behind")
    open_run(tmp_path / "run", plan)
    (tmp_path / "mine/.git").mkdir(parents=True)
    with pytest.raises(OutputError, match="is not a run"):
        open_run(tmp_path / "mine", plan)


def test_folders_of_score_files_are_read_without_what_lies_beside_them(tmp_path):
    (tmp_path / "a.list.scores").write_text("x y 1 target\nx z 0 nontarget\n")
    (tmp_path / "._a.list.scores").write_bytes(b"\0\5\x16\7")
    assert [one.path.name for one in result_files([tmp_path])[0]] == ["a.list.scores"]
    assert [one.path.name for one in find(tmp_path).scores] == ["a.list.scores"]
