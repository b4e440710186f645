import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.errors import Rejected
from avkd_cli.storage import lines


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b'{"id": "a\xff"}', "bad_encoding"),
        (b'{"id": "a",}', "bad_json"),
        (b'{"id": "a"} {', "bad_json"),
        (b"[" * 100_000, "bad_json"),
        (b'{"n": ' + b"9" * 5000 + b"}", "bad_json"),
        (b'{"id": "a", "id": "b"}', "duplicate_key"),
        # A blank before the colon and a colon inside a string must not hide one another.
        (b'{"id" :"a","id":"b","x":":"}', "duplicate_key"),
        (b'{"x": {"a": 1, "a": 1}}', "duplicate_key"),
        (b'{"start": NaN}', "bad_number"),
        (b'{"start": -Infinity}', "bad_number"),
        (b'{"start": 1e999}', "bad_number"),
        (b'["a"]', "bad_type"),
        (b'"a"', "bad_type"),
        (b"null", "bad_type"),
        (b"17", "bad_type"),
        (b'{"id": "\\ud800"}', "bad_id"),
        (b'{"id": "' + b"x" * lines.LONGEST_LINE + b'"}', "line_too_long"),
    ],
)
def test_a_bad_line_is_rejected_with_its_reason(text, code):
    with pytest.raises(Rejected) as error:
        lines.parse(text)
    assert error.value.code == code


@given(st.dictionaries(st.text(), st.text() | st.integers(-(2**60), 2**60) | st.booleans()))
def test_parse_is_the_inverse_of_json(values):
    import json

    assert lines.parse(json.dumps(values, ensure_ascii=False).encode()) == values
    assert lines.parse(json.dumps(values, separators=(",", " :")).encode()) == values


@given(st.binary(max_size=60))
def test_any_bytes_are_an_object_or_a_reject(text):
    try:
        assert isinstance(lines.parse(text), dict)
    except Rejected as error:
        assert error.detail


@pytest.mark.parametrize(
    "id",
    ["", "x" * 201, "ä" * 101, "a b", "a\tb", "a\nb", "a\0b", "a\u00a0b", "a\u200bb", "a\u2028b"],
)
def test_an_id_that_a_trial_list_cannot_hold_is_rejected(id):
    with pytest.raises(Rejected, match="bad_id"):
        lines.check_id(id)


@pytest.mark.parametrize("id", ["x" * 200, "ä" * 100, "id10270/5r0dWxy17C8/00001.wav", "王/1", "-"])
def test_names_of_the_field_are_ids(id):
    lines.check_id(id)
