"""`avkd analyze table` and `report` on a working folder of made-up scores and stores."""

import json
import os
import shutil
import subprocess

import numpy as np
import pytest

from avkd_cli.config import Execution
from avkd_cli.errors import InputError, MissingInputError
from avkd_cli.papers import USUAL
from avkd_cli.steps.analyze.correlation import correlations
from avkd_cli.steps.analyze.report import report
from avkd_cli.steps.analyze.report_beside import embedding_plane
from avkd_cli.steps.analyze.report_lists import venn_rows
from avkd_cli.steps.analyze.results import named
from avkd_cli.steps.analyze.table import table
from avkd_cli.storage.builder import Origin, build_store
from avkd_cli.storage.computed import Rows
from avkd_cli.storage.embeddings import Embeddings
from avkd_cli.verification.metrics import equal_error_rate
from avkd_cli.verification.scorefiles import read_scores

PERSONS, TAKES = 6, 4
SYSTEMS = ("audio", "visual", "fusion-gate", "audio-kd-cos", "visual-kd-kl")
STATEMENT = "stand-in corpus: synthetic people; no result here is a result on VoxCeleb"


def vectors(seed):
    """Return embeddings, shape (PERSONS * TAKES, 8), persons apart but not perfectly."""
    rng = np.random.default_rng(seed)
    return np.repeat(rng.normal(size=(PERSONS, 8)), TAKES, axis=0) + rng.normal(
        size=(PERSONS * TAKES, 8)
    )


IDS = [f"id{p}/take/{t}" for p in range(PERSONS) for t in range(TAKES)]


def write_scores(path, embedding):
    unit = embedding / np.linalg.norm(embedding, axis=1, keepdims=True)
    lines = [
        f"{IDS[i]} {IDS[j]} {unit[i] @ unit[j]:.9g} "
        f"{'target' if i // TAKES == j // TAKES else 'nontarget'}\n"
        for i in range(len(IDS))
        for j in range(i)
    ]
    path.write_text("".join(lines))


def write_store(path, embedding, ids=IDS):
    content = Embeddings.of(Rows(ids, [one.split("/")[0] for one in ids]), embedding)
    origin = Origin("extract-embeddings", said={"modality": "audio"})
    build_store(path, content, origin, Execution(quiet=True))


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A working folder as `make vox1_kd` leaves it, tiny."""
    folder = tmp_path_factory.mktemp("work")
    for name in ("scores", "stores", "corpus", "runs/audio"):
        (folder / name).mkdir(parents=True)
    for seed, system in enumerate(SYSTEMS):
        embedding = vectors(seed)
        for trial_list in ("vox1-o", "vox1-e"):
            write_scores(folder / "scores" / f"{system}.{trial_list}.scores", embedding)
        write_store(folder / "stores" / f"{system}-emb.zarr", embedding)
    (folder / "corpus" / "standin.json").write_text("{}")
    config = {"modality": "audio", "seed": 7}
    run = {
        "format": "avkd.run",
        "step": "train-teacher",
        "config": config,
        "fingerprint": "sha256:a",
    }
    (folder / "runs/audio/run.json").write_text(json.dumps(run))
    (folder / "runs/audio/log.jsonl").write_text('{"step": 10}\n{"step": 20}\n{"st')
    (folder / "runs/audio/status.json").write_text('{"state": "complete"}')
    return folder


@pytest.fixture(scope="module")
def made(work):
    return report(work, resamples=100), work / "report"


def test_a_table_is_written_with_our_figures_and_the_printed(work, tmp_path):
    found = table([work / "scores"], tmp_path / "out", "stand-in")
    on_disk = json.loads((tmp_path / "out" / "table.json").read_text())
    assert on_disk == json.loads(json.dumps(found))
    assert len(on_disk["results"]) == len(SYSTEMS) * 2
    one = next(r for r in on_disk["results"] if (r["system"], r["list"]) == ("audio", "vox1-o"))
    rows = [line.split() for line in (work / "scores/audio.vox1-o.scores").read_text().splitlines()]
    target, nontarget = (
        [float(r[2]) for r in rows if r[3] == kind] for kind in ("target", "nontarget")
    )
    assert one["eer_percent"] == pytest.approx(100 * equal_error_rate(target, nontarget))
    assert one["printed_eer_percent"] == 1.792
    assert one["on_the_printed_list"] is False
    text = (tmp_path / "out" / "table.md").read_text()
    assert text.count(STATEMENT) == 2
    assert f"{one['eer_percent']:.3f}" in text
    assert "tabular" in (tmp_path / "out" / "table.tex").read_text()


def test_the_signature_that_score_left_is_taken_when_it_is_of_these_scores(work, tmp_path):
    scores = tmp_path / "audio.vox1-o.scores"
    shutil.copy(work / "scores/audio.vox1-o.scores", scores)
    (plain,) = table([scores])["results"]
    beside = tmp_path / "audio.vox1-o.metrics.json"
    beside.write_text(json.dumps({"eer_percent": plain["eer_percent"], "signature": "from score"}))
    assert table([scores])["results"][0]["signature"] == "from score"
    beside.write_text(json.dumps({"eer_percent": 1.0, "signature": "of other scores"}))
    assert table([scores])["results"][0]["signature"] == plain["signature"]


def test_file_names_say_system_and_list(tmp_path):
    assert named(tmp_path / "audio.my.list.scores.gz")[:2] == ("audio", "my.list")
    with pytest.raises(InputError, match=r"SYSTEM\.LIST\.scores"):
        named(tmp_path / "audio.scores")


def test_no_score_files_and_no_folder_are_said(tmp_path):
    with pytest.raises(InputError, match="no file"):
        table([tmp_path])
    with pytest.raises(MissingInputError):
        table([tmp_path / "none"])
    with pytest.raises(InputError, match="no file"):
        report(tmp_path)
    with pytest.raises(MissingInputError):
        report(tmp_path / "none")


def test_stores_are_correlated_by_id_not_by_row(work, tmp_path):
    x = vectors(0)
    write_store(tmp_path / "turned.zarr", x[::-1], IDS[::-1])
    found = correlations([str(work / "stores/audio-emb.zarr"), str(tmp_path / "turned.zarr")])
    (pair,) = found["pairs"]
    assert pair["segments"] == len(IDS)
    assert pair["pcc_per_segment"] == pytest.approx(1, abs=1e-5)
    assert pair["linear_cka"] == pytest.approx(1, abs=1e-5)
    assert pair["mean_cosine_distance"] == pytest.approx(0, abs=1e-5)
    assert [one["persons"] for one in found["stores"]] == [PERSONS, PERSONS]


def test_a_list_chooses_the_utterances_and_the_result_is_written(work, tmp_path):
    chosen = tmp_path / "some.jsonl"
    chosen.write_text(
        "".join(json.dumps({"id": i, "person": "p", "audio": "x"}) + "\n" for i in IDS[:5])
    )
    stores = [str(work / f"stores/{name}-emb.zarr") for name in ("audio", "visual")]
    found = correlations(stores, chosen, tmp_path / "pcc.json")
    assert found["pairs"][0]["segments"] == 5
    assert json.loads((tmp_path / "pcc.json").read_text()) == found


def test_stores_of_other_widths_have_cka_only(work, tmp_path):
    write_store(tmp_path / "wide.zarr", np.random.default_rng(0).normal(size=(len(IDS), 11)))
    (pair,) = correlations([str(work / "stores/audio-emb.zarr"), str(tmp_path / "wide.zarr")])[
        "pairs"
    ]
    assert pair["pcc_per_segment"] is None
    assert 0 < pair["linear_cka"] < 1


def test_stores_that_share_nothing_are_refused(work, tmp_path):
    write_store(tmp_path / "other.zarr", vectors(0), [f"x{i}/a/b" for i in range(len(IDS))])
    with pytest.raises(InputError, match="share no utterance"):
        correlations([str(work / "stores/audio-emb.zarr"), str(tmp_path / "other.zarr")])


def test_the_report_leaves_everything_in_its_folder(made):
    result, folder = made
    assert {path.name for path in folder.iterdir()} == set(
        (
            "index.html table.md table.tex table.json pcc.json "
            "venn-audio-kd-cos.vox1-e.svg venn-visual-kd-kl.vox1-e.svg"
        ).split()
    )
    assert result["results"] == len(SYSTEMS) * 2
    assert result["path"] == str(folder / "index.html")


def test_the_stand_in_is_recognised_and_said_at_top_and_bottom(made):
    result, folder = made
    html = (folder / "index.html").read_text()
    assert result["statement"] == STATEMENT
    assert html.count(STATEMENT) == 2


def test_the_page_shows_figures_regions_embeddings_and_runs(made):
    html = (made[1] / "index.html").read_text()
    assert "http" not in html
    # Bars; changes, DET (two lists), Venn of each sense; the plane, where scikit-learn is there.
    assert html.count("<svg") == 1 + 2 + 2 * 2 + 2 + ('id="plane-' in html)
    for text in (
        "What distillation corrected",
        "audio – fusion-gate",
        "runs/audio",
        "train-teacher",
        "Who gains and who loses",
        "far from their person’s others",
        "Bands: 95 % over persons, of Audio-visual, GATE, Audio baseline.",
    ):
        assert text in html
    run = html[html.index("runs/audio</th>") :].split("</tr>")[0]
    assert ">20<" in run  # the last whole line of the log
    assert "complete" in run


def test_every_result_has_an_interval_over_persons(made):
    table = json.loads((made[1] / "table.json").read_text())
    for one in table["results"]:
        low, high = one["eer_interval"]
        assert low <= one["eer_percent"] + 5 and one["eer_percent"] - 5 <= high
        assert low < high
    assert "Intervals are of 95 %" in (made[1] / "index.html").read_text()


def test_what_the_other_sense_knows_is_told_of_the_corrected_and_of_all_errors(tmp_path):
    # Targets 0..9, each system deciding near 0.5; the baseline misses 0 to 3, the student 2 and 3.
    # Of the corrected 0 and 1 the other sense has 0 right; of all four errors 0 and 3.
    missed = {"audio": {0, 1, 2, 3}, "audio-kd-cos": {2, 3}, "visual": {1, 2, 8, 9}}
    files = {}
    for name, wrong in missed.items():
        lines = [f"p/a p/{i} {0.1 if i in wrong else 0.9} target\n" for i in range(10)]
        # As many nontargets above 0.5 as targets below make 0.5 the threshold of the EER.
        lines += [f"q/a p/{i} {0.8 if i < len(wrong) else 0.2} nontarget\n" for i in range(10)]
        path = tmp_path / f"{name}.scores"
        path.write_text("".join(lines))
        files[name] = read_scores(path)
    (row,) = venn_rows(files, "list", None, USUAL)
    counts = [row[key] for key in ("newly_right", "newly_wrong", "both_wrong", "both_right")]
    # Nontargets: the baseline accepts 0 to 3, the student 0 and 1, the other sense 0 to 3.
    assert counts == [2 + 2, 0, 2 + 2, 6 + 6]
    assert row["other_share"] == 1 / 4
    assert row["other_of_errors"] == 2 / 8


def test_without_persons_the_page_says_why_there_are_no_intervals(work, tmp_path):
    text = (work / "scores/audio.vox1-o.scores").read_text().replace("/take/", "-")
    (tmp_path / "mine.grid.scores").write_text(text)
    report(tmp_path)
    assert "No intervals: " in (tmp_path / "report/index.html").read_text()


def test_embeddings_are_compared_with_the_fused_ones(made):
    found = json.loads((made[1] / "pcc.json").read_text())
    assert {(one["a"], one["b"]) for one in found["pairs"]} == {
        (name, "fusion-gate") for name in SYSTEMS if name != "fusion-gate"
    }
    assert all(one["segments"] == len(IDS) for one in found["pairs"])


def test_a_second_report_is_the_same_and_does_not_read_its_own_output(made, work):
    before = (made[1] / "index.html").read_bytes()
    report(work, resamples=100)
    assert (made[1] / "index.html").read_bytes() == before


def test_stores_of_other_work_are_listed_and_not_compared(work, tmp_path):
    for name in ("scores", "stores"):
        shutil.copytree(work / name, tmp_path / name)
    write_store(tmp_path / "stores/voices-emb.zarr", vectors(0), [f"x{i}/a/b" for i in range(24)])
    report(tmp_path, resamples=0)
    html = (tmp_path / "report/index.html").read_text()
    assert "stores/voices-emb.zarr" in html
    assert "voices" not in (tmp_path / "report/pcc.json").read_text()


def test_a_report_of_other_peoples_systems_needs_no_names_of_ours(work, tmp_path):
    for theirs in ("wespeaker", "other"):
        shutil.copy(work / "scores/audio.vox1-o.scores", tmp_path / f"{theirs}.grid.scores")
    result = report(tmp_path, tmp_path / "out" / "page.html")
    html = (tmp_path / "out" / "page.html").read_text()
    assert result["statement"] is None
    assert "wespeaker" in html
    assert "det-grid-others" in html


def browser():
    """Return a headless browser, or skip."""
    for name in (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"):
        if name and shutil.which(name):
            return shutil.which(name)
    return pytest.skip("no browser: set CHROMIUM, or `make setup-browser`")


def dumped(page):
    """Return the page's document after its scripts ran in a headless browser."""
    result = subprocess.run(
        [
            browser(),
            *"--headless --no-sandbox --disable-gpu --virtual-time-budget=2000 --dump-dom".split(),
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return result.stdout


@pytest.mark.parametrize(("clicks", "order"), [(1, "ascending"), (2, "descending")])
def test_tables_sort_in_a_real_browser(made, tmp_path, clicks, order):
    html = (made[1] / "index.html").read_text()
    # Clicks the second column's head of the first table, as a person would.
    click = 'document.querySelectorAll("table thead button")[1].click();' * clicks
    page = tmp_path / "clicked.html"
    page.write_text(f"{click}</script>".join(html.rsplit("</script>", 1)))
    dom = dumped(page)
    first = dom[dom.index("<table") : dom.index("</table>")]
    values = [float(part.split('"')[0]) for part in first.split('<td data-value="')[1:]]
    ours = values[:: first.split("</thead>")[0].count("<button>") - 1]
    assert f'aria-sort="{order}"' in first
    assert len(set(ours)) == 3
    assert ours == sorted(ours, reverse=order == "descending")


def test_scores_beyond_cosines_are_shown_for_their_calibration(work, tmp_path):
    rng = np.random.default_rng(0)
    text = (work / "scores/audio.vox1-o.scores").read_text().splitlines()
    lines = []
    for line in text:
        enrol, test, _, kind = line.split()
        lines.append(f"{enrol} {test} {rng.normal(3 if kind == 'target' else -3, 2):.6f} {kind}\n")
    (tmp_path / "calibrated.grid.scores").write_text("".join(lines))
    report(tmp_path, resamples=0)
    html = (tmp_path / "report/index.html").read_text()
    assert "Calibration on grid" in html
    assert "No intervals: no intervals were asked for" in html


def test_stores_that_make_no_picture_are_left_out(tmp_path):
    write_store(tmp_path / "audio-emb.zarr", np.ones((2, 8)), ["a/b/c", "d/e/f"])
    assert embedding_plane({"audio": tmp_path / "audio-emb.zarr"}, USUAL) == ([], None)
    assert embedding_plane({}, USUAL) == ([], None)
