"""`avkd analyze strata` and `avkd analyze cosines`, as a person runs them."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from avkd_cli.analysis.render import document
from avkd_cli.analysis.text import strata_parts
from avkd_cli.analysis.text_stores import cosines_parts
from avkd_cli.cli import cli
from avkd_cli.config import Execution
from avkd_cli.errors import InputError
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.verification.metrics import area_under_roc, equal_error_rate, error_rates

PERSONS = 24


def run(*args):
    """Run `avkd analyze …` in this process; return its JSON. Errors of avkd are raised."""
    result = CliRunner().invoke(cli, ["analyze", *map(str, args), "--json"])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def person(n):
    return {
        "person": f"p{n:02d}",
        "sex": "fm"[n % 2],
        "nationality": ["UK", "USA"][n // 2 % 2],
        "age": 20 + n,
    }


@pytest.fixture
def files(tmp_path):
    """Scores of all pairs of 24 people that only tell women from men, and who they are."""
    rng = np.random.default_rng(0)
    (tmp_path / "people.jsonl").write_text(
        "".join(
            json.dumps({"id": f"p{n:02d}/{take}", "audio": f"{n}-{take}.wav", **person(n)}) + "\n"
            for n in range(PERSONS)
            for take in range(2)
        )
    )
    lines = [
        f"p{a:02d}/0 p{b:02d}/1 {(a % 2 == b % 2) + 0.3 * rng.normal():.6f} "
        f"{'target' if a == b else 'nontarget'}\n"
        for a in range(PERSONS)
        for b in range(PERSONS)
    ]
    (tmp_path / "only-sex.scores").write_text("".join(lines))
    return tmp_path


def test_who_only_tells_women_from_men_is_at_chance_within_a_sex(files):
    found = run(
        "strata", files / "only-sex.scores", "--people", files / "people.jsonl", "--resamples", 200
    )
    rows = {row["stratum"]: row for row in found["files"][0]["strata"]}
    assert list(rows) == ["random", "G", "N", "A", "GNA"]
    assert rows["random"]["eer_percent"] < 40
    for stratum in ("G", "GNA"):
        low, high = rows[stratum]["intervals"]["eer_percent"]
        assert low < 50 < high
    assert {row["targets"] for row in rows.values()} == {PERSONS}
    text = document(strata_parts(found))
    assert "GNA" in text
    assert "age within 5 years" in text


def test_figures_are_those_of_the_trials_that_agree(files):
    rows = run(
        "strata", files / "only-sex.scores", "--people", files / "people.jsonl", "--stratum", "GNA"
    )["files"][0]["strata"]
    target, nontarget = [], []
    for line in (files / "only-sex.scores").read_text().splitlines():
        a, b, score, label = line.split()
        a, b = int(a[1:3]), int(b[1:3])
        if label == "target":
            target.append(float(score))
        elif (a - b) % 4 == 0 and abs(a - b) <= 5:
            nontarget.append(float(score))
    (row,) = rows
    assert row["nontargets"] == len(nontarget) == 40
    assert row["eer_percent"] == pytest.approx(100 * equal_error_rate(target, nontarget))
    assert row["auc_percent"] == pytest.approx(100 * area_under_roc(error_rates(target, nontarget)))
    assert "intervals" not in row


def rewritten(files, change):
    rows = [json.loads(line) for line in (files / "people.jsonl").read_text().splitlines()]
    (files / "people.jsonl").write_text("".join(json.dumps(change(row)) + "\n" for row in rows))
    return files


def test_a_stratum_without_nontargets_is_said(files):
    rewritten(files, lambda row: row | {"age": 6 * row["age"]})
    found = run(
        *f"strata {files}/only-sex.scores --people {files}/people.jsonl --stratum A".split(),
        *"--resamples 100".split(),
    )
    (row,) = found["files"][0]["strata"]
    assert (row["nontargets"], row["eer_percent"]) == (0, None)
    assert "A: no nontargets" in document(strata_parts(found))


def test_unknown_traits_are_said_and_absent_ones_refused(files):
    def forget_one(row):
        return row | {"age": None} if row["person"] == "p00" else row

    rewritten(files, forget_one)
    found = run("strata", files / "only-sex.scores", "--people", files / "people.jsonl")
    assert [row["unknown"] for row in found["files"][0]["strata"]] == [[], [], [], ["age"], ["age"]]
    rewritten(files, lambda row: {k: v for k, v in row.items() if k != "nationality"})
    with pytest.raises(InputError, match=r"no line of the trials has 'nationality', .* stratum N"):
        run("strata", files / "only-sex.scores", "--people", files / "people.jsonl")
    rewritten(files, lambda row: row | {"age": "old"})
    with pytest.raises(InputError, match="has age 'old'"):
        run("strata", files / "only-sex.scores", "--people", files / "people.jsonl")


def store(path, x, persons):
    content = Embeddings.of(Rows([f"u{n}" for n in range(len(x))], persons), x)
    build_store(path, content, Origin("extract-embeddings"), Execution(quiet=True))
    return path


def test_cosines_are_shown_store_by_store(tmp_path):
    rng = np.random.default_rng(0)
    persons = [f"p{n % 8}" for n in range(80)]
    centre = np.eye(8)[np.arange(80) % 8]
    stores = [
        store(tmp_path / f"epoch-{n}.zarr", centre + noise * rng.normal(size=(80, 8)), persons)
        for n, noise in enumerate((1.0, 0.2))
    ]
    found = run("cosines", *stores, "--plot", tmp_path / "c.svg")
    early, late = found["stores"]
    assert late["within"] > 0.7 > early["within"]
    assert abs(late["between"]) < 0.05
    assert late["pairs_within"] == 8 * 45
    assert "of one person" in (tmp_path / "c.svg").read_text()
    assert "epoch-1" in document(cosines_parts(found))
    (tmp_path / "l.jsonl").write_text('{"id": "u0"}\n{"id": "u8"}\n')
    (one,) = run("cosines", stores[0], "--list", tmp_path / "l.jsonl")["stores"]
    assert (one["recordings"], one["between"]) == (2, None)
    with pytest.raises(InputError, match="wants two"):
        run("cosines", store(tmp_path / "n.zarr", centre, [""] * 80))
