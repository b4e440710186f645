"""Lists of other toolkits: each as its toolkit writes it, and what is in them that avkd has not."""

import gzip
import json

import pytest

from avkd_cli.corpora.toolkits import list_toolkit
from avkd_cli.errors import InputError, MissingInputError


@pytest.fixture
def write(plant):
    folder = plant("wav/ann/a.wav", "wav/ann/b.wav", "wav/bob/c.wav")

    def make(entries, name: str = "list.json"):
        path = folder / name
        text = entries if isinstance(entries, str) else "\n".join(map(json.dumps, entries)) + "\n"
        if name.endswith(".gz"):
            path.write_bytes(gzip.compress(text.encode()))
        else:
            path.write_text(text)
        return path

    return make


def listed(path, *arguments, **options):
    utterances, report = list_toolkit(path, *arguments, **options)
    return [u.to_json() for u in utterances], report


def reasons(report) -> dict[str, str]:
    return {one["what"]: one["reason"] for one in report.unreadable.examples}


def test_a_nemo_manifest_keeps_offset_duration_and_channel(write):
    path = write(
        [
            {
                "audio_filepath": "wav/ann/a.wav",
                "offset": 1.5,
                "duration": 2.0,
                "label": "ann",
                "text": "hm",
            },
            {
                "audio_filepath": "wav/bob/c.wav",
                "duration": 4.25,
                "label": 7,
                "channel_selector": 1,
            },
            {
                "audio_filepath": "wav/ann/b.wav",
                "offset": 0,
                "duration": None,
                "label": "infer",
                "rttm_filepath": None,
            },
        ]
    )
    found, report = listed(path)
    assert found == [
        {
            "id": "wav/ann/a-1.500",
            "person": "ann",
            "audio": "wav/ann/a.wav",
            "start": 1.5,
            "end": 3.5,
            "text": "hm",
        },
        {
            "id": "wav/bob/c-ch1",
            "person": "7",
            "audio": "wav/bob/c.wav",
            "end": 4.25,
            "audio_channel": 1,
        },
        {"id": "wav/ann/b", "audio": "wav/ann/b.wav"},
    ]
    assert report.notes == ["read as a list of nemo"]


def test_ids_are_as_many_parts_of_a_path_as_tell_files_apart(plant, write):
    files = [plant("x/1/wav/ann/a.wav", "x/2/wav/ann/a.wav") / f"x/{n}/wav/ann/a.wav" for n in "12"]
    path = write([{"audio_filepath": str(file), "label": "ann"} for file in files])
    assert [row["id"] for row in listed(path)[0]] == ["1/wav/ann/a", "2/wav/ann/a"]
    path = write([{"audio_filepath": str(files[0]), "label": "ann"}])
    assert listed(path)[0][0]["id"] == "wav/ann/a"


def test_what_a_nemo_manifest_leaves_open_is_named(write):
    path = write(
        [
            {"audio_filepath": ["wav/ann/a.wav", "wav/ann/b.wav"], "label": "ann"},
            {"audio_filepath": "wav/ann/a.wav", "label": "ann", "channel_selector": [0, 1]},
            {"audio_filepath": "wav/ann/b.wav", "label": "ann", "channel_selector": [1]},
        ]
    )
    found, report = listed(path)
    assert [row["audio_channel"] for row in found] == [1]
    assert reasons(report) == {
        "line 1": "audio_filepath is no one file",
        "line 2": "channel_selector [0, 1]: name one channel, counted from 0",
    }


def cut(id: str, audio: str, supervisions: list[dict], **more) -> dict:
    source = {"type": "file", "channels": [0, 1], "source": audio}
    recording = {
        "id": audio,
        "sources": [source],
        "sampling_rate": 16000,
        "num_samples": 160000,
        "duration": 10.0,
    }
    return {
        "id": id,
        "start": 2.0,
        "duration": 4.0,
        "channel": 1,
        "supervisions": supervisions,
        "recording": recording,
        "type": "MonoCut",
    } | more


def said(id: str, speaker: str, start: float, duration: float, **more) -> dict:
    return {
        "id": id,
        "recording_id": "r",
        "start": start,
        "duration": duration,
        "channel": 1,
        "speaker": speaker,
        "text": id.upper(),
    } | more


@pytest.mark.parametrize("name", ["cuts.jsonl", "cuts.jsonl.gz"])
def test_a_cut_of_one_person_is_an_utterance_and_of_two_each_a_part(write, name):
    path = write(
        [
            cut("c1", "wav/ann/a.wav", [said("s1", "Ann Lee", 0, 4.0, gender="F", language="en")]),
            cut("c2", "wav/bob/c.wav", [said("s2", "bob", 0.5, 1.0), said("s3", "cy", 2.0, 1.5)]),
        ],
        name,
    )
    found, report = listed(path)
    assert found == [
        {
            "id": "c1",
            "person": "Ann_Lee",
            "audio": "wav/ann/a.wav",
            "start": 2.0,
            "end": 6.0,
            "audio_channel": 1,
            "sex": "f",
            "text": "S1",
            "language": "en",
        },
        {
            "id": "s2",
            "person": "bob",
            "audio": "wav/bob/c.wav",
            "start": 2.5,
            "end": 3.5,
            "audio_channel": 1,
            "text": "S2",
        },
        {
            "id": "s3",
            "person": "cy",
            "audio": "wav/bob/c.wav",
            "start": 4.0,
            "end": 5.5,
            "audio_channel": 1,
            "text": "S3",
        },
    ]
    assert report.faults == 0


def test_recordings_and_supervisions_are_joined(write):
    recording = cut("", "wav/ann/a.wav", [])["recording"] | {"id": "r"}
    turns = [said("s1", "ann", 0.25, 1.0), said("s2", "ann", 3.0, 2.0, channel=0)]
    path, others = write([recording], "recordings.jsonl"), write(turns, "supervisions.jsonl")
    found, _ = listed(path, supervisions=others)
    assert [(row["id"], row["start"], row["end"], row["audio_channel"]) for row in found] == [
        ("s1", 0.25, 1.25, 1),
        ("s2", 3.0, 5.0, 0),
    ]
    alone, _ = listed(path)
    assert alone == [{"id": "r", "audio": "wav/ann/a.wav"}]
    write([turns[0] | {"recording_id": "x"}], "supervisions.jsonl")
    with pytest.raises(InputError, match="recording 'x' is not in the other list"):
        listed(path, supervisions=others)[0]


def test_what_lhotse_can_do_and_avkd_cannot_is_named(write):
    command = cut("c3", "x", [])
    command["recording"]["sources"][0] |= {"type": "command", "source": "sph2pipe a.sph"}
    sped_up = cut("c4", "wav/ann/a.wav", [])
    sped_up["recording"]["transforms"] = [{"name": "Speed"}]
    features = cut("c5", "", [])
    del features["recording"]
    path = write(
        [
            {"id": "m", "tracks": [{"cut": cut("c", "x", [])}], "type": "MixedCut"},
            command,
            sped_up,
            features,
            cut("c6", "wav/ann/a.wav", [], type="MultiCut", channel=[0, 1]),
            said("s1", "ann", 0, 1),
        ],
        "cuts.jsonl",
    )
    found, report = listed(path, "lhotse")
    assert found == [{"id": "c6", "audio": "wav/ann/a.wav", "start": 2.0, "end": 6.0}]
    assert reasons(report) == {
        "line 1": "MixedCut: a mix of recordings; save it as a file",
        "line 2": "a source of type 'command'; avkd runs and fetches nothing",
        "line 3": "transforms of the recording; save the result as a file",
        "line 4": "no recording in it, features alone",
        "line 6": "a supervision; give the recordings, and these with --supervisions",
    }


def test_a_speechbrain_table_counts_samples(write):
    path = write(
        "ID,duration,wav,start,stop,spk_id\n"
        "ann--1,12.5,wav/ann/a.wav,48000,96000,ann\n"
        "bob--1,3.0,$data_root/wav/bob/c.wav,0,48000,bob\n",
        "train.csv",
    )
    found, report = listed(path)
    assert found == [
        {
            "id": "ann--1",
            "person": "ann",
            "audio": "wav/ann/a.wav",
            "start": 3.0,
            "end": 6.0,
            "duration": "12.5",
        },
        {"id": "bob--1", "person": "bob", "audio": "wav/bob/c.wav", "end": 3.0, "duration": "3.0"},
    ]
    assert report.notes[0] == "read as a list of speechbrain"
    assert listed(path, sample_rate=8000)[0][0]["start"] == 6.0
    path.write_text(path.read_text().replace("96000", "6.0"))
    with pytest.raises(InputError, match=r":2: stop '6\.0' is no number of samples"):
        listed(path)[0]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_speechbrain_object_has_its_ids_as_keys(write, indent):
    entries = {
        "a1": {"wav": "{data_root}/wav/ann/a.wav", "spk_id": "ann", "length": 3.2},
        "c1": {"wav": {"file": "wav/bob/c.wav", "start": 16000, "stop": 32000}, "spk_id": "bob"},
    }
    found, _ = listed(write(json.dumps(entries, indent=indent)))
    assert found == [
        {"id": "a1", "person": "ann", "audio": "wav/ann/a.wav", "length": 3.2},
        {"id": "c1", "person": "bob", "audio": "wav/bob/c.wav", "start": 1.0, "end": 2.0},
    ]


def test_a_wespeaker_list_is_read_and_its_shards_are_not(write):
    path = write(
        [
            {"key": "ann/a.wav", "wav": "wav/ann/a.wav", "spk": "ann"},
            {"key": "bob/c.wav", "wav": "wav/bob/c.wav", "spk": "bob", "vad": [[0.1, 0.5]]},
            {"key": "bob/d.wav", "feat": "feats.ark:12", "spk": "bob"},
        ],
        "raw.list",
    )
    found, report = listed(path)
    assert found == [{"id": "ann/a.wav", "person": "ann", "audio": "wav/ann/a.wav"}]
    assert "parts of a recording" in reasons(report)["line 2"]
    assert "lists of shards or features are not read" in reasons(report)["line 3"]


def test_missing_files_are_reported_with_the_way_to_another_folder(write):
    found, report = listed(write([{"key": "x", "wav": "elsewhere/x.wav", "spk": "x"}]))
    assert found == []
    assert report.missing.reasons == {"not found": 1}
    assert "give another folder with --root" in report.notes[-1]


def test_an_id_that_comes_again_is_reported(write):
    row = {"key": "x", "wav": "wav/ann/a.wav", "spk": "ann"}
    found, report = listed(write([row, row]))
    assert len(found) == 1
    assert report.duplicated.count == 1


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ('{"path": "a.wav", "who": "ann"}\n', "l.json", r"l.json:1: no list of nemo.*path, who"),
        ('{"key": "a", "wav": NaN}\n', "l.json", "l.json:1: bad_number"),
        (
            '{"audio_filepath": "wav/ann/a.wav", "offset": "soon"}\n',
            "l.json",
            ":1: offset 'soon' is no number of seconds",
        ),
        ("- id: a\n", "cuts.yaml", "YAML is not read; write it as .jsonl"),
        ("{", "l.json", "is not JSON, or cut off"),
        ("[1]", "l.json", "entry 1 is no object"),
        ("", "l.json", "is empty"),
        ('{"a": {"wav": "x"}, "b": 1}', "l.json", "no list of"),
    ],
)
def test_what_is_no_such_list_is_refused_with_its_place(write, content, name, message):
    with pytest.raises(InputError, match=message):
        listed(write(content, name))[0]


def test_absent_and_damaged_lists(write, tmp_path):
    for name in ("none.json", "none.jsonl.gz"):
        with pytest.raises(MissingInputError, match="no such file"):
            listed(tmp_path / name)
    path = write([{"key": "a", "wav": "wav/ann/a.wav"}], "l.jsonl.gz")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(InputError, match="is cut off or damaged"):
        listed(path)
    with pytest.raises(InputError, match="--supervisions is of lhotse"):
        listed(write([{"key": "a", "wav": "b"}]), supervisions=path)
