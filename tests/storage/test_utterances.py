import gzip
import io
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avkd_cli.errors import InputError, MissingInputError, Rejected
from avkd_cli.storage.utterances import (
    Utterance,
    read_ids,
    read_utterances,
    resolve_within,
    write_utterances,
)

GOOD = b'{"id": "a", "person": "p", "audio": "a.wav"}\n'


@pytest.fixture
def read(tmp_path):
    """Read bytes as a list."""

    def read(data, name="list.jsonl", **options):
        path = tmp_path / name
        path.write_bytes(data)
        return read_utterances(path, **options)

    return read


def codes(found):
    return [(r["row"], r["line"], r["id"], r["code"]) for r in found.rejects]


def test_a_list_is_read_with_its_optional_keys(read, tmp_path):
    line = {
        "id": "a",
        "person": "p",
        "session": "s",
        "audio": "a.wav",
        "video": "a.mp4",
        "images": ["1.png", "2.png"],
        "start": 1,
        "end": 2.5,
        "boxes": "a.txt",
        "split": "train",
        "sex": "m",
        "nationality": "DE",
        "x-note": {"deep": [1]},
    }
    found = read(json.dumps(line).encode())
    (utterance,) = found.utterances
    assert (utterance.images, utterance.start, utterance.end) == (("1.png", "2.png"), 1.0, 2.5)
    assert utterance.extra == {"nationality": "DE", "x-note": {"deep": [1]}}
    assert utterance.to_json() == line
    assert found.resolve("wav/a.wav") == tmp_path / "wav/a.wav"
    assert (found.rejects, dict(found.warnings)) == ([], {})


def test_bad_lines_are_rejects_and_the_others_are_read(read):
    found = read(
        b'{"id": "a", "audio": "a"}\n'
        b"\n"
        b"nonsense\n"
        b'{"audio": "a"}\n'
        b'{"id": 7, "audio": "a"}\n'
        b'{"id": "b", "start": true}\n'
        b'{"id": "c", "audio": ["a"]}\n'
        b'{"id": "d d"}\n'
        b'{"id": "a", "audio": "a"}\n'
        b'{"id": "e", "start": 3, "end": 3}\n'
        b'{"id": "f", "audio": "http://host/a.wav"}\n'
        b'{"id": "g", "start": -1}\n'
        b'{"id": "z", "audio": "z"}'
    )
    assert [u.id for u in found.utterances] == ["a", "z"]
    assert (found.rows, found.line_numbers) == ([0, 11], [1, 13])
    assert codes(found) == [
        (1, 3, "", "bad_json"),
        (2, 4, "", "missing_field"),
        (3, 5, "7", "bad_type"),
        (4, 6, "b", "bad_type"),
        (5, 7, "c", "bad_type"),
        (6, 8, "d d", "bad_id"),
        (7, 9, "a", "duplicate_exact"),
        (8, 10, "e", "bad_segment"),
        (9, 11, "f", "not_a_local_path"),
        (10, 12, "g", "bad_segment"),
    ]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "has no records"),
        (b"\n \r\n\n", "has no records"),
        (GOOD.decode().encode("utf-16"), "not UTF-8"),
        (GOOD.decode().encode("utf-32-be"), "not UTF-8"),
        (GOOD + GOOD[:20], "cut off at line 2"),
        (GOOD.replace(b"\n", b"\r") * 3, r"CR line ends\?"),
        (GOOD.replace(b"\n", b"\r") * 40_000, r"longer than 1 MiB \(CR line ends\?\)"),
        (GOOD + GOOD.replace(b"a.wav", b"b.wav"), r"two different records \(lines 1 and 2\)"),
        ('{"id": "é"}\n{"id": "e\u0301"}\n'.encode(), "equal after normalisation"),
        (b'[{"id": "a"}, {"id": ', "not a JSON array, or cut off"),
    ],
)
def test_a_file_that_is_no_whole_list_stops_the_run(read, data, message):
    with pytest.raises(InputError, match=message):
        read(data)


def test_a_cut_gzip_stops_the_run(read):
    packed = gzip.compress(b"".join(GOOD.replace(b'"a"', b'"%d"' % i) for i in range(9999)))
    assert len(read(packed, "whole.jsonl.gz").utterances) == 9999
    with pytest.raises(InputError, match="cut off"):
        read(packed[: len(packed) // 2], "cut.jsonl.gz")
    with pytest.raises(InputError, match="damaged"):
        read(packed[:500] + bytes(500) + packed[1000:], "bad.jsonl.gz")


def test_a_bomb_of_zeros_stops_at_the_first_block(read):
    with pytest.raises(InputError, match="not UTF-8"):
        read(gzip.compress(bytes(50 << 20)), "bomb.gz")
    with pytest.raises(InputError, match="longer than 1 MiB"):
        read(gzip.compress(b" " * (50 << 20)), "blank.gz")


def test_a_line_of_100_megabytes_is_one_reject(read):
    found = read(GOOD + b'{"id": "' + b"x" * (100 << 20) + b'"}\n' + GOOD.replace(b'"a"', b'"b"'))
    assert [u.id for u in found.utterances] == ["a", "b"]
    assert codes(found) == [(1, 2, "", "line_too_long")]


def test_bom_crlf_and_odd_separators_inside_strings_change_nothing(read):
    plain = read(GOOD)
    odd = read(b"\xef\xbb\xbf" + GOOD.replace(b"\n", b"\r\n"))
    assert odd.utterances == plain.utterances
    assert dict(odd.warnings) == {"bom": 1, "crlf": 1}
    assert odd.digest != plain.digest
    inside = read('{"id": "a", "audio": "x\u2028\u0085\\u000by.wav"}\n'.encode())
    assert inside.utterances[0].audio == "x\u2028\u0085\x0by.wav"


def test_arrays_gzip_and_lines_are_one_format(read):
    records = [{"id": str(i), "person": "p", "audio": f"{i}.wav"} for i in range(5)]
    text = "".join(json.dumps(r) + "\n" for r in records).encode()
    as_lines = read(text)
    assert read(json.dumps(records, indent=2).encode(), "l.json").utterances == as_lines.utterances
    packed = read(gzip.compress(text), "l.jsonl.gz")
    assert (packed.utterances, packed.digest) == (as_lines.utterances, as_lines.digest)


def test_the_digest_is_that_of_the_bytes(read):
    import hashlib

    assert read(GOOD).digest == "sha256:" + hashlib.sha256(GOOD).hexdigest()


def test_standard_input_is_a_list_relative_to_the_working_folder(monkeypatch):
    stdin = SimpleNamespace(buffer=io.BufferedReader(io.BytesIO(GOOD)))
    monkeypatch.setattr(sys, "stdin", stdin)
    found = read_utterances("-")
    assert (found.name, found.resolve("a.wav")) == ("<stdin>", Path("a.wav"))
    stdin.buffer = io.BufferedReader(io.BytesIO(b""))
    with pytest.raises(InputError, match="no records"):
        read_utterances("-")


def test_what_is_no_regular_file_is_missing(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "none", tmp_path, tmp_path / "fifo", Path("/dev/null"), "a\0b"):
        with pytest.raises(MissingInputError):
            read_utterances(path)


def test_one_file_under_two_persons_rejects_both_and_under_one_is_said(read):
    found = read(
        b'{"id": "a", "person": "p", "audio": "1.wav"}\n'
        b'{"id": "b", "person": "q", "audio": "1.wav"}\n'
        b'{"id": "c", "person": "p", "audio": "2.wav"}\n'
        b'{"id": "d", "person": "p", "audio": "2.wav"}\n'
        b'{"id": "e", "person": "p", "audio": "3.wav", "start": 0, "end": 1}\n'
        b'{"id": "f", "person": "q", "audio": "3.wav", "start": 1, "end": 2}\n'
    )
    assert [(r["id"], r["code"], r["detail"]) for r in found.rejects] == [
        ("a", "label_conflict", "same file as line 2 with person 'q'"),
        ("b", "label_conflict", "same file as line 1 with person 'p'"),
    ]
    assert [u.id for u in found.utterances] == ["c", "d", "e", "f"]
    assert found.rows == [2, 3, 4, 5]
    assert found.warnings == {"same_file": 1}


def test_unknown_keys_are_kept_and_those_nearly_ours_are_warned_of(read):
    found = read(b'{"id": "a", "block": "A", "persn": "p", "x-mine": 2}\n')
    assert found.utterances[0].extra == {"block": "A", "persn": "p", "x-mine": 2}
    assert found.warnings == {"unknown_key 'persn': nobody is known; is it 'person'?": 1}


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (
            {"offset": 1.0, "duration": 2.0},
            ["'offset': the recording is used from", "'duration' b"],
        ),
        ({"start": 1.0, "duration": 2.0}, ["'duration' beside 'start' ends nothing"]),
        ({"begin": 1.0, "stop": 3.0}, ["'begin'", "'stop': the recording is used to its end"]),
        ({"start_time": 1, "end_time": 2}, ["'start_time'", "'end_time'"]),
        ({"speaker": "p"}, ["'speaker': nobody is known; is it 'person'?"]),
        ({"spk_id": "p", "Gender": "f"}, ["'spk_id'", "'Gender'"]),
        ({"wav": "a.wav"}, ["'wav': it is passed over; is it 'audio'?"]),
        ({"duration": 2.0, "start": 0}, []),
        ({"start": 1.0, "end": 3.0, "duration": 2.0}, []),
        ({"person": "p", "speaker": "loud", "label": "x"}, []),
        ({"x-offset": 1.0, "emotion": "calm", "age": 4}, []),
    ],
)
def test_keys_of_other_toolkits_are_named_where_ours_are_not_there(read, keys, said):
    found = read(json.dumps({"id": "a"} | keys).encode() + b"\n")
    assert len(found.warnings) == len(said)
    for text, part in zip(sorted(found.warnings), sorted(said), strict=True):
        assert part in text
    assert found.utterances[0].extra.keys() == keys.keys() - {"start", "end", "person"}


def test_a_line_without_an_id_names_the_key_that_may_be_it(read):
    found = read(b'{"utt": "a", "audio": "a.wav"}\n')
    assert found.rejects[0]["detail"] == "field 'id' missing; is it 'utt'?"


ENTRIES = {f"u{n}": {"wav": f"{n}.wav", "spk_id": "p"} for n in range(3)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(json.dumps(ENTRIES, indent=1), "one JSON object with 3 entries, such as 'u0'"),
        pytest.param(json.dumps(ENTRIES), "one JSON object with 3 entries", id="in one line"),
        pytest.param(
            json.dumps(ENTRIES) + "\n", "one JSON object with 3 entries", id="with its end"
        ),
        pytest.param(
            "\n" + json.dumps({"id": "a"}, indent=1), "one JSON object over several lines"
        ),
        pytest.param(json.dumps({"id": "a"}, indent=1) * 2, "go over several lines", id="two"),
        pytest.param(
            json.dumps({f"{n:050}": {"wav": "a"} for n in range(20_000)}, indent=1),
            "go over several lines",
            id="longer than a block",
        ),
    ],
)
def test_json_of_another_form_is_said_to_be_that_and_not_cut_off(read, text, said):
    with pytest.raises(InputError, match=said) as caught:
        read(text.encode())
    assert "cut off" not in str(caught.value)
    assert "one object a line" in str(caught.value)


@pytest.mark.parametrize(
    "written",
    ["a b", 'q"uote', "$(touch x)", "-rf", "*", "~", "touch x |", "a\nb", "colon:in name.wav"],
)
def test_paths_are_taken_literally(tmp_path, written):
    assert resolve_within(tmp_path, written, None) == tmp_path / written


@pytest.mark.parametrize(
    "written",
    ["http://a/b", "s3://a", "file:///etc/passwd", "FILE:x", "concat:a|b", "data:,x", "pipe:0"],
)
def test_a_protocol_is_no_path(tmp_path, written):
    with pytest.raises(Rejected, match="not_a_local_path"):
        resolve_within(tmp_path, written, None)


def test_a_root_is_not_left_neither_by_dots_nor_by_links(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir(), outside.mkdir()
    (root / "link").symlink_to(outside)
    (root / "inner").symlink_to(root)
    assert resolve_within(root, "inner/a.wav", root) == root / "inner/a.wav"
    assert resolve_within(root, str(root / "a.wav"), root) == root / "a.wav"
    assert resolve_within(root, "../outside/a", None) == root / "../outside/a"
    for written in ("../outside/a", str(outside / "a"), "link/a", "/etc/passwd"):
        with pytest.raises(Rejected, match="path_escape"):
            resolve_within(root, written, root)


def test_details_have_no_control_characters(read):
    (bad,) = read(b'{"id": "a", "audio": "b://\x1b"}\n{"id": "c"}\n').rejects
    assert bad["detail"].isprintable()


NAMES = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=20)
UTTERANCES = st.builds(
    Utterance,
    id=NAMES,
    person=NAMES | st.just(""),
    audio=st.none() | NAMES.map(lambda name: name + ".wav"),
    images=st.none() | st.lists(NAMES.map("./".__add__), max_size=3).map(tuple),
    start=st.none() | st.floats(0, 10),
    end=st.none() | st.floats(11, 20),
    split=st.sampled_from(["", "train"]),
    extra=st.dictionaries(NAMES.map("x-".__add__), st.integers(-9, 9) | st.text(), max_size=2),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(utterance=UTTERANCES, packed=st.booleans())
def test_reading_is_the_inverse_of_writing(tmp_path, utterance, packed):
    path = tmp_path / ("l.jsonl.gz" if packed else "l.jsonl")
    write_utterances(path, [utterance])
    found = read_utterances(path)
    assert (found.utterances, found.rejects) == ([utterance], [])
    write_utterances(path, [u.to_json() for u in found.utterances])
    assert read_utterances(path).digest == found.digest


def test_lists_can_be_written_to_standard_output(capfdbinary):
    write_utterances("-", [Utterance(id="a"), {"id": "b"}])
    assert capfdbinary.readouterr().out == b'{"id":"a"}\n{"id":"b"}\n'


def test_read_ids_keeps_the_order_and_refuses_bad_lines(tmp_path):
    path = tmp_path / "l.jsonl"
    path.write_text('{"id": "b"}\n{"id": "a"}\n')
    assert read_ids(path) == ["b", "a"]
    path.write_text('{"id": "b"}\n{}\n{"id": "a"}\n')
    with pytest.raises(InputError, match=r"l.jsonl:2: missing_field"):
        read_ids(path)


def test_every_reject_of_the_shared_rules_has_the_fields_of_its_schema(read):
    (bad,) = read(b"x\n{}\n{\n" + GOOD).rejects[:1]
    assert list(bad) == ["schema", "row", "line", "id", "stage", "code", "detail"]
