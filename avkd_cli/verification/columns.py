"""Columns of text from untrusted bytes, read fast: what trial lists and score files are made of.

Columns are separated by ASCII blanks or tabs and nothing else, lines end in LF or CRLF; a BOM,
blank lines and blanks at line ends are passed over. Text is split a block at a time, so that
memory does not grow with the file: by pyarrow where it is regular, else line by line in Python,
which is at home with all that and knows which line is wrong.
"""

import csv
import gzip
import hashlib
import io
import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from avkd_cli.errors import InputError, blame, reading
from avkd_cli.verification import lfw

BLOCK = 16 << 20
LONGEST_LINE = 1 << 20
_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_NO_CONTROL = _CONTROL.sub(b"", bytes(range(256)))
_BOM = b"\xef\xbb\xbf"


class Header(NamedTuple):
    """What a first line with column names says.

    Args:
        separator: between columns: a comma or semicolon (CSV), or a tab.
        names: what each column is to us; "" for one that is passed over.
        format: name of the format.
        titles: what the line calls each column.
        bare: the line is none of names but the first of the file's own, which shows the columns.
    """

    separator: str
    names: tuple[str, ...]
    format: str
    titles: tuple[str, ...] = ()
    bare: bool = False


@dataclass
class TextBlock:
    """Some whole lines, cut into columns.

    Args:
        columns: the words of each column, one for each filled line.
        text: the lines.
        first_line: number of the first of them, from 1.
        name: of the source.
    """

    columns: list[pa.StringArray]
    text: bytes
    first_line: int
    name: str

    def __len__(self) -> int:
        return len(self.columns[0])

    def row(self, index: int) -> list[str]:
        """Return one line's fields."""
        return [column[index].as_py() for column in self.columns]

    def line(self, row: int) -> int:
        """Return the number in the file of the line that has a row, blank ones counted."""
        filled = (n for n, text in enumerate(self.text.split(b"\n")) if text.strip(b" \t"))
        return self.first_line + next(islice(filled, row, None))

    def fail(self, row: int, found: str) -> InputError:
        """Return the error that says what is wrong in the line of a row."""
        return InputError(f"{self.name}:{self.line(row)}: {found}")

    def require(self, names: Sequence[str]) -> None:
        """Raise InputError unless there are as many columns as names."""
        if len(self.columns) != len(names):
            found = f"{len(self.columns)} columns, wanted {len(names)}: {' '.join(names)}"
            raise self.fail(0, found)


class Columns:
    """The columns of a source; iterate over it once, for its blocks.

    Args:
        source: path, or "-" for standard input; gzip is recognised by its first bytes.
        what: is read, for messages.
        find_header: returns the header that a first line is, given the one below, or None;
            ValueError says what is wrong with it.

    Attributes:
        header: the header found, or None.
        digest: "sha256:…" of the text without BOM and CR, when the iteration has ended.

    Raises:
        MissingInputError: the file cannot be opened.
        InputError: while iterating; not UTF-8, control characters, cut off, no lines, or lines
            of different widths.
    """

    def __init__(
        self,
        source: str | Path,
        what: str,
        find_header: Callable[[str, str], Header | None] = lambda line, following: None,
    ) -> None:
        self.name = "standard input" if str(source) == "-" else str(source)
        self.what = what
        self.width = 0
        self.header: Header | None = None
        self._find_header = find_header
        self._source = source
        self._started = False
        self._hash = hashlib.sha256()

    @property
    def digest(self) -> str:
        """The digest of what was read so far."""
        return f"sha256:{self._hash.hexdigest()}"

    def fail(self, line: int, found: str) -> InputError:
        """Return the error that says what is wrong in a line."""
        return InputError(f"{self.name}:{line}: {found}")

    def __iter__(self) -> Iterator[TextBlock]:
        for line, text, unfinished in self._texts():
            try:
                columns = self._cut(text, line)
            except InputError as error:
                hint = " (the last line has no end: is the file cut off?)" if unfinished else ""
                raise InputError(f"{error}{hint}") from None
            if columns:
                yield TextBlock(columns, text, line, self.name)

    def lines(self) -> Iterator[tuple[int, list[str]]]:
        """Yield number and fields of each filled line, of any widths; used instead of blocks."""
        for first, text, _ in self._texts():
            self._refuse_control(text, first)
            for number, line in enumerate(text.decode().split("\n"), first):
                if fields := [field for field in re.split("[ \t]", line) if field]:
                    yield number, fields

    def _texts(self) -> Iterator[tuple[int, bytes, bool]]:
        """Yield whole lines, LF only, with the first one's number and whether the end is missing.

        What is yielded is UTF-8 and part of the digest.
        """
        line, rest, filled = 1, b"", False
        with self.open() as file:
            while data := self._read(file):
                if not self._started:
                    data = self._start(data)
                    line += self.header is not None and not self.header.bare
                text, rest = self._whole_lines(rest + data, line)
                filled |= not text.isspace() and text != b""
                yield line, self._canonical(text, line), False
                line += text.count(b"\n")
            if rest:
                filled |= not rest.isspace()
                yield line, self._canonical(rest + b"\n", line), True
        if not filled:
            raise InputError(f"{self.name}: has no {self.what}; one a line is wanted")

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the source, unpacked."""
        if str(self._source) == "-":
            file = io.BufferedReader(sys.stdin.buffer)  # type: ignore[arg-type]
            try:
                yield unpacked(file)
            finally:
                file.detach()  # standard input stays open
            return
        with reading(self.name, f"give {self.what}"):
            file = Path(self._source).open("rb")  # noqa: SIM115  closed below
        with file:
            yield unpacked(file)

    def _read(self, file: BinaryIO) -> bytes:
        try:
            return file.read(BLOCK)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(
                f"{self.name}: is cut off or damaged ({error}); fetch it again"
            ) from None

    def _start(self, data: bytes) -> bytes:
        self._started = True
        if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:4]:
            raise InputError(f"{self.name}: is not UTF-8; convert it with iconv")
        data = data.removeprefix(_BOM)
        line = first_line(data)
        below = first_line(data[len(line) + 1 : len(line) + 1 + LONGEST_LINE])
        with blame(f"{self.name}:1"):
            self.header = self._find_header(*(_shown(one) for one in (line, below)))
        self.width = len(self.header.names) if self.header else 0
        if self.header is None or self.header.bare:
            return data
        self._hash.update(line.removesuffix(b"\r") + b"\n")
        return data[len(line) + 1 :]

    def _whole_lines(self, data: bytes, line: int) -> tuple[bytes, bytes]:
        end = data.rfind(b"\n") + 1
        if len(data) - end > LONGEST_LINE:
            line += data.count(b"\n")
            raise self.fail(line, "the line is longer than 1 MiB (CR line ends?)")
        return data[:end], data[end:]

    def _canonical(self, text: bytes, line: int) -> bytes:
        if b"\r" in text:
            text = text.replace(b"\r\n", b"\n")
        self._hash.update(text)
        if not text.isascii():
            self._check_utf8(text, line)
        return text

    def _check_utf8(self, text: bytes, line: int) -> None:
        try:
            text.decode()
        except UnicodeDecodeError as error:
            line += text.count(b"\n", 0, error.start)
            raise self.fail(line, f"byte 0x{text[error.start]:02x} is not UTF-8") from None

    def _cut(self, text: bytes, line: int) -> list[pa.StringArray]:
        """Return the columns of whole lines; none, if all of them are blank."""
        self._refuse_control(text, line)
        if self.header and self.header.format == "lfw":
            return _columns_of(lfw.cut(text, line, self.fail))
        if self.header and self.header.separator != "\t":
            return _columns_of(self._cut_csv(text, line, self.header.separator))
        self.width = self.width or len(first_line(text.lstrip()).split())
        return regular_columns(text, self.width) or _columns_of(self._cut_lines(text, line))

    def _cut_lines(self, text: bytes, line: int) -> Iterator[list[str]]:
        for number, row in enumerate(text.split(b"\n"), line):
            fields = row.split()
            if fields and len(fields) != self.width:
                found = f"{len(fields)} columns, the lines before have {self.width}"
                raise self.fail(number, found)
            if fields:
                yield [field.decode() for field in fields]

    def _refuse_control(self, text: bytes, line: int) -> None:
        if not text.translate(None, _NO_CONTROL):
            return
        found = _CONTROL.search(text)
        number = line + text.count(b"\n", 0, found.start())
        hint = " (CR line ends?)" if found[0] == b"\r" else ""
        raise self.fail(number, f"control character 0x{found[0][0]:02x}{hint}")

    def _cut_csv(self, text: bytes, line: int, separator: str) -> Iterator[list[str]]:
        rows = csv.reader(text.decode().split("\n"), delimiter=separator)
        for number, fields in enumerate(rows, line):
            if fields and len(fields) != self.width:
                raise self.fail(number, f"{len(fields)} columns, the header has {self.width}")
            if fields:
                yield [field.strip() or "-" for field in fields]


def unpacked(file: io.BufferedReader) -> BinaryIO:
    """Return a file's content, unpacked if it is gzip."""
    return gzip.GzipFile(fileobj=file) if file.peek(2)[:2] == b"\x1f\x8b" else file


def _shown(line: bytes) -> str:
    return line.decode(errors="replace").rstrip("\r")


def first_line(text: bytes) -> bytes:
    """Return the first line without its end, and without copying the rest."""
    end = text.find(b"\n")
    return text if end < 0 else text[:end]


def _columns_of(rows: Iterable[list[str]]) -> list[pa.StringArray]:
    return [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]


def regular_columns(text: bytes, width: int) -> list[pa.StringArray] | None:
    """Return the columns, if every line is `width` words with one blank or tab between.

    None for any other text; that has to be cut line by line.
    """
    if not width:  # nothing but blank lines so far
        return None
    names = [str(index) for index in range(width)]
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(text.replace(b"\t", b" ")),
            arrow_csv.ReadOptions(column_names=names, block_size=len(text), use_threads=False),
            arrow_csv.ParseOptions(delimiter=" ", quote_char=False),
            arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except pa.ArrowInvalid:
        return None
    columns = [column.combine_chunks() for column in table.columns]
    shortest = [pc.min(pc.binary_length(column)).as_py() for column in columns]
    return columns if all(shortest) else None
