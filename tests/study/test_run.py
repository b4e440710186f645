"""Finished commands are kept, other words for one target are refused."""

import json
from pathlib import Path

import pytest

from avkd_cli.errors import AvkdError, InputError, OutputError
from avkd_cli.storage.utterances import Utterance, write_utterances
from study.recordings import Line
from study.run import Account, missing, run


@pytest.fixture
def work(tmp_path):
    people = [
        Utterance(f"p{p}/{r}", f"p{p}", split="train" if p else "test", audio=f"{p}-{r}.wav")
        for p in range(8)
        for r in range(2)
    ]
    write_utterances(tmp_path / "people.jsonl", people)
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def job(work: Path, name: str, source: Path, *needs: Path) -> Line:
    target = work / name
    return Line(target, ("study", "relist", str(source), "-o", str(target)), needs)


def chain(work: Path) -> dict[Path, Line]:
    """Two copies, the second of the first."""
    first = job(work, "first.jsonl", work.parent / "people.jsonl")
    second = job(work, "second.jsonl", first.target, first.target)
    return {one.target: one for one in (first, second)}


def test_what_a_target_needs_is_made_first_and_once(work):
    lines = chain(work)
    run(lines, [work / "second.jsonl"], work, at_once=2)
    done = [json.loads(line)["target"] for line in (work / "done.jsonl").read_text().splitlines()]
    assert done == ["first.jsonl", "second.jsonl"]
    before = (work / "second.jsonl").stat().st_mtime_ns
    run(lines, [work / "second.jsonl"], work, at_once=2)
    assert (work / "second.jsonl").stat().st_mtime_ns == before
    assert len((work / "done.jsonl").read_text().splitlines()) == 2


def test_what_was_removed_is_made_again_and_nothing_else(work):
    lines = chain(work)
    run(lines, [work / "second.jsonl"], work, at_once=1)
    (work / "second.jsonl").unlink()
    assert [one.target.name for one in missing(lines, list(lines), Account(work))] == [
        "second.jsonl"
    ]


def test_a_target_by_other_words_is_refused_and_says_in_what_they_differ(work):
    run(chain(work), [work / "second.jsonl"], work, at_once=1)
    other = job(work, "first.jsonl", work.parent / "nobody.jsonl")
    with pytest.raises(OutputError, match=r"made with .*people.jsonl, now it is .*nobody.jsonl"):
        run({other.target: other}, [other.target], work, at_once=1)


def test_a_command_that_fails_is_named_with_its_log_and_what_is_done_is_kept(work):
    lines = chain(work)
    bad = Line(
        work / "bad.zarr", ("prep-audio", str(work / "none.jsonl"), "-o", "x.zarr", "-q"), ()
    )
    with pytest.raises(AvkdError, match=r"none.jsonl.*the command was: avkd prep-audio") as raised:
        run({**lines, bad.target: bad}, [work / "first.jsonl", bad.target], work, at_once=1)
    assert raised.value.exit_code == 66
    assert [path.name for path in Account(work).done] == ["first.jsonl"]
    assert (work / "logs" / "bad.zarr.log").exists()


def test_a_damaged_account_is_refused_by_its_line(work):
    (work / "done.jsonl").write_text("{}\n")
    with pytest.raises(InputError, match=r"done.jsonl:1: no line of a finished command"):
        Account(work)


def test_the_lines_alone_are_printed_and_nothing_is_made(work, capsys):
    run(chain(work), [work / "second.jsonl"], work, at_once=1, show=True)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"mkdir -p {work}"
    assert [line.split()[:4] for line in lines[1:]] == [["python", "-m", "study", "relist"]] * 2
    assert not (work / "first.jsonl").exists()
