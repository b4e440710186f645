"""How systems are called and how large pictures are: `--name`, `--width` and their kin."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from avkd_cli.cli import cli


def analyze(*args):
    return CliRunner().invoke(cli, ["analyze", *map(str, args)])


def width_of(png):
    return int.from_bytes(png.read_bytes()[16:20], "big")


@pytest.fixture
def files(tmp_path):
    """Two score files of one list."""
    found = []
    for seed, name in enumerate(("base.txt", "ours.scores")):
        rng = np.random.default_rng(seed)
        lines = [
            f"p{i}/a p{j}/b {rng.normal() + 2 * (i == j):.6f} {'target' if i == j else 'nontarget'}"
            for i in range(12)
            for j in range(12)
        ]
        found.append(tmp_path / name)
        found[-1].write_text("\n".join(lines) + "\n")
    return found


def test_names_stand_in_tables_of_every_analysis_of_scores(files):
    base, ours = files
    names = ("--name", f"ECAPA, theirs={base}", "--name", f"KD ={ours}")
    wanted = ["ECAPA, theirs", "KD"]
    for command, key in (("metrics", "files"), ("det", "files")):
        found = json.loads(analyze(command, base, ours, *names, "--json").stdout)
        assert [one["name"] for one in found[key]] == wanted
    args = ("--resamples", 100, "--json")
    found = json.loads(analyze("compare", base, ours, *names, *args).stdout)
    assert [one["name"] for one in found["systems"]] == wanted
    assert found["differences"][0]["claim"].startswith("KD")
    found = json.loads(analyze("venn", "--a", base, "--b", ours, *names, "--json").stdout)
    assert [one["name"] for one in found["systems"].values()] == wanted
    result = analyze("identify", base, ours, *names, *args)
    assert [one["name"] for one in json.loads(result.stdout)["systems"]] == wanted


def test_a_file_without_a_name_keeps_its_own(files):
    found = json.loads(analyze("metrics", *files, "--name", f"A={files[0]}", "--json").stdout)
    assert [one["name"] for one in found["files"]] == ["A", "ours"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("A=nothing.scores", "nothing.scores is none of the files given"),
        ("A", "is no NAME=FILE"),
        ("={0}", "is no NAME=FILE"),
        ("ours={0}", "another file is called so"),
    ],
)
def test_a_name_of_nothing_is_refused(files, name, said):
    result = analyze("metrics", *files, "--name", name.format(files[0]))
    assert result.exit_code != 0
    assert said in result.output + str(result.exception)


def test_two_systems_of_one_name_are_refused(files):
    names = [word for file in files for word in ("--name", f"A={file}")]
    result = analyze("metrics", *files, *names)
    assert (result.exit_code, "a name of its own" in result.output) == (2, True)


def test_a_histogram_fits_a_column(files, tmp_path):
    args = ("--kind", "histogram", "--plot", tmp_path / "h.png", "--width", "3.3in", "--dpi", 100)
    assert analyze("det", files[0], *args).exit_code == 0
    assert width_of(tmp_path / "h.png") == pytest.approx(330, abs=2)


@pytest.mark.parametrize(("width", "pixels"), [("3.3in", 330), ("8.4cm", 331), ("84 mm", 331)])
def test_a_picture_is_as_wide_as_a_column(files, tmp_path, width, pixels):
    plot = tmp_path / "d.png"
    args = ("--plot", plot, "--width", width, "--dpi", 100, "--xlim", "1,50", "--ylim", "1,50")
    assert analyze("det", *files, *args).exit_code == 0
    assert width_of(plot) == pytest.approx(pixels, abs=2)


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--width", "3.3", "3.3in, 84mm are"),
        ("--width", "0.2in", "from 1in to 40in"),
        ("--xlim", "40,1", "LOW,HIGH"),
        ("--ylim", "1", "LOW,HIGH"),
        ("--dpi", "10", "50<=x<=2400"),
    ],
)
def test_sizes_that_are_none_are_refused(files, tmp_path, option, value, said):
    result = analyze("det", *files, "--plot", tmp_path / "d.png", option, value)
    assert (result.exit_code, said in result.output) == (2, True)


def test_a_size_without_a_picture_is_refused(files):
    result = analyze("det", *files, "--width", "3in")
    assert (result.exit_code, "give --plot as well" in result.output) == (2, True)


def test_a_picture_too_narrow_for_its_words_is_refused_and_not_written(files, tmp_path):
    plot, name = tmp_path / "d.svg", "a name that is far too long to be put into an inch of paper"
    result = analyze(
        "det", *files, "--plot", plot, "--width", "1in", "--name", f"{name}={files[0]}"
    )
    assert "too narrow" in str(result.exception)
    assert not plot.exists()


def test_two_files_on_one_list_in_two_orders_show_one_hash(files, tmp_path):
    lines = files[1].read_text().splitlines(keepends=True)
    files[1].write_text("".join(reversed(lines)))
    found = json.loads(analyze("metrics", *files, "--json").stdout)["files"]
    first, second = (one["signature"].partition("|")[0].partition("#")[2] for one in found)
    assert first == second


def test_what_files_have_in_common_is_compared_where_that_is_asked(files):
    lines = files[0].read_text().splitlines(keepends=True)
    files[0].write_text("".join(lines[:-2]))
    files[1].write_text("".join(lines[2:]))
    refused = analyze("compare", *files, "--resamples", 100)
    assert "have no score" in str(refused.exception)
    result = analyze("compare", *files, "--resamples", 100, "--intersect", "--json")
    assert json.loads(result.stdout)["trials"] == len(lines) - 4
    found = json.loads(
        analyze("venn", "--a", files[0], "--b", files[1], "--intersect", "--json").stdout
    )
    assert (found["trials"], sum(one["trials"] for one in found["regions"])) == (
        len(lines) - 4,
    ) * 2


def test_columns_of_csv_files_are_named_by_flags(tmp_path):
    scores, trials = tmp_path / "s.csv", tmp_path / "t.csv"
    pairs = [(f"p{i}", f"q{j}", i == j) for i in range(11) for j in range(11)]
    scores.write_text("a,b,how\n" + "".join(f"{a},{b},{int(s)}.5\n" for a, b, s in pairs))
    trials.write_text("a,b,kin\n" + "".join(f"{a},{b},{s}\n" for a, b, s in pairs))
    names = "enrol=a,test=b,score=how,label=kin"
    result = analyze("metrics", scores, "--trials", trials, "--columns", names, "--json")
    (found,) = json.loads(result.stdout)["files"]
    assert (found["eer_percent"], found["targets"]) == (0, 11)


def test_a_table_is_printed_piped_or_not_and_json_only_where_it_is_asked_for(files):
    piped = analyze("metrics", *files).stdout  # click's runner is no terminal
    assert piped.startswith("scores")
    assert "EER, %" in piped
    assert json.loads(analyze("metrics", *files, "--json").stdout)["version"] == 1


def test_a_det_has_a_table_as_well(files):
    result = analyze("det", *files)
    assert result.exit_code == 0, result.exception
    assert "EER, %" in result.stdout
