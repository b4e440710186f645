"""The one protocol of what is made once: begun, gone on with, published, tidied."""

import pytest

from avkd_cli.errors import OutputError, TemporaryError
from avkd_cli.storage.making import Making


@pytest.fixture
def making(tmp_path):
    return Making(tmp_path / "out", "first.json", "last.json")


def make(making, text):
    making.begin(text)
    (making.work / making.last).write_text(text)
    making.publish(overwrite=True)


def test_what_was_begun_is_gone_on_with_and_keeps_its_first_file(making):
    making.begin("1")
    (making.work / "half").write_text("done")
    (making.work / ".x.tmp-1").write_text("left by a killed writer")
    making.begin("2")
    assert sorted(path.name for path in making.work.iterdir()) == ["first.json", "half"]
    assert (making.work / "first.json").read_text() == "1"
    making.drop()
    making.begin("2")
    assert (making.work / "first.json").read_text() == "2"


def test_a_name_is_given_once_unless_it_may_be_replaced(making):
    make(making, "1")
    make(making, "2")
    assert (making.out / "last.json").read_text() == "2"
    making.begin("3")
    with pytest.raises(OutputError):
        making.publish(overwrite=False)
    assert [path.name for path in making.out.parent.iterdir()] != ["out"]  # the work is kept


def test_what_a_kill_left_of_a_replaced_one_goes_and_unfinished_work_stays(making):
    make(making, "1")
    doomed = making.out.with_name("out.wip.deleting-0")
    doomed.mkdir()
    making.begin("0")  # as it stands once the two have changed places
    (making.work / making.last).write_text("0")
    making.tidy()
    assert [path.name for path in making.out.parent.iterdir()] == ["out"]
    making.begin("2")
    making.tidy()
    assert making.work.is_dir()


def test_made_in_place_it_is_its_own_work(tmp_path, capsys):
    run = Making(tmp_path / "run", "run.json", "model.json", in_place=True)
    run.begin("{}")
    (run.out / "model.json").write_text("{}")
    run.is_complete("distill", touched="model.json")
    assert sorted(path.name for path in run.out.iterdir()) == ["model.json", "run.json"]
    assert capsys.readouterr().err == f"avkd distill: {run.out}: already complete\n"


def test_two_never_make_it_at_once(making):
    with making.locked(), pytest.raises(TemporaryError, match="locked by pid"):
        making.locked().__enter__()
