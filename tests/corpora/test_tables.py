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
    columns, rows, _ = read_table(file(b"\n\na,b\n\n1,2\r\n , \n3,\n"))
    assert columns == ["a", "b"]
    assert [(row.line, row.values) for row in rows] == [
        (5, {"a": "1", "b": "2"}),
        (7, {"a": "3", "b": ""}),
    ]


def test_a_value_may_hold_the_delimiter_or_a_line_end_in_quotes(file):
    _, rows, _ = read_table(file(b'a,b\n"x, y","two\nlines"\n'))
    assert [row.values for row in rows] == [{"a": "x, y", "b": "two\nlines"}]


def test_extra_empty_values_are_let_pass_and_others_not(file):
    _, rows, _ = read_table(file(b"a,b\n1,2,,\n"))
    assert [row.values for row in rows] == [{"a": "1", "b": "2"}]
    with pytest.raises(InputError, match=":2: 3 values, 2 were wanted"):
        read_table(file(b"a,b\n1,2,3\n"))


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
    with pytest.raises(InputError, match=r"byte 1 \(line 1\) is not UTF-8; .*--encoding cp1252"):
        read_text(file(b"a\xff"))


@pytest.mark.parametrize(
    ("head", "said"),
    [(b"PK\x03\x04\x14\0", r"\.xlsx"), (b"\xd0\xcf\x11\xe0\xa1", r"\.xls\)")],
)
def test_a_workbook_is_named_and_what_to_save(file, head, said):
    with pytest.raises(InputError, match=said + ".*save the sheet as CSV UTF-8"):
        read_table(file(head + bytes(100)))


def test_a_table_of_excel_is_read_as_it_is(file):
    # A hint for spreadsheets, semicolons, decimal commas, empty columns and rows at the end.
    text = "\ufeffsep=;\r\nid;start;age;;\r\na;1,5;27,25;;\r\nb;2;;;\r\n;;;;\r\n"
    columns, rows, notes = read_table(file(text.encode()))
    assert columns == ["id", "start", "age"]
    assert [(row.line, row.values) for row in rows] == [
        (3, {"id": "a", "start": "1.5", "age": "27.25"}),
        (4, {"id": "b", "start": "2", "age": ""}),
    ]
    assert notes == ["decimal commas in start, age were read as points"]


def test_a_column_of_which_one_is_no_number_keeps_its_commas(file):
    _, rows, notes = read_table(file(b"id;what;x\na;1,5;1,5\nb;2,5;see 1,5\n"))
    assert [row.values["x"] for row in rows] == ["1,5", "see 1,5"]
    assert notes == ["decimal commas in what were read as points"]


def test_between_commas_a_thousand_stays_a_thousand(file):
    _, rows, notes = read_table(file(b'id,n,s\na,"1,234","0,25"\nb,"2,000","1,234"\n'))
    assert [row.values["n"] for row in rows] == ["1,234", "2,000"]
    assert [row.values["s"] for row in rows] == ["0.25", "1.234"]
    assert notes == ["decimal commas in s were read as points"]


def test_windows_letters_are_read_with_their_encoding_and_said(file):
    path = file("id;person\n1;Jürgen\n".encode("cp1252"))
    with pytest.raises(InputError, match=r"byte 13 \(line 2\) is not UTF-8.*--encoding cp1252"):
        read_table(path)
    _, rows, notes = read_table(path, "cp1252")
    assert rows[0].values["person"] == "Jürgen"
    assert notes == ["read as cp1252"]


def test_utf8_is_not_read_as_windows_letters(file):
    with pytest.raises(InputError, match="is UTF-8, which cp1252 would misread"):
        read_table(file("id;person\n1;Jürgen\n".encode()), "cp1252")
    assert read_table(file(b"id;person\n1;Jo\n"), "cp1252").columns == ["id", "person"]


def test_unicode_text_of_excel_says_itself_what_it_is(file):
    columns, rows, _ = read_table(file("id\tperson\r\n1\tJürgen\r\n".encode("utf-16")))
    assert columns == ["id", "person"]
    assert rows[0].values["person"] == "Jürgen"


def test_a_wrong_encoding_is_said(file):
    with pytest.raises(InputError, match="is not ascii; give another --encoding"):
        read_table(file("id;person\n1;Jürgen\n".encode("cp1252")), "ascii")
