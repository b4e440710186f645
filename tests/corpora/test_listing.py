import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.corpora.listing import Report, make_id
from avkd_cli.errors import Rejected
from avkd_cli.storage.lines import check_id
from avkd_cli.storage.utterances import Utterance


def test_a_report_counts_what_passes_and_what_a_sense_lacks():
    report = Report("folder", "/x")
    utterances = [
        Utterance(id="1", person="a", audio="1.wav", split="train"),
        Utterance(id="2", person="a", audio="2.wav", video="2.mp4", split="train"),
        Utterance(id="3", person="b", video="3.mp4"),
    ]
    assert list(report.count(utterances)) == utterances
    assert report.to_json()["found"] == {
        "utterances": 3,
        "persons": 2,
        "audio": 2,
        "video": 2,
        "images": 0,
        "boxes": 0,
        "splits": {"train": 2, "": 1},
    }
    assert report.to_json()["missing"] == {
        "count": 2,
        "reasons": {"no audio": 1, "no video": 1},
        "examples": [{"what": "3", "reason": "no audio"}, {"what": "1", "reason": "no video"}],
    }
    assert list(report.lines()) == [
        "found 3 utterances of 2 people (2 with audio, 2 with video)",
        "splits: 2 train, 1 none",
        "missing: 1, no audio; first: 3",
        "missing: 1, no video; first: 1",
    ]


def test_a_million_findings_keep_a_hundred_examples():
    report = Report("folder", "/x")
    for number in range(1000):
        report.unreadable.add(str(number), "0 bytes")
    assert report.unreadable.count == report.faults == 1000
    assert len(report.unreadable.examples) == 100


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1))
def test_every_name_makes_an_id_that_a_list_takes(parts):
    try:
        check_id(made := make_id(*parts))
    except Rejected as error:
        assert "longer than" in error.detail
    else:
        assert make_id(made) == made


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("id10270", "5r0d", "00001"), "id10270/5r0d/00001"),
        (("a b", "c\td\u00a0e"), "a_b/c_d_e"),
        (("Zoe\u0308",), "Zo\u00eb"),
    ],
)
def test_ids_by_hand(parts, expected):
    assert make_id(*parts) == expected
