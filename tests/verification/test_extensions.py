import pytest

from avkd_cli.verification.extensions import Spellings, rows_of, told, without_extension


def test_an_id_is_found_as_it_stands_else_but_for_an_extension():
    row_of = {"a/b.c": 0, "a/b": 1, "d": 2, "e.wav": 3, "f.flac": 4}
    ids = ["a/b.c", "a/b.wav", "d.wav", "x.wav", "d", "e", "f.wav", "e.flac"]
    rows, otherwise = rows_of(ids, row_of)
    assert rows.tolist() == [0, 1, 2, -1, 2, 3, 4, 3]
    assert otherwise == ["a/b.wav", "d.wav", "e", "f.wav", "e.flac"]
    assert told(otherwise) == (
        "5 ids are found with another extension or without, such as 'a/b.wav' (extension)"
    )


def test_what_could_be_two_is_not_found():
    assert Spellings(["a.wav", "a.flac"]).find("a") is None
    assert Spellings(["a.wav", "a.flac"]).find("a.mp3") is None
    assert Spellings(["a.wav", "a.flac"]).find("a.wav") == "a.wav"


def test_a_number_behind_a_dot_is_no_extension_to_exchange():
    assert Spellings(["speaker.01"]).find("speaker.02") is None
    assert Spellings(["speaker.01", "speaker.02"]).find("speaker") is None


@pytest.mark.parametrize(
    ("id", "expected"),
    [
        ("a.b/c", "a.b/c"),
        ("a/c.wav", "a/c"),
        (".hidden", ".hidden"),
        ("a/.x", "a/.x"),
        ("a.", "a."),
    ],
)
def test_only_the_last_part_has_an_extension(id, expected):
    assert without_extension(id) == expected
