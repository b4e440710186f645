import pytest

from avkd_cli.corpora.iemocap import Turn, half_of, list_iemocap, parse_evaluation
from avkd_cli.errors import InputError

EVALUATION = (
    "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\r\n"
    "\r\n"
    "[6.2901 - 8.2357]\tSes01F_impro01_F000\tneu\t[2.5000, 2.5000, 2.5000]\r\n"
    "C-E2:\tNeutral;\t()\r\n"
    "A-F1:\tval 3; act 2; dom  2;\t()\r\n"
    "[10.0100 - 11.3925]\tSes01F_impro01_M001\texc\t[2.5, 2.5, 2.5]\r\n"
    "[14.8872 - 18.0175]\tSes01F_impro01_F002\txxx\t[2.0, 2.5, 2.5]\r\n"
    "[19.0000 - 20.0000]\tSes01F_impro01_M003\thap\t[2.0, 2.5, 2.5]\r\n"
)


@pytest.fixture
def iemocap(plant):
    turns = ["F000", "M001", "F002", "M003"]
    folder = plant(
        "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt",
        "Session1/dialog/EmoEvaluation/Categorical/x.txt",
        "Session1/dialog/avi/DivX/Ses01F_impro01.avi",
        *(f"Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_{turn}.wav" for turn in turns),
    )
    path = folder / "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt"
    path.write_bytes(EVALUATION.encode())
    return folder


def listed(folder, **options):
    utterances, report = list_iemocap(folder, **options)
    return [u.to_json() for u in utterances], report


@pytest.mark.parametrize(
    ("left", "halves"),
    [
        ("female", ["left", "right", "left", "right"]),
        ("male", ["right", "left", "right", "left"]),
        ("marked", ["left", "right", "left", "right"]),  # she is, in Ses01F…
        ("unmarked", ["right", "left", "right", "left"]),
    ],
)
def test_who_speaks_is_on_the_half_that_is_said(iemocap, left, halves):
    found, _ = listed(iemocap, video=True, left=left)
    assert [one["half"] for one in found] == halves
    assert "half" not in listed(iemocap, video=True)[0][0]


def test_a_dialogue_in_which_he_is_marked():
    turn = Turn(0.0, 1.0, "Ses02M_script01_F003", "neu")
    assert half_of(turn, "marked") == "right"
    assert half_of(turn, "unmarked") == half_of(turn, "female") == "left"


def test_turns_are_read_and_raters_lines_are_not():
    turns = parse_evaluation(EVALUATION)
    assert [(t.name[-4:], t.emotion) for t in turns] == [
        ("F000", "neu"),
        ("M001", "exc"),
        ("F002", "xxx"),
        ("M003", "hap"),
    ]
    assert (turns[0].start, turns[0].end) == (6.2901, 8.2357)


def test_who_speaks_is_the_last_letter_not_the_dialogues():
    turn = parse_evaluation(EVALUATION)[1]
    assert (turn.dialogue, turn.person, turn.sex) == ("Ses01F_impro01", "Ses01M", "m")


def test_sentences_are_whole_files(iemocap):
    found, report = listed(iemocap)
    assert found[1] == {
        "id": "Ses01F_impro01_M001",
        "person": "Ses01M",
        "session": "Ses01F_impro01",
        "audio": "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_M001.wav",
        "sex": "m",
        "emotion": "exc",
        "x-fold": 1,
    }
    assert (len(found), len(report.persons)) == (4, 2)


def test_films_are_parts_of_the_dialogue(iemocap):
    found, _ = listed(iemocap, video=True)
    film = "Session1/dialog/avi/DivX/Ses01F_impro01.avi"
    assert (found[0]["audio"], found[0]["video"]) == (film, film)
    assert (found[0]["start"], found[0]["end"]) == (6.2901, 8.2357)


def test_four_emotions_count_excited_as_happy(iemocap):
    found, _ = listed(iemocap, four=True)
    assert [row["emotion"] for row in found] == ["neu", "hap", "hap"]


def test_a_sentence_without_its_file_is_missing(iemocap):
    (iemocap / "Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_M003.wav").unlink()
    found, report = listed(iemocap)
    assert len(found) == 3
    assert report.missing.examples == [{"what": "Ses01F_impro01_M003", "reason": "not found"}]


def test_another_folder_or_file_is_refused(iemocap, plant):
    path = iemocap / "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt"
    path.write_text("nothing\n")
    with pytest.raises(InputError, match="no line like"):
        listed(iemocap)
    path.unlink()
    with pytest.raises(InputError, match="give IEMOCAP"):
        listed(iemocap)
