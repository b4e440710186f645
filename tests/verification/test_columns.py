import gzip
import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avkd_cli.errors import InputError, MissingInputError
from avkd_cli.verification import columns as module
from avkd_cli.verification.columns import Columns, Header, regular_columns


def rows(source, **options):
    return [
        block.row(n) for block in Columns(source, "things", **options) for n in range(len(block))
    ]


def written(tmp_path, data):
    path = tmp_path / "list.txt"
    path.write_bytes(data)
    return path


PLAIN = [["1", "a", "b"], ["0", "c", "d"]]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"1 a b\n0 c d\n", id="plain"),
        pytest.param(b"1 a b\n0 c d", id="no final newline"),
        pytest.param(b"1 a b\r\n0 c d\r\n", id="CRLF"),
        pytest.param(b"1 a b\r\n0 c d\r", id="CRLF cut"),
        pytest.param(b"\xef\xbb\xbf1 a b\n0 c d\n", id="BOM"),
        pytest.param(b"1\ta\tb\n0\tc\td\n", id="tabs"),
        pytest.param(b"1 a b\t\n0 c d \n", id="trailing blanks"),
        pytest.param(b"  1  a \t b\n\n   \n0 c d\n\n", id="double blanks, blank lines"),
    ],
)
def test_columns_are_words_between_blanks_and_tabs(tmp_path, data):
    assert rows(written(tmp_path, data)) == PLAIN


def test_a_gzipped_file_is_known_by_its_bytes_not_its_name(tmp_path):
    assert rows(written(tmp_path, gzip.compress(b"1 a b\n0 c d\n"))) == PLAIN


@pytest.mark.parametrize("packed", [False, True])
def test_standard_input_is_read_and_stays_open(monkeypatch, packed):
    plain = b"1 a b\n0 c d\n"
    data = gzip.compress(plain) if packed else plain
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert rows("-") == PLAIN
    assert not sys.stdin.buffer.closed


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        pytest.param(b"", "has no things", id="T01 empty"),
        pytest.param(b"\n \n", "has no things", id="T01 blank"),
        pytest.param(b"a b c\na b\n", "list.txt:2: 2 columns, the lines before have 3", id="T02"),
        pytest.param(b"a b\n\na b c d\n", "list.txt:3: 4 columns", id="T02 more"),
        pytest.param(b"a b c\na b", "cut off", id="T14"),
        pytest.param(b"a b\xff\n", "list.txt:1: byte 0xff is not UTF-8", id="T13"),
        pytest.param("a b\n".encode("utf-16"), "not UTF-8", id="T13 UTF-16"),
        pytest.param("a b\n".encode("utf-16-be"), "not UTF-8", id="T13 without BOM"),
        pytest.param(b"a b\nc\x0bd e\n", "list.txt:2: control character 0x0b", id="control"),
        pytest.param(b"a b\rc d\r", "CR line ends", id="CR only"),
        pytest.param(b"a b\n" + b"x" * (2 << 20), "list.txt:2: .*1 MiB", id="T16"),
        pytest.param(gzip.compress(b"a b\n" * 9999)[:-9], "cut off or damaged", id="M34"),
        pytest.param(b"\x1f\x8bnot gzip", "cut off or damaged", id="not gzip"),
    ],
)
def test_bad_bytes_are_one_line_with_the_place(tmp_path, data, complaint):
    with pytest.raises(InputError, match=complaint):
        rows(written(tmp_path, data))


@pytest.mark.parametrize("name", ["absent.txt", ".", "a\0b"])
def test_what_cannot_be_opened_is_missing(tmp_path, name):
    with pytest.raises(MissingInputError, match="give things"):
        rows(f"{tmp_path}/{name}")


def test_other_line_separators_of_unicode_do_not_end_a_line(tmp_path):
    data = "a\u2028b c\n".encode()
    assert rows(written(tmp_path, data)) == [["a\u2028b", "c"]]


@pytest.mark.parametrize("block", [7, 8, 30, 1 << 20])
def test_blocks_of_any_size_give_the_same_rows_lines_and_digest(tmp_path, monkeypatch, block):
    text = b"".join(b"%d id%d x\n" % (n % 2, n) for n in range(200))
    path = written(tmp_path, text)
    whole = Columns(path, "things")
    expected = [block.row(n) for block in whole for n in range(200)]
    monkeypatch.setattr(module, "BLOCK", block)
    parts = Columns(path, "things")
    found, lines = [], []
    for part in parts:
        for n in range(len(part)):
            found.append(part.row(n))
            lines.append(part.line(n))
    assert found == expected
    assert lines == list(range(1, 201))
    assert parts.digest == whole.digest


def test_the_digest_is_of_the_text_not_of_its_packing(tmp_path):
    digests = set()
    plain = b"1 a b\n0 c d\n"
    for n, data in enumerate(
        [plain, plain[:-1], plain.replace(b"\n", b"\r\n"), gzip.compress(plain)]
    ):
        (tmp_path / str(n)).write_bytes(data)
        columns = Columns(tmp_path / str(n), "things")
        list(columns)
        digests.add(columns.digest)
    assert len(digests) == 1


def test_blank_lines_count_in_line_numbers(tmp_path):
    (block,) = Columns(written(tmp_path, b"\na b\n\n\nc d\n"), "things")
    assert [block.line(0), block.line(1)] == [2, 5]


words = st.lists(st.sampled_from([b"a", b"bb", b'"', b" ", b"\t", b"\n"]), max_size=12)


@given(words)
def test_regular_text_is_what_a_slow_reading_finds_regular(parts):
    text = b"".join(parts) + b"\n"
    lines = [line.replace("\t", " ").split(" ") for line in text.decode().split("\n") if line]
    for width in (1, 2, 3):
        regular = all(len(fields) == width and all(fields) for fields in lines)
        found = regular_columns(text, width)
        if found is not None:
            assert [list(row) for row in zip(*(c.to_pylist() for c in found), strict=True)] == lines
        assert (found is not None) == (regular and bool(lines))


def test_a_header_names_columns_and_csv_may_quote(tmp_path):
    header = Header(",", ("enrol", "", "test"), "csv")
    path = written(tmp_path, b'x,y,z\r\na,"b, c",d\r\n\r\ne,,f\r\n')
    columns = Columns(path, "things", lambda line, _: header if line == "x,y,z" else None)
    (block,) = columns
    assert columns.header is header
    assert [block.row(0), block.row(1)] == [["a", "b, c", "d"], ["e", "-", "f"]]


def test_a_csv_row_of_another_width_is_named(tmp_path):
    path = written(tmp_path, b"x,y\na,b\na\n")
    with pytest.raises(InputError, match=r"list\.txt:3: 1 columns, the header has 2"):
        rows(
            path,
            find_header=lambda line, _: Header(",", ("a", "b"), "csv") if line == "x,y" else None,
        )


def test_lines_of_any_width_come_with_their_numbers(tmp_path):
    columns = Columns(written(tmp_path, b"m u v\n\nn\tw\n"), "models")
    assert list(columns.lines()) == [(1, ["m", "u", "v"]), (3, ["n", "w"])]
