import gzip
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avkd_cli import config
from avkd_cli.errors import InputError, MissingInputError, UsageError
from avkd_cli.steps.analyze.inputs import aligned
from avkd_cli.steps.analyze.people import person_by_id
from avkd_cli.verification.metrics import equal_error_rate
from avkd_cli.verification.scorefiles import FORMATS, join, read_scores, score_lines, write_scores
from avkd_cli.verification.scores import Scores, as_trials
from avkd_cli.verification.trials import read_trials


def made(score, label=(1, 0, 1), keys=None):
    n = len(score)
    ids = [f"e{i}" for i in range(n)] + [f"t{i}" for i in range(n)]
    label = None if label is None else np.array(label, np.int8)
    return Scores(
        ids,
        np.arange(n, dtype=np.int32),
        np.arange(n, 2 * n, dtype=np.int32),
        np.array(score, float),
        label,
        "avkd",
        "list",
        "sha256:0",
        "made",
        keys=keys,
    )


def written(tmp_path, text):
    path = tmp_path / "x.scores"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


LINES = {
    "avkd": "e0 t0 0.5 target\ne1 t1 -0.25 nontarget\ne2 t2 1 target\n",
    "wespeaker": "e0 t0 0.5 target\ne1 t1 -0.25 nontarget\ne2 t2 1 target\n",
    "kaldi": "e0 t0 0.5\ne1 t1 -0.25\ne2 t2 1\n",
    "bosaris": "e0 t0 0.5\ne1 t1 -0.25\ne2 t2 1\n",
    "3dspeaker": "e0 t0 1 0.5\ne1 t1 0 -0.25\ne2 t2 1 1\n",
    "speechbrain": "e0 t0 1 0.5\ne1 t1 0 -0.25\ne2 t2 1 1\n",
    "fame": "k0 0.5\nk1 1.25\nk2 0\n",
    "bob2": "1 0.5\n-1 -0.25\n1 1\n",
    "bob4": "e0 e0 t0 0.5\ne1 not-e1 t1 -0.25\ne2 e2 t2 1\n",
    "bob5": "e0 e0 e0 t0 0.5\ne1 e1 not-e1 t1 -0.25\ne2 e2 e2 t2 1\n",
    "nist18": "modelid\tsegmentid\tside\tLLR\ne0\tt0\ta\t0.5\ne1\tt1\ta\t-0.25\ne2\tt2\ta\t1\n",
    "nist21": (
        "modelid\timageid\tsegmentid\tLLR\ne0\te0\tt0\t0.5\ne1\te1\tt1\t-0.25\ne2\te2\tt2\t1\n"
    ),
    "csv": "enrol,test,score,label\ne0,t0,0.5,1\ne1,t1,-0.25,0\ne2,t2,1,1\n",
}
ALIKE = {"wespeaker": "avkd", "bosaris": "kaldi", "speechbrain": "3dspeaker"}


def test_the_command_line_offers_the_formats_that_exist():
    assert set(config.SCORE_FORMATS) == set(FORMATS) == {*LINES, "voxsrc"}


@pytest.mark.parametrize("format", LINES)
def test_every_format_is_written_as_its_toolkit_reads_it(tmp_path, format):
    write_scores(tmp_path / "x", made([0.5, -0.25, 1.0], keys=["k0", "k1", "k2"]), format)
    assert (tmp_path / "x").read_text() == LINES[format]


def test_voxsrc_has_the_score_first(tmp_path):
    write_scores(tmp_path / "x", made([0.5, 0.25, 1.0]), "voxsrc")
    assert (tmp_path / "x").read_text() == "0.5 e0 t0\n0.25 e1 t1\n1 e2 t2\n"
    assert read_scores(tmp_path / "x").format == "voxsrc"


@pytest.mark.parametrize("format", LINES)
def test_every_format_is_guessed_and_read_back(tmp_path, format):
    told = "fame" if format == "fame" else None  # nothing says that lower is closer
    found = read_scores(written(tmp_path, LINES[format]), format=told)
    assert found.format == ALIKE.get(format, format)
    np.testing.assert_allclose(found.score, [0.5, -0.25, 1])
    if format not in ("kaldi", "bosaris", "fame", "nist18", "nist21"):
        np.testing.assert_array_equal(found.label, [1, 0, 1])
    if format not in ("bob2", "fame"):
        assert [found.ids[code] for code in found.enrol] == ["e0", "e1", "e2"]
        assert [found.ids[code] for code in found.test] == ["t0", "t1", "t2"]


@settings(max_examples=40)
@given(
    st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30),
    st.sampled_from(sorted(set(FORMATS) - {"voxsrc", "fame"})),
)
def test_nine_digits_survive_a_round_trip_through_any_format(tmp_path_factory, values, format):
    path = tmp_path_factory.mktemp("scores") / "x.gz"
    label = [n % 2 for n in range(len(values))]
    path.write_bytes(gzip.compress(b"".join(score_lines(made(values, label), format))))
    found = read_scores(path, format=format)
    np.testing.assert_allclose(found.score, values, rtol=1e-8)
    if found.label is not None:
        np.testing.assert_array_equal(found.label, label)


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=50))
def test_float32_cosines_are_written_without_loss(values):
    lines = b"".join(score_lines(made(values, None)))
    found = [float(line.split()[2]) for line in lines.splitlines()]
    np.testing.assert_array_equal(np.float32(found), np.float32(values))


def test_minus_zero_is_written_as_zero():
    assert b"".join(score_lines(made([-0.0], [1]))) == b"e0 t0 0 target\n"


def test_many_lines_are_written_in_blocks(tmp_path):
    n = 20_000
    scores = made(np.arange(n) / n, np.arange(n) % 2)
    write_scores(tmp_path / "x", scores)
    np.testing.assert_array_equal(read_scores(tmp_path / "x").score, np.arange(n) / n)


def test_labels_at_the_end_are_left_out_where_there_are_none():
    assert b"".join(score_lines(made([0.5], None))) == b"e0 t0 0.5\n"
    assert b"".join(score_lines(made([0.5], None), "csv")) == b"enrol,test,score\ne0,t0,0.5\n"


@pytest.mark.parametrize(
    ("format", "label", "values", "complaint"),
    [
        ("3dspeaker", None, [0.5], "needs labels"),
        ("bob4", None, [0.5], "needs labels"),
        ("fame", [1], [0.5], "needs trial names"),
        ("voxsrc", [1], [1.5], "from 0 to 1"),
    ],
)
def test_what_a_format_cannot_say_is_refused_before_the_first_line(
    format, label, values, complaint
):
    with pytest.raises(InputError, match=complaint):
        score_lines(made(values, label), format)


def test_a_refused_file_leaves_no_name_behind(tmp_path):
    with pytest.raises(InputError):
        write_scores(tmp_path / "x", made([2.0], None), "voxsrc")
    assert list(tmp_path.iterdir()) == []


def test_nist21_joins_model_and_image_where_they_differ(tmp_path):
    path = written(tmp_path, "modelid\timageid\tsegmentid\tLLR\nm\ti.jpg\ts\t1.5\n")
    found = read_scores(path)
    assert found.ids[found.enrol[0]] == "m|i.jpg"
    assert b"".join(score_lines(found, "nist21")) == path.read_bytes()


def test_csv_columns_are_found_by_usual_names_or_by_those_given(tmp_path):
    usual = written(tmp_path, "ref_file,com_file,extra,lab,sc\na,b,x y,1,0.5\n")
    assert read_scores(usual).score.tolist() == [0.5]
    own = written(tmp_path, "one;two;likeness\na;b;0.5\n")
    names = {"enrol": "one", "test": "two", "score": "likeness"}
    found = read_scores(own, names=names)
    assert (found.ids, found.score.tolist()) == (["a", "b"], [0.5])


def test_csv_ids_with_commas_are_quoted(tmp_path):
    scores = made([0.5], [1])
    scores.ids[0] = 'a,"b'
    write_scores(tmp_path / "x", scores, "csv")
    assert read_scores(tmp_path / "x").ids[0] == 'a,"b'


@pytest.mark.parametrize(
    "number", ["1_0", "0x1p3", "1,5", "infinity", "1e400", "nan", "inf", "-", "１", "--1", "1e"]
)
def test_what_is_no_finite_decimal_number_is_named_with_its_line(tmp_path, number):
    text = f"a b 0.5 target\na c {number} nontarget\na d 1 target\n"
    with pytest.raises(InputError, match=rf"x.scores:2: score {re.escape(repr(number))}"):
        read_scores(written(tmp_path, text))


@pytest.mark.parametrize("number", ["+1", "1.", ".5", "-1e-3", "1E5"])
def test_other_spellings_of_a_number_are_read(tmp_path, number):
    assert read_scores(written(tmp_path, f"a b {number} target\n")).score == [float(number)]


@settings(max_examples=100, deadline=None)
@given(st.text("0123456789.-+eE_xnaif", min_size=1, max_size=20))
def test_a_number_is_what_float_gives_or_no_number(tmp_path_factory, word):
    path = written(tmp_path_factory.mktemp("number"), f"a b 0.5 target\na c {word} nontarget\n")
    try:
        wanted = float(word) if not set(word) & set("_naif") else math.nan
    except ValueError:
        wanted = math.nan
    if math.isfinite(wanted):
        assert read_scores(path).score.tolist() == [0.5, wanted]
    else:
        with pytest.raises(InputError, match=r"x\.scores:2: score "):
            read_scores(path)


def test_infinite_scores_are_ordered_extremes_only_if_allowed(tmp_path):
    path = written(tmp_path, "a b inf target\na c -Infinity nontarget\na d 1 target\n")
    with pytest.raises(InputError, match="'inf'"):
        read_scores(path)
    found = read_scores(path, allow_infinite=True)
    assert equal_error_rate(found.target, found.nontarget) == 0.0
    with pytest.raises(InputError, match="'nan'"):
        read_scores(written(tmp_path, "a b nan target\n"), allow_infinite=True)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("", "has no scores", id="S01"),
        pytest.param("enrol test score label\na b 1.5 target\n", ":1: ", id="S13 header"),
        pytest.param("# scores of x\na b 1.5 target\nc d 1 target\n", ":1: ", id="S13 comment"),
        pytest.param(
            "a b 1.5 target\nc d 1 maybe\ne f 1 target\n", ":2: label 'maybe'", id="label"
        ),
        pytest.param("a b 1.5 target\na b 0.5 target\n", "two different scores", id="S07"),
        pytest.param("a b 1 target\na b 1 nontarget\n", "both target and nontarget", id="T09"),
        pytest.param("a b 1 target\nc d 2 non\ne f 3 impostr\n", ":3: label 'impostr'", id="word"),
        pytest.param("a b 1 yes\nc d 2 no\ne f 3 yes\n", ":1: ", id="no label at all"),
        pytest.param("a b yes .1\nc d no .2\ne f no .3\n", ":1: label 'yes'", id="words before"),
        pytest.param(
            "a b target .1\nc d nope .2\n", ":2: label 'nope' in column 3", id="3dspeaker"
        ),
        pytest.param("a b .5\na c .5\na d x\n", ":3: score 'x'", id="score"),
        pytest.param("\n\na b 1 target\n\nc d 1 odd\n", ":5: label 'odd'", id="blank lines"),
        pytest.param("enrol,test,score,label\na,b,1,1\nc,d,2,3\n", ":3: label '3'", id="csv"),
        pytest.param("a b c d e f\n", "no line of a known format", id="six columns"),
        pytest.param("a b 1 1\na c 0 0\n", "may be avkd or 3dspeaker", id="two ways"),
        pytest.param("1 a b\n0 a c\n", "looks like a trial list", id="voxceleb trials"),
        pytest.param("a b 1\na c 0\n", "looks like a trial list", id="3D-Speaker trials"),
        pytest.param("a b target\na c nontarget\n", "no line of a known format", id="kaldi trials"),
        pytest.param("id1 0.5\nid2 0.7\n", "no line of a known format", id="distance or score"),
        pytest.param("a b 0.5 target\na c 0.", "cut off", id="cut"),
    ],
)
def test_a_bad_score_file_is_refused(tmp_path, text, complaint):
    with pytest.raises(InputError, match=complaint):
        read_scores(written(tmp_path, text))


@pytest.mark.parametrize("same", ["target", "Target", "TARGET", "tgt", "genuine", "true", "True"])
@pytest.mark.parametrize(
    "other", ["nontarget", "non-target", "NonTarget", "impostor", "imp", "False"]
)
def test_other_words_for_target_and_nontarget_are_known(tmp_path, same, other):
    found = read_scores(written(tmp_path, f"a b 0.5 {same}\na c 0.1 {other}\na d 0.2 {other}\n"))
    assert found.label.tolist() == [1, 0, 0]
    listed = trials_of(tmp_path, f"{same} a b\n{other} a c\n")
    assert listed.label.tolist() == [1, 0]


def test_a_missing_file_and_an_unknown_format_say_so(tmp_path):
    with pytest.raises(MissingInputError):
        read_scores(tmp_path / "absent")
    with pytest.raises(UsageError, match="unknown score format"):
        read_scores(written(tmp_path, LINES["avkd"]), format="ark")


def test_a_declared_format_of_other_width_is_refused(tmp_path):
    with pytest.raises(InputError, match="4 columns, wanted 3: enrol test score"):
        read_scores(written(tmp_path, LINES["avkd"]), format="kaldi")


def trials_of(tmp_path, text):
    path = tmp_path / "list.txt"
    path.write_text(text)
    return read_trials(path)


def test_scores_are_joined_to_trials_by_ids_never_by_position(tmp_path):
    trials = trials_of(tmp_path, "1 e2 t2\n0 e0 t0\n1 e1 t1\n")
    found = read_scores(written(tmp_path, LINES["kaldi"]), trials)
    np.testing.assert_allclose(found.score, [1, 0.5, -0.25])
    np.testing.assert_array_equal(found.label, [1, 0, 1])
    assert (found.name, found.digest) == (trials.name, trials.digest)


def test_a_trial_that_stands_twice_gets_its_score_twice(tmp_path):
    trials = trials_of(tmp_path, "1 e2 t2\n0 e0 t0\n1 e1 t1\n1 e2 t2\n")
    assert read_scores(written(tmp_path, LINES["kaldi"]), trials).score.tolist() == [
        1,
        0.5,
        -0.25,
        1,
    ]


def test_missing_and_extra_scores_are_counted_with_an_example_of_each(tmp_path):
    trials = trials_of(tmp_path, "1 e0 t0\n0 e1 t1\n0 e9 t9\n0 e8 t8\n")
    expected = "2 of 4 trials .* 1 scores have no trial .*'e9 t9'.*'e2 t2'"
    with pytest.raises(InputError, match=expected):
        read_scores(written(tmp_path, LINES["kaldi"]), trials)


def test_the_other_order_of_a_pair_is_another_trial(tmp_path):
    trials = trials_of(tmp_path, "1 t0 e0\n0 e1 t1\n0 e2 t2\n")
    with pytest.raises(InputError, match="1 of 3 trials"):
        read_scores(written(tmp_path, LINES["kaldi"]), trials)


def test_labels_that_differ_from_the_list_are_refused(tmp_path):
    trials = trials_of(tmp_path, "1 e0 t0\n1 e1 t1\n1 e2 t2\n")
    with pytest.raises(InputError, match=r"1 labels differ from list\.txt"):
        read_scores(written(tmp_path, LINES["avkd"]), trials)


WITHOUT_IDS = {
    "bob2": ("1 0.9\n1 0.4\n-1 0.1\n", "label, score"),
    "no column": ("score,label\n0.9,1\n0.4,1\n0.1,0\n", "score, label"),
    "unknown names": ("one;two;Score;Label\na;b;0.9;1\na;c;0.1;0\n", "one, two, Score, Label"),
    "one side": ("test,score,label\nb,0.9,1\na,0.1,0\n", "test, score, label"),
    "the other": ("enrol,score,label\nb,0.9,1\na,0.1,0\n", "enrol, score, label"),
}


@pytest.mark.parametrize("name", WITHOUT_IDS)
def test_scores_without_ids_say_so_wherever_ids_are_needed(tmp_path, name):
    text, titles = WITHOUT_IDS[name]
    found = read_scores(written(tmp_path, text))
    assert found.score[0] == 0.9
    assert found.ids == []
    trials = trials_of(tmp_path, "1 e0 t0\n0 e1 t1\n")
    needing = [
        lambda: found.enrol,
        lambda: found.test,
        lambda: join(found, trials),
        lambda: list(score_lines(found, "kaldi")),
        lambda: person_by_id(found, None),
        lambda: aligned([found, found]),
    ]
    for use in needing:
        with pytest.raises(InputError, match=rf"no ids .*\(columns there: {titles}\)"):
            use()
    lines = b"".join(score_lines(found, "bob2"))  # which has no ids either
    assert lines.startswith(b"1 0.9\n")


SPELLED = {"a/1.wav": "a/1", "a/2": "a/2.wav", "b/1.WAV": "b/1.flac", "b.c/2": "b.c/2"}


def test_an_extension_in_the_scores_or_in_the_list_is_passed_over_and_said(tmp_path):
    theirs, ours = list(SPELLED), list(SPELLED.values())
    pairs = [(0, 1, 1), (0, 2, 0), (2, 3, 1)]
    trials = trials_of(tmp_path, "".join(f"{t} {ours[e]} {ours[u]}\n" for e, u, t in pairs))
    lines = "".join(f"{theirs[e]} {theirs[u]} {e + u}\n" for e, u, _ in reversed(pairs))
    found = read_scores(written(tmp_path, lines), trials)
    assert found.score.tolist() == [1, 2, 5]
    assert found.ids == trials.ids
    assert found.warnings[-1].startswith("3 ids are found with another extension or without")
    lines = "".join(f"{ours[e]} {ours[u]} {e + u}\n" for e, u, _ in pairs)
    assert not any(
        "(extension)" in one for one in read_scores(written(tmp_path, lines), trials).warnings
    )


def test_two_spellings_of_one_trial_with_two_scores_are_refused(tmp_path):
    trials = trials_of(tmp_path, "1 a b\n")
    with pytest.raises(InputError, match=r"'a\.wav b' .*two scores"):
        read_scores(written(tmp_path, "a b 0.5\na.wav b 0.25\n"), trials)
    assert read_scores(written(tmp_path, "a b 0.5\na.wav b 0.5\n"), trials).score == [0.5]


def test_fame_results_are_joined_by_trial_name(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("k2 v f\nk0 v g\nk1 v h\n")
    trials = read_trials(path, "fame")
    found = read_scores(written(tmp_path, LINES["fame"]), trials, "fame")
    np.testing.assert_allclose(found.score, [1, 0.5, -0.25])
    with pytest.raises(InputError, match="no score for 'k1'"):
        read_scores(written(tmp_path, "k0 1\nk2 1\n"), trials, "fame")


def test_one_score_file_can_be_the_list_of_another(tmp_path):
    first = read_scores(written(tmp_path, LINES["avkd"]))
    (tmp_path / "y").write_text("e2 t2 3\ne1 t1 2\ne0 t0 1\n")
    other = join(read_scores(tmp_path / "y"), as_trials(first))
    assert other.score.tolist() == [1, 2, 3]
    np.testing.assert_array_equal(other.label, [1, 0, 1])


def test_labels_are_asked_for_only_when_needed(tmp_path):
    found = read_scores(written(tmp_path, LINES["kaldi"]))
    assert len(found) == 3
    with pytest.raises(InputError, match="has no labels; give the trial list"):
        _ = found.target


def test_one_class_is_refused_where_both_are_needed(tmp_path):
    found = read_scores(written(tmp_path, "a b 1 target\n"))  # S08
    with pytest.raises(InputError, match="no nontarget trials"):
        found.require_both_classes()


def test_few_trials_and_coarse_scores_are_warned_of(tmp_path):
    few = read_scores(written(tmp_path, LINES["avkd"]))  # S10
    assert few.warnings == ("only 3 trials (few_trials)",)
    lines = [f"e{n} t{n} {n % 15} target\n" for n in range(100)]  # S12
    (said,) = read_scores(written(tmp_path, "".join(lines))).warnings
    assert said == "7 of 100 scores are 0: tied, as of too few decimals (coarse_scores)"


def test_scores_with_five_decimals_are_not_coarse(tmp_path):
    rng = np.random.default_rng(0)
    lines = [
        f"e{n} t{n} {value:.5f} target\n" for n, value in enumerate(rng.normal(0.1, 0.1, 20_000))
    ]
    found = read_scores(written(tmp_path, "".join(lines)))
    assert len(np.unique(found.score)) < 0.85 * len(found)
    assert found.warnings == ()


def test_a_list_may_be_a_part_of_what_was_scored_and_the_rest_is_counted(tmp_path):
    scores = written(tmp_path, "a b 0.5\na c 0.25\na d 0.125\n")
    (tmp_path / "part.txt").write_text("0 a d\n1 a b\n1 a e\n")
    part = read_trials(tmp_path / "part.txt")
    with pytest.raises(InputError, match="or take what both have with --intersect"):
        read_scores(scores, part)
    found = read_scores(scores, part, intersect=True)
    assert (found.score.tolist(), found.label.tolist()) == ([0.125, 0.5], [0, 1])
    assert found.name == "part-of-part.txt"
    assert found.warnings[-1] == (
        "2 trials are taken; 1 of part.txt have no score, 1 scores no trial (intersect)"
    )


def test_nothing_in_common_is_refused_all_the_same(tmp_path):
    (tmp_path / "other.txt").write_text("1 x y\n")
    with pytest.raises(InputError, match="have no score"):
        read_scores(
            written(tmp_path, "a b 1.5\n"), read_trials(tmp_path / "other.txt"), intersect=True
        )


@pytest.mark.parametrize("name", ["dev-1", "dev-2", "test-1", "test-2"])
def test_scores_of_bob_are_refused_for_their_nan_and_read_without(shared_data, tmp_path, name):
    path = shared_data / f"scores/bob_measure/{name}.txt"
    with pytest.raises(InputError, match=r"score 'nan'"):
        read_scores(path)
    kept = [line for line in path.read_text().splitlines() if "nan" not in line]
    found = read_scores(written(tmp_path, "\n".join(kept)))
    assert (found.format, len(found)) == ("bob2", len(kept))
    pairs = [(float(line.split()[0]), float(line.split()[1])) for line in kept]
    assert found.target.tolist() == [score for kind, score in pairs if kind == 1]
