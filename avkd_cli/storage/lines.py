"""One JSON object a line, from untrusted bytes: bounded lines, strict values, strict ids."""

import json
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple, NoReturn

import msgspec

from avkd_cli.errors import InputError, Rejected

LONGEST_LINE = 1 << 20  # bytes
LONGEST_ID = 200  # bytes
_BLOCK = 1 << 20


class RawLine(NamedTuple):
    """One object as it stands in the file; `unfinished` if no line end follows it."""

    text: bytes
    number: int
    unfinished: bool = False


def read(file: BinaryIO, name: str, digest: Any, warnings: Counter[str]) -> Iterator[RawLine]:
    """Yield the objects of JSON Lines or of one JSON array, in memory bounded by a line.

    Args:
        file: unpacked bytes.
        name: of the list, for messages.
        digest: a hash that is fed every byte.
        warnings: "bom" and "crlf" are counted here.

    Raises:
        InputError: not UTF-8 as a whole, or cut off.
    """
    try:
        blocks = _blocks(file, name, digest, warnings)
        first = next(blocks, b"")
        if first.lstrip()[:1] == b"[":
            yield from _array(first + b"".join(blocks), name)
        else:
            _refuse_one_object(first, name)
            yield from _lines(first, blocks, name, warnings)
    except (EOFError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and error.errno:  # the disk's fault, not the data's
            raise
        raise InputError(f"{name}: is cut off or damaged ({error}); fetch it again") from None


def _blocks(file: BinaryIO, name: str, digest: Any, warnings: Counter[str]) -> Iterator[bytes]:
    block = file.read(_BLOCK)
    digest.update(block)
    if block[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in block[:4]:
        raise InputError(f"{name}: is not UTF-8 text; give a list, converted by iconv if need be")
    if block.startswith(b"\xef\xbb\xbf"):
        warnings["bom"] += 1
        block = block[3:]
    while block:
        yield block
        block = file.read(_BLOCK)
        digest.update(block)


def _refuse_one_object(first: bytes, name: str) -> None:
    """Refuse JSON that is whole, or may be, but no object a line.

    Args:
        first: the first block.
        name: of the list.

    Raises:
        InputError: one object of all entries, as other toolkits have it, or objects over several
            lines.
    """
    line, _, below = first.lstrip().partition(b"\n")
    if line[:1] != b"{":
        return
    try:
        values = msgspec.json.decode(first)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        if _goes_on(line) and below.lstrip()[:1] not in (b"", b"{"):
            raise InputError(
                f"{name}: has JSON objects that go over several lines; {ONE_A_LINE}"
            ) from None
        return
    entries = sum(isinstance(value, dict) for value in values.values())
    if "id" not in values and entries == len(values) > 0:
        such = f"{len(values)} entries, such as {next(iter(values))[:60]!r}"
        raise InputError(f"{name}: is one JSON object with {such}; {ONE_A_LINE}")
    if below.strip():
        raise InputError(f"{name}: is one JSON object over several lines; {ONE_A_LINE}")


ONE_A_LINE = (
    "wanted is one object a line, or an array of them; `avkd corpus import` reads other toolkits'"
)


def _goes_on(line: bytes) -> bool:
    """Return whether a line is no JSON, but may be with the lines below it."""
    try:
        json.loads(line)
    except json.JSONDecodeError as error:
        return not error.doc[error.pos :].strip()  # no fault but that it ends
    except (ValueError, RecursionError):
        pass
    return False


def _lines(
    first: bytes, blocks: Iterator[bytes], name: str, warnings: Counter[str]
) -> Iterator[RawLine]:
    """Split on newlines only: other line separators of Unicode may stand inside a string."""
    number, rest, block = 0, b"", first
    while block:
        *whole, rest = (rest + block).split(b"\n")
        for text in whole:
            number += 1
            if text.endswith(b"\r"):
                warnings["crlf"] += 1
                text = text[:-1]  # noqa: PLW2901
            if text and not text.isspace():
                yield RawLine(text, number)
        if len(rest) > LONGEST_LINE:
            if number == 0:
                raise InputError(f"{name}: line 1 is longer than 1 MiB (CR line ends?)")
            rest = rest[: LONGEST_LINE + 1]  # enough to say that it is too long
        block = next(blocks, b"")
    if rest and not rest.isspace():
        yield RawLine(rest.removesuffix(b"\r"), number + 1, unfinished=True)


def _array(text: bytes, name: str) -> Iterator[RawLine]:
    try:
        items = msgspec.json.decode(text, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InputError(f"{name}: is not a JSON array, or cut off: {error}") from None
    for number, item in enumerate(items, 1):
        yield RawLine(bytes(item), number)


def parse(text: bytes) -> dict[str, Any]:
    """Return the JSON object in `text`.

    Raises:
        Rejected: line_too_long, bad_encoding, bad_json, bad_number, duplicate_key, bad_type.
    """
    if len(text) > LONGEST_LINE:
        raise Rejected("line_too_long", f"more than {LONGEST_LINE} bytes")
    try:
        values = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        _explain(text, error)
    if not isinstance(values, dict):
        raise Rejected("bad_type", f"the line is {_kind(values)}, wanted an object")
    # Each pair has a colon: with no more of them than keys, no key was there twice.
    if text.count(b":") > len(values):
        _refuse_duplicate_keys(text)
    return values


def _kind(value: object) -> str:
    names = {list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def _refuse_duplicate_keys(text: bytes) -> None:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise Rejected("duplicate_key", f"key {twice!r} twice")
        return found

    json.loads(text, object_pairs_hook=unique)


def _explain(text: bytes, error: Exception) -> NoReturn:
    """Raise the reject that says why `text` is not JSON."""
    try:
        decoded = text.decode()
    except UnicodeDecodeError as wrong:
        byte = text[wrong.start]
        detail = f"byte 0x{byte:02x} at column {wrong.start + 1} is not UTF-8"
        raise Rejected("bad_encoding", detail) from None
    try:
        values = json.loads(decoded, parse_constant=_refuse_number)
    except json.JSONDecodeError as wrong:
        raise Rejected("bad_json", f"column {wrong.colno}: {wrong.msg}") from None
    except (RecursionError, ValueError):
        raise Rejected("bad_json", "nested too deeply, or a number with too many digits") from None
    if isinstance(values, dict) and not str(values.get("id", "")).isascii():
        check_id(str(values["id"]))  # a lone surrogate
    if "out of range" in str(error):
        raise Rejected("bad_number", "a number is not finite")
    raise Rejected("bad_json", str(error))


def _refuse_number(constant: str) -> NoReturn:
    raise Rejected("bad_number", f"{constant} is not a number of JSON")


_PLAIN_ID = re.compile(r"[!-~]{1,200}")


def check_id(id: str) -> None:
    """Reject an id that a line of a trial list could not hold.

    Raises:
        Rejected: bad_id, for an empty or long one, and any blank, control or format character.
    """
    if _PLAIN_ID.fullmatch(id):
        return
    if not id:
        raise Rejected("bad_id", "empty")
    if len(id.encode("utf-8", "surrogatepass")) > LONGEST_ID:
        raise Rejected("bad_id", f"longer than {LONGEST_ID} bytes")
    check_text(id, "id")


def check_text(text: str, what: str) -> None:
    """Reject a name with blanks of any kind, control or format characters, or half characters."""
    for position, character in enumerate(text):
        if unicodedata.category(character)[0] in "ZC":
            detail = f"{what}: character U+{ord(character):04X} at {position}"
            raise Rejected("bad_id", detail)
