import gzip

import numpy as np
import pytest

from avkd_cli import config
from avkd_cli.errors import InputError, MissingInputError, UsageError
from avkd_cli.verification.headed import as_names
from avkd_cli.verification.trials import (
    FORMATS,
    KNOWN_LISTS,
    list_name,
    read_enrolment_map,
    read_trials,
)

LINES = {
    "voxceleb": "1 a b\n0 a c\n",
    "kaldi": "a b target\na c nontarget\n",
    "3dspeaker": "a b 1\na c 0\n",
    "csv": "voice-path,face-path,label\na,b,1\na,c,0\n",
    "lfw": "1\t1\na\t1\t2\na\t1\tb\t2\n",
    "nist": "modelid\tsegmentid\tside\ttargettype\na\tb\ta\ttarget\na\tc\ta\tnontarget\n",
}


def ids_of(trials):
    """Ids of enrolments and of tests, in the order of the trials."""
    return tuple(
        [trials.ids[code] for code in side.tolist()] for side in (trials.enrol, trials.test)
    )


def written(tmp_path, text):
    path = tmp_path / "list.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("format", LINES)
def test_a_format_is_guessed_and_the_guess_is_kept(tmp_path, format):
    trials = read_trials(written(tmp_path, LINES[format]))
    assert trials.format == format
    ids = (
        (["a/a_0001"] * 2, ["a/a_0002", "b/b_0002"])
        if format == "lfw"
        else (["a", "a"], ["b", "c"])
    )
    assert ids_of(trials) == ids
    np.testing.assert_array_equal(trials.label, [1, 0])
    assert (len(trials), trials.n_target) == (2, 1)


def test_pairs_have_no_labels(tmp_path):
    trials = read_trials(written(tmp_path, "a b\na c\n"))
    assert (trials.format, trials.label, trials.n_target) == ("pairs", None, 0)


def test_fame_lists_name_their_trials_and_are_never_guessed(tmp_path):
    path = written(tmp_path, "t1 v/1 f/1\nt2 v/2 f/2\n")
    with pytest.raises(InputError, match="no label"):
        read_trials(path)
    trials = read_trials(path, "fame")
    assert trials.keys == ["t1", "t2"]
    assert ids_of(trials)[1] == ["f/1", "f/2"]


def test_a_declared_format_settles_what_could_be_read_in_two_ways(tmp_path):
    path = written(tmp_path, "1 x 0\n0 x 1\n")  # T04: ids that look like labels
    with pytest.raises(InputError, match="--trials-format"):
        read_trials(path)
    assert ids_of(read_trials(path, "voxceleb"))[1] == ["0", "1"]
    assert ids_of(read_trials(path, "kaldi"))[0] == ["1", "0"]


def test_the_whole_list_speaks_not_its_first_line(tmp_path):
    # The first line fits both formats, the second only one.
    assert read_trials(written(tmp_path, "1 a 0\n0 a b\n")).format == "voxceleb"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("", "has no trials", id="T01"),
        pytest.param("# only a comment\n", "4 columns", id="T01 comments"),
        pytest.param("a\n", "1 columns", id="T02 one"),
        pytest.param("1 a b c\n", "list.txt:1: 4 columns", id="T02 four"),
        pytest.param("1 a b\n2 a c\n", "list.txt:2: label '2' in column 1", id="T03"),
        pytest.param("1 a b\n１ a c\n", "list.txt:2: label '１'", id="T03 full width"),
        pytest.param("a b target\na c targets\n", "list.txt:2: label 'targets'", id="T03 word"),
        pytest.param("a b c\n", "list.txt:1: no label", id="no label anywhere"),
        pytest.param("1 a b\n0 a b\n", "both target and nontarget, such as 'a' 'b'", id="T09"),
        pytest.param("1 a b\n0 b a\n", "both target and nontarget", id="T09 swapped"),
        pytest.param("1 a\u00a0x b\n", "bad_id", id="T12 NBSP"),
        pytest.param(b"1 a b\n0 a \xff\n", "not UTF-8", id="T13"),
        pytest.param("1 a b\n0 a", "cut off", id="T14"),
    ],
)
def test_a_bad_list_is_refused_with_line_and_reason(tmp_path, text, complaint):
    with pytest.raises(InputError, match=complaint):
        read_trials(written(tmp_path, text))


def test_a_missing_list_and_an_unknown_format_say_so(tmp_path):
    with pytest.raises(MissingInputError):
        read_trials(tmp_path / "absent")
    with pytest.raises(UsageError, match="voxceleb, kaldi"):
        read_trials(written(tmp_path, "1 a b\n"), "vox")


def test_repeated_pairs_and_recordings_against_themselves_are_warned_of(tmp_path):
    trials = read_trials(written(tmp_path, "1 a b\n1 a b\n1 b a\n1 a a\n0 a c\n"))
    assert trials.warnings == (
        "2 trials repeat a pair (duplicate_trial)",
        "1 trials are of a recording against itself (self_trial)",
    )


def test_one_class_only_is_read(tmp_path):
    assert read_trials(written(tmp_path, "1 a b\n")).n_target == 1  # T07: score succeeds


def test_paths_are_ids_like_others(tmp_path):
    trials = read_trials(written(tmp_path, "1 ../wav/x.wav /etc/passwd\n"))
    assert trials.ids == ["../wav/x.wav", "/etc/passwd"]  # T17


def test_only_text_of_an_official_list_bears_its_name():
    n_target, n_nontarget, digest = KNOWN_LISTS["vox1-o"]
    label = np.repeat(np.array([1, 0], np.int8), [n_target, n_nontarget])
    assert list_name("x.txt", label, digest) == "vox1-o"
    assert list_name("x.txt", label, "sha256:0") == "counts-of-vox1-o"
    assert list_name("dir/x.txt", label[1:], digest) == "x.txt"


def test_totals_of_the_known_lists_are_those_published():
    totals = {name: targets + others for name, (targets, others, _) in KNOWN_LISTS.items()}
    assert totals == {
        "vox1-o": 37_720,
        "vox1-o-cleaned": 37_611,
        "vox1-e": 581_480,
        "vox1-e-cleaned": 579_818,
        "vox1-h": 552_536,
        "vox1-h-cleaned": 550_894,
    }


def test_the_command_line_offers_the_formats_that_exist():
    assert set(config.TRIAL_FORMATS) == set(FORMATS)


# Counts of SOURCES.md; tabs or blanks at line ends, CRLF, self-pairs among them.
REAL = {
    "trials/vox1_O_original_veri_test.txt": (37_720, 18_860, "vox1-o"),
    "trials/vox1_O_cleaned_veri_test2.txt": (37_611, 18_802, "vox1-o-cleaned"),
    "trials/avlip_grid_O.txt.gz": (20_000, 4_000, "avlip_grid_O.txt.gz"),
    "trials/avlip_grid_E.txt.gz": (17_772, 294, "avlip_grid_E.txt.gz"),
    "trials/avlip_lomgrid_O.txt.gz": (20_000, 4_000, "avlip_lomgrid_O.txt.gz"),
    "trials/avlip_lrs3_O.txt.gz": (13_064, 3_064, "avlip_lrs3_O.txt.gz"),
    "trials/avlip_lrs3_H.txt.gz": (16_128, 3_064, "avlip_lrs3_H.txt.gz"),
    "trials/avlip_vox1_O-29.txt.gz": (29_690, 15_057, "avlip_vox1_O-29.txt.gz"),
    "trials/pyannote_vox1_verif_x_dev.txt.gz": (41_000, 20_500, "pyannote_vox1_verif_x_dev.txt.gz"),
    "chimera/chimera54_eval_trials.txt": (8_000, 2_000, "chimera54_eval_trials.txt"),
    "chimera/chimera102_trials.txt": (5_210, 102, "chimera102_trials.txt"),
    "nasty/lists/trials_crlf_rawnet_cleaned_head300.txt": (
        300,
        150,
        "trials_crlf_rawnet_cleaned_head300.txt",
    ),
}


@pytest.mark.parametrize("name", REAL)
def test_real_lists_are_read_and_known_ones_named(shared_data, name):
    trials = read_trials(shared_data / name)
    assert (len(trials), trials.n_target, trials.name) == REAL[name]
    assert trials.format == "voxceleb"
    assert not any("\r" in id or " " in id for id in trials.ids)


def test_a_known_list_is_known_packed_and_with_other_line_ends(shared_data, tmp_path):
    data = (shared_data / "trials/vox1_O_cleaned_veri_test2.txt").read_bytes()
    path = tmp_path / "mine.gz"
    path.write_bytes(gzip.compress(data.rstrip().replace(b"\n", b"\r\n"), 1))
    assert read_trials(path).name == "vox1-o-cleaned"


def test_pairs_of_lfw_are_pictures_in_folders_of_persons(tmp_path):
    text = "10\t300\nAbel_Pacheco\t1\t4\nAkhmed Zakayev\t1\t3\n"
    with pytest.raises(InputError, match=r":3: 'Akhmed Zakayev.* is no pair"):
        read_trials(written(tmp_path, text))
    found = read_trials(
        written(tmp_path, text.replace("d Z", "d_Z") + "Abdel\t3\tTom_Cruise\t12\n")
    )
    assert ids_of(found)[0] == [
        "Abel_Pacheco/Abel_Pacheco_0001",
        "Akhmed_Zakayev/Akhmed_Zakayev_0001",
        "Abdel/Abdel_0003",
    ]
    assert ids_of(found)[1][-1] == "Tom_Cruise/Tom_Cruise_0012"
    assert found.label.tolist() == [1, 1, 0]


@pytest.mark.parametrize(
    "text",
    [
        "img1,img2,label\na.jpg,b.jpg,1\na.jpg,c.jpg,0\n",
        "a.jpg,b.jpg,1\na.jpg,c.jpg,0\n",
        "a.jpg;b.jpg;True\na.jpg;c.jpg;False\n",
        "1.0,a.jpg,b.jpg\n0.0,a.jpg,c.jpg\n",
        "a.jpg b.jpg tgt\na.jpg c.jpg imp\n",
        "a.jpg b.jpg target\na.jpg c.jpg imposter\n",
        "1.0 a.jpg b.jpg\n0.0 a.jpg c.jpg\n",
    ],
)
def test_pairs_of_pictures_are_read_however_their_labels_are_spelled(tmp_path, text):
    found = read_trials(written(tmp_path, text))
    assert ids_of(found) == (["a.jpg"] * 2, ["b.jpg", "c.jpg"])
    assert found.label.tolist() == [1, 0]


def test_columns_are_found_by_the_names_they_are_given(tmp_path):
    path = written(tmp_path, "left,label,right,kin\na,0,b,1\na,1,c,0\n")
    names = {"enrol": "left", "test": "right", "label": "kin"}
    found = read_trials(path, names=names)
    assert (ids_of(found)[1], found.label.tolist()) == (["b", "c"], [1, 0])
    with pytest.raises(InputError, match=r":1: has no column 'rite'; there are left, label, right"):
        read_trials(path, names=names | {"test": "rite"})


@pytest.mark.parametrize("text", ["enrol", "enrol=", "who=x", "enrol=a,enrol=b"])
def test_names_of_columns_that_are_none_are_refused(text):
    with pytest.raises(ValueError, match="enrol=COLUMN"):
        as_names(text)


def test_enrolment_map_of_cnceleb(tmp_path):
    path = tmp_path / "enroll.map"
    path.write_text("id00800-enroll enroll/a.wav enroll/b.wav\nid00801-enroll enroll/c.wav\n")
    assert read_enrolment_map(path) == {
        "id00800-enroll": ["enroll/a.wav", "enroll/b.wav"],
        "id00801-enroll": ["enroll/c.wav"],
    }


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("m a\nm b\n", ":2: model 'm' is there twice"),
        ("m\n", ":1: .*no utterances"),
        ("", "has no"),
    ],
)
def test_a_bad_enrolment_map_is_refused(tmp_path, text, complaint):
    path = tmp_path / "map"
    path.write_text(text)
    with pytest.raises(InputError, match=complaint):
        read_enrolment_map(path)
