"""`avkd corpus cluster` as a person types it."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from avkd_cli.cli import cli
from avkd_cli.config import Execution
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings

PEOPLE, FILMS = 12, 3  # of two utterances each; the first four people are labelled


def vectors(noise: float, size: int = 96, seed: int = 0) -> np.ndarray:
    """Each person's own direction, and noise."""
    random = np.random.default_rng(seed)
    centre = np.repeat(random.normal(size=(PEOPLE, size)), 2 * FILMS, axis=0)
    return (centre + noise * random.normal(size=centre.shape)).astype(np.float32)


def lines_of() -> list[dict]:
    found = []
    for person in range(PEOPLE):
        for film in range(FILMS):
            for take in "ab":
                one = {"id": f"{person}/{film}/{take}", "session": f"{person}-{film}"}
                one |= {"audio": f"wav/{person}{film}{take}.wav", "x-who": f"p{person}"}
                found.append(one | ({"person": f"p{person}"} if person < 4 else {}))
    return found


def store(folder: Path, name: str, rows: np.ndarray, ids: list[str] | None = None) -> Path:
    ids = ids or [line["id"] for line in lines_of()]
    content = Embeddings.of(Rows(ids, [""] * len(ids)), rows[: len(ids)])
    build_store(folder / name, content, Origin("extract-embeddings"), Execution(quiet=True))
    return folder / name


def write(path: Path, lines: list[dict]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def rows_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Path:
    return store(tmp_path_factory.mktemp("good"), "good.zarr", vectors(0.3))


def run(*arguments: object):
    from avkd_cli.__main__ import main  # noqa: F401  the code of an error is the process's

    return CliRunner().invoke(cli, ["corpus", "cluster", *map(str, arguments)])


def failure(*arguments: object) -> str:
    found = run(*arguments)
    assert found.exception is not None and getattr(found.exception, "exit_code", 0) == 65
    return str(found.exception)


def test_those_without_a_person_get_the_cluster_they_are_in(good, tmp_path):
    people = write(tmp_path / "people.jsonl", lines_of())
    out = tmp_path / "out.jsonl"
    found = run(
        good, "--list", people, "--truth", "x-who", "-o", out, "--report", tmp_path / "r.json"
    )
    assert found.exit_code == 0, found.output
    rows = rows_of(out)
    assert [row["id"] for row in rows] == [line["id"] for line in lines_of()]
    assert all(row == line for row, line in zip(rows[:24], lines_of()[:24], strict=True))
    named = {row["x-who"]: row["person"] for row in rows[24:]}
    assert len(named) == len(set(named.values())) == 8
    assert sorted(named.values())[0] == "cluster-00001"
    assert all(row["person"] == named[row["x-who"]] for row in rows[24:])
    assert all(row["person_of"] == "teacher" for row in rows[24:])
    assert "48 utterances without a person: 8 clusters of 6 to 6 (median 6)" in found.stderr
    assert "held against x-who: pairwise F 1.000" in found.stderr
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["truth"]["nmi"] == report["labelled"]["f"] == 1
    assert (report["clusters"], report["noise"], report["utterances"]) == (8, 0, 48)


def test_what_a_teacher_gave_is_given_anew_and_the_bytes_are_the_same(good, tmp_path):
    people = write(tmp_path / "people.jsonl", lines_of())
    run(good, "--list", people, "-o", tmp_path / "one.jsonl", "-q")
    run(good, "--list", tmp_path / "one.jsonl", "-o", tmp_path / "two.jsonl", "-q")
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


def test_two_senses_tell_together_what_neither_tells_alone(tmp_path):
    people = write(tmp_path / "people.jsonl", lines_of())
    voice = store(tmp_path, "voice.zarr", vectors(1.6, size=24, seed=3))
    face = store(tmp_path, "face.zarr", 9 * vectors(1.6, size=24, seed=4))

    def f(*stores: Path) -> float:
        place = tmp_path / "r.json"
        found = run(
            *stores,
            *f"--list {people} --truth x-who --report {place} --film".split(),
            "",
            *f"--separation 0 -q -o {tmp_path}/o".split(),
        )
        assert found.exit_code == 0, found.exception
        return json.loads(place.read_text())["truth"]["f"]

    assert f(voice, face) > max(f(voice), f(face)) + 0.1


def without(folder: Path, name: str, rows: np.ndarray, gone: list[str]) -> Path:
    """A store that has nothing of some utterances."""
    ids = [line["id"] for line in lines_of()]
    kept = [i for i, one in enumerate(ids) if one not in gone]
    return store(folder, name, rows[kept], [ids[i] for i in kept])


def test_who_has_a_voice_alone_or_a_face_alone_joins_those_who_have_both(tmp_path):
    people = write(tmp_path / "people.jsonl", lines_of())
    deaf, blind = ["0/2/a", "5/1/a", "5/1/b", "9/0/a"], ["6/0/a", "6/0/b", "1/2/b"]
    alone = [f"11/{film}/{take}" for film in range(3) for take in "ab"]  # heard, never seen
    voice = without(tmp_path, "voice.zarr", vectors(0.3, seed=3), deaf)
    face = without(tmp_path, "face.zarr", vectors(0.3, seed=4), [*blind, *alone])
    found = run(
        voice,
        face,
        *f"--list {people} --truth x-who -o {tmp_path}/out.jsonl".split(),
        *f"--report {tmp_path}/r.json".split(),
    )
    assert found.exit_code == 0, found.exception
    rows = rows_of(tmp_path / "out.jsonl")
    named = {(row["x-who"], row["person"]) for row in rows}
    assert len(named) == len({who for _, who in named}) == 12
    assert "8 clusters of 6 to 6" in found.stderr and "0 noise" in found.stderr
    assert f"8 utterances without a person are in {voice} alone, 8 of them" in found.stderr
    assert f"3 utterances without a person are in {face} alone, 3 of them" in found.stderr
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["truth"]["f"] == 1 and [one["found"] for one in report["one_sense"]] == [8, 3]
    assert all(one["labelled"]["f"] == 1 for one in report["one_sense"])


def test_a_sense_that_does_not_separate_by_itself_names_nobody_but_by_the_film(tmp_path):
    people = write(tmp_path / "people.jsonl", lines_of())
    # Of 9's film 0 the other half has both; of 8's film 1 nobody has a face.
    voice = store(tmp_path, "voice.zarr", vectors(30.0, seed=3))
    face = without(tmp_path, "face.zarr", vectors(0.05, seed=4), ["9/0/a", "8/1/a", "8/1/b"])
    found = run(voice, face, "--list", people, "-o", tmp_path / "out.jsonl", "--separation", 0.8)
    assert found.exit_code == 0, found.exception
    rows = {row["id"]: row.get("person", "") for row in rows_of(tmp_path / "out.jsonl")}
    assert rows["9/0/a"] == rows["9/0/b"] == rows["9/1/a"]
    assert rows["8/1/a"] == rows["8/1/b"] != rows["8/0/a"]
    assert "not enough to trust, so only their sessions count" in found.stderr


def test_a_film_that_one_name_is_known_of_by_the_voice_alone_has_that_name(tmp_path):
    lines = lines_of()
    for line in lines[:24]:
        if line["id"] == "3/2/b":
            del line["person"]
    people = write(tmp_path / "people.jsonl", lines)
    voice, face = vectors(0.3, seed=3), vectors(0.3, seed=4)
    # 3/2/a is named and has no face; 3/2/b has both, and looks and sounds like 7.
    voice[23], face[23] = voice[42], face[42]
    stores = store(tmp_path, "v.zarr", voice), without(tmp_path, "f.zarr", face, ["3/2/a", "9/0/a"])
    found = run(*stores, "--list", people, "-o", tmp_path / "out.jsonl")
    assert found.exit_code == 0, found.exception
    assert rows_of(tmp_path / "out.jsonl")[23]["person"] == "p3"


def test_an_utterance_of_a_labelled_person_gets_the_name(good, tmp_path):
    lines = lines_of()
    del lines[5]["person"], lines[4]["person"]  # a film of p0's
    people = write(tmp_path / "people.jsonl", lines)
    found = run(good, "--list", people, "-o", tmp_path / "out.jsonl")
    assert [rows_of(tmp_path / "out.jsonl")[i]["person"] for i in (4, 5)] == ["p0", "p0"]
    assert "8 clusters of 6 to 6 (median 6), 2 with a labelled person, 0 noise" in found.stderr


def test_whoever_falls_in_with_the_wrong_person_is_seen_in_the_figures(good, tmp_path):
    lines = [line | {"x-who": "p0" if line["x-who"] == "p0" else "q"} for line in lines_of()[:6]]
    lines += [line for line in lines_of()[6:24] if line["x-who"] == "p1"]
    for line in lines[2:4]:  # of p0's three films one has no name, and is truly another's
        del line["person"]
        line["x-who"] = "stranger"
    people = write(tmp_path / "people.jsonl", lines)
    run(
        good,
        *f"--list {people} --truth x-who --report {tmp_path}/r.json".split(),
        *f"-o {tmp_path}/out.jsonl -q".split(),
    )
    truth = json.loads((tmp_path / "r.json").read_text())["truth"]
    # p0's one utterance with two of a stranger's, p1's alone: 1 of 3 pairs, 3 of 4 utterances.
    assert truth["precision"] == pytest.approx(1 / 3, abs=1e-5) and truth["purity"] == 0.75


def test_noise_and_those_who_are_not_there_have_no_person_and_other_splits_stay(good, tmp_path):
    lines = lines_of()
    for line in lines[66:]:  # of the last person one film is left, the rest is for tests
        line["split"] = "test"
    lines += [{"id": "unheard", "audio": "x.wav"}]
    people = write(tmp_path / "people.jsonl", lines)
    found = run(good, "--list", people, "-o", tmp_path / "out.jsonl", "--least", 7)
    assert "all 42 utterances without a person are noise" in str(found.exception)
    found = run(good, "--list", people, "-o", tmp_path / "out.jsonl")
    rows = rows_of(tmp_path / "out.jsonl")
    assert rows[66:72] == lines[66:72]
    assert rows[72] == {"id": "unheard", "audio": "x.wav", "person_of": "teacher"}
    assert "6 lines of another split than train are as they were" in found.stderr
    assert "1 lines are in no store and took no part" in found.stderr


def test_a_teacher_that_does_not_separate_is_refused_with_the_figure(tmp_path):
    people = write(tmp_path / "people.jsonl", lines_of())
    noise = np.random.default_rng(1).normal(size=(72, 16)).astype(np.float32)
    said = failure(store(tmp_path, "deaf.zarr", noise), "--list", people)
    assert "does not separate the 4 labelled people: pairwise F is 0." in said
    assert "at least 0.5 is wanted" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--threshold", "-1"], "one cluster of all 48 utterances at threshold -1"),
        (["--threshold", "1", "--film", "", "--least", "1"], "48 clusters of as many utterances"),
        (["--threshold", "1", "--film", ""], "all 48 utterances without a person are noise"),
        ([], "0 labelled people with 0 items: no threshold can be chosen"),
    ],
)
def test_clusters_that_tell_nobody_apart_are_refused(good, tmp_path, options, said):
    lines = [line for line in lines_of() if "person" not in line]
    assert said in failure(good, "--list", write(tmp_path / "people.jsonl", lines), *options)


def test_lists_that_contradict_themselves_are_refused(good, tmp_path):
    lines = lines_of()
    lines[0]["session"] = lines[6]["session"]
    said = failure(good, "--list", write(tmp_path / "film.jsonl", lines))
    assert "film '1-0' has 'p0' and 'p1', and one session is taken for one person's" in said
    lines = lines_of()
    lines[0]["person"] = "cluster-00009"
    said = failure(good, "--list", write(tmp_path / "name.jsonl", lines))
    assert "cluster-00009 is the name of a labelled person" in said
    named = [line for line in lines_of() if "person" in line]
    assert "there is nobody to cluster" in failure(
        good, "--list", write(tmp_path / "all.jsonl", named)
    )
    assert not list(tmp_path.glob("*.zarr"))


def look(*arguments: object):
    return CliRunner().invoke(cli, ["analyze", "clusters", *map(str, arguments)])


def test_clusters_are_looked_at_on_a_page_of_their_own(good, tmp_path):
    lines = lines_of()
    lines[-1]["session"] = "6-1"  # the last one is taken for another person's, by its film
    people = write(tmp_path / "people.jsonl", lines)
    run(good, "--list", people, "-o", tmp_path / "out.jsonl", "-q")
    page = tmp_path / "page.html"
    found = look(tmp_path / "out.jsonl", good, "--page", page, "--json")
    assert found.exit_code == 0, found.exception
    result = json.loads(found.stdout)
    assert (result["clusters"], result["utterances"], result["with_guessed"]) == (12, 72, 8)
    assert result["misfits"][0]["id"] == "11/2/b"
    doubts = [one["affinity"] for one in result["doubtful"]]
    assert doubts == sorted(doubts, reverse=True) and doubts[0] == pytest.approx(
        max(one["between"] for one in result["largest"] + result["smallest"])
    )
    assert result["largest"][0]["size"] == 7 and result["smallest"][0]["size"] == 5
    text = page.read_text()
    assert "Size against confidence" in text and "11/2/b" in text and "<svg" in text
    assert "http" not in text.replace("http://www.w3.org", "")
    plain = look(tmp_path / "out.jsonl", good, "--plot", tmp_path / "sizes.svg")
    assert "Nearly one: the most doubtful pairs" in plain.stdout
    assert (tmp_path / "sizes.svg").read_text().startswith("<?xml")


def test_a_list_without_clusters_is_not_looked_at(good, tmp_path):
    people = write(tmp_path / "people.jsonl", lines_of())
    found = look(people, good)
    assert "no line has a person that a teacher gave" in str(found.exception)
    other = write(
        tmp_path / "other.jsonl", [{"id": "x", "person": "cluster-00001", "person_of": "teacher"}]
    )
    assert "none of its 1 clustered utterances is in" in str(look(other, good).exception)
