import pytest

from avkd_cli.corpora.cnceleb import list_cnceleb
from avkd_cli.errors import InputError


@pytest.fixture
def cnceleb1(plant):
    folder = plant(
        "data/id00000/advertisement-01-001.flac",
        "data/id00000/live_broadcast-02-010.flac",
        "data/id00800/singing-01-001.flac",
        "eval/enroll/id00800-enroll.flac",
        "eval/test/id00800-singing-01-002.flac",
        "eval/test/readme.txt",
    )
    (folder / "dev").mkdir()
    (folder / "dev" / "dev.lst").write_bytes(b"id00000 \r\n")
    return folder


def listed(folder, **options):
    utterances, report = list_cnceleb(folder, **options)
    return {u.id: u for u in utterances}, report


def test_ids_are_those_of_the_official_lists(cnceleb1):
    found, report = listed(cnceleb1)
    assert {id: (u.person, u.session, u.split) for id, u in found.items()} == {
        "id00000/advertisement-01-001": ("id00000", "advertisement-01", "train"),
        "id00000/live_broadcast-02-010": ("id00000", "live_broadcast-02", "train"),
        "id00800/singing-01-001": ("id00800", "singing-01", "test"),
        "id00800-enroll": ("id00800", "", "test"),
        "test/id00800-singing-01-002": ("id00800", "singing-01", "test"),
    }
    assert found["id00000/live_broadcast-02-010"].extra == {"x-genre": "live_broadcast"}
    assert report.faults == 0


def test_cnceleb2_is_all_for_training(plant):
    found, _ = listed(plant("data/id10000/vlog-01-001.flac"))
    assert found["id10000/vlog-01-001"].split == "train"


def test_the_split_can_be_given_and_doubles_are_reported(plant):
    folder = plant("data/id10000/vlog-01-001.flac", "data/id10000/vlog-01-001.wav")
    found, report = listed(folder, split="cohort")
    assert [u.split for u in found.values()] == ["cohort"]
    assert report.duplicated.reasons == {"one utterance in two forms": 1}


def test_another_folder_is_refused(plant):
    with pytest.raises(InputError, match="neither data/ nor eval/"):
        list_cnceleb(plant("x/y.flac"))
