import pytest

from avkd_cli.corpora.tables import read_fields, read_table, read_text
from avkd_cli.errors import InputError, MissingInputError


@pytest.fixture
def file(tmp_path):
    def write(data: bytes):
        (tmp_path / "t").write_bytes(data)
        return tmp_path / "t"

    return write


def test_rows_know_their_lines(file):
    columns, rows = read_table(file(b"\n\na,b\n\n1,2\r\n , \n3,\n"))
    assert columns == ["a", "b"]
    assert [(row.line, row.values) for row in rows] == [
        (5, {"a": "1", "b": "2"}),
        (7, {"a": "3", "b": ""}),
    ]


def test_a_value_may_hold_the_delimiter_or_a_line_end_in_quotes(file):
    _, rows = read_table(file(b'a,b\n"x, y","two\nlines"\n'))
    assert [row.values for row in rows] == [{"a": "x, y", "b": "two\nlines"}]


def test_extra_empty_values_are_let_pass_and_others_not(file):
    _, rows = read_table(file(b"a,b\n1,2,,\n"))
    assert [row.values for row in rows] == [{"a": "1", "b": "2"}]
    with pytest.raises(InputError, match=":2: 3 values, 2 were wanted"):
        list(read_table(file(b"a,b\n1,2,3\n"))[1])


def test_fields_are_split_at_blanks_and_numbered(file):
    assert list(read_fields(file(b"\xef\xbb\xbfa  b\tc\r\n\r\nd\n"))) == [
        (1, ["a", "b", "c"]),
        (3, ["d"]),
    ]


def test_no_file_a_folder_and_no_text(file, tmp_path):
    with pytest.raises(MissingInputError, match="no such file"):
        read_text(tmp_path / "none")
    with pytest.raises(MissingInputError, match="is a directory"):
        read_text(tmp_path)
    with pytest.raises(InputError, match="byte 1 is not UTF-8"):
        read_text(file(b"a\xff"))
