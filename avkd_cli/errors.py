"""What can go wrong and which exit code says so; the only errors that reach a person.

Raise one of these for what a user can cure: the message says where, what was found, what was
wanted and what to do. Raise ValueError for what a caller did wrong. Codes: docs/reliability.md.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager


def some(names: Iterable[str], most: int = 5) -> str:
    """Return the first few names for a message, and how many more there are."""
    names = list(names)
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def apart(first: float, second: float, digits: int = 2) -> tuple[str, str]:
    """Return two numbers for a message that speaks of their difference, so that it can be seen.

    With so many decimals as usual, more where the two would look alike, and none that say nothing.
    """
    for more in range(digits, 18):
        texts = f"{first:.{more}f}", f"{second:.{more}f}"
        if texts[0].lstrip("-") != texts[1].lstrip("-") or abs(first) == abs(second):
            return texts
    return repr(first), repr(second)


ANSWERS = {"same": 0, "found": 0, "different": 4, "nobody": 4, "cannot tell": 5}
"""What `avkd verify --exit-code` ends with: answers, no errors."""


class AvkdError(Exception):
    """Shown to the user as one line; ends the process with `exit_code`."""

    exit_code = 70


class UsageError(AvkdError):
    """An option or a setting is wrong; nothing was touched."""

    exit_code = 2


class GateError(AvkdError):
    """A gate that the user set is not met (`--fail-if-worse`)."""

    exit_code = 3


class InputError(AvkdError):
    """Input data are wrong: structure, digest, mismatch, too many rejects, one class."""

    exit_code = 65


@contextmanager
def blame(where: object, cure: str = "", kind: type[AvkdError] = InputError) -> Iterator[None]:
    """Let a ValueError of what is computed be an error of where its numbers are from.

    Args:
        where: file, store or option. cure: what to do, said behind the error; "" for nothing.
    """
    try:
        yield
    except ValueError as error:
        raise kind(f"{where}: {error}{'; ' if cure else ''}{cure}") from error


@contextmanager
def reading(where: object, cure: str) -> Iterator[None]:
    """Let what the system says of a file that is opened or read be a MissingInputError.

    Args:
        where: file or option. cure: what to do, said behind what is wrong.
    """
    try:
        yield
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise MissingInputError(f"{where}: {reason}; {cure}") from None


class OtherFeaturesError(InputError):
    """A store of sound has other features than a training wants.

    Args:
        text: where and what.
        features: wanted.
        preset: whose prep-audio makes them; "" for none.
    """

    def __init__(self, text: str, features: str, preset: str = "") -> None:
        how = f"--config {preset}" if preset else f"--features {features}"
        super().__init__(f"{text}; make it by avkd prep-audio LIST.jsonl -o STORE {how}")
        self.text, self.features = text, features


class MissingInputError(AvkdError):
    """An input does not exist or cannot be read."""

    exit_code = 66


class OutputError(AvkdError):
    """The output cannot be created: it is another plan's, not avkd's, or not permitted."""

    exit_code = 73


class WriteError(AvkdError):
    """Reading or writing failed during the work (disk full, I/O error); state is kept."""

    exit_code = 74


class TemporaryError(AvkdError):
    """Try again: locked by a live run, a worker was killed, out of memory."""

    exit_code = 75


class DivergedError(AvkdError):
    """Training met numbers that are not finite beyond patience; the last good step is kept."""

    exit_code = 79


class Rejected(Exception):  # noqa: N818  not an error of the run
    """One record is unusable: it is listed in rejects.jsonl and the run goes on.

    Args:
        code: one of `REJECT_CODES`.
        detail: built by avkd, without absolute paths, at most 200 characters.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)
        if code not in REJECT_CODES:
            raise ValueError(f"{code!r} is not a reject code")
        self.code = code
        self.detail = detail[:200]


REJECT_CODES = frozenset(
    """
    bad_encoding bad_json bad_type bad_number duplicate_key missing_field line_too_long
    bad_id duplicate_exact label_conflict missing_person bad_segment not_a_local_path
    path_escape file_not_found file_unreadable not_regular_file empty_file
    format_not_allowed undecodable truncated too_short too_long too_few_frames no_frames
    bad_rate low_rate bad_channels non_finite bad_amplitude silent no_audio_stream
    no_video_stream codec_missing frame_too_large image_too_large image_too_small
    too_few_faces bad_box decode_timeout decoder_crash decoder_oom unknown_id
    """.split()
)
