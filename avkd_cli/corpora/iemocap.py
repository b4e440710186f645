"""IEMOCAP: five sessions of two actors each; what was said when stands in EmoEvaluation.

Reference: C. Busso et al., "IEMOCAP: interactive emotional dyadic motion capture database",
Language Resources and Evaluation 42(4), 2008.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from avkd_cli.corpora import trees
from avkd_cli.corpora.listing import Report
from avkd_cli.corpora.tables import read_text
from avkd_cli.errors import InputError
from avkd_cli.storage.utterances import Utterance

FOUR = ("neu", "hap", "sad", "ang")
LEFT = ("female", "male", "marked", "unmarked")
_NUMBER = r"(\d+\.\d+)"
_LINE = re.compile(rf"\[{_NUMBER} - {_NUMBER}\]\t(\S+)\t(\w+)\t\[.*\]\s*")


class Turn(NamedTuple):
    """One utterance of a dialogue; times in seconds of the dialogue."""

    start: float
    end: float
    name: str
    emotion: str

    @property
    def dialogue(self) -> str:
        """Ses01F_impro01 of Ses01F_impro01_M003."""
        return self.name.rpartition("_")[0]

    @property
    def sex(self) -> str:
        """Of who speaks: the letter after the last underscore, not the one of the dialogue."""
        return self.name.rpartition("_")[2][0].lower()

    @property
    def person(self) -> str:
        """Ses01M: the session and the sex of who speaks."""
        return f"{self.name[:5]}{self.sex.upper()}"


def parse_evaluation(text: str) -> list[Turn]:
    """Return the turns of one EmoEvaluation file; its other lines are the raters' and ignored."""
    found = (_LINE.fullmatch(line.rstrip("\r")) for line in text.split("\n"))
    return [Turn(float(m[1]), float(m[2]), m[3], m[4]) for m in found if m]


def list_iemocap(
    folder: Path, *, video: bool = False, four: bool = False, left: str = "", split: str = ""
) -> tuple[Iterator[Utterance], Report]:
    """List IEMOCAP.

    A person is `Ses01F`, a session the dialogue, the emotion as the raters agreed. Without
    `video` the sound is the sentence's own wav; with it, sound and film are parts of the
    dialogue's avi, on which both actors are seen.

    Args:
        folder: holds Session1 to Session5.
        video: name the film of each dialogue, with start and end.
        left: who is seen on the left half of the films: one of `LEFT`; "": name no half.
        four: keep neutral, happy with excited, sad and angry only, as 5,531 utterances.
        split: of all utterances.

    Raises:
        MissingInputError: no such folder.
        InputError: no EmoEvaluation file in it, or one that has no line of the known form.
    """
    trees.check_folder(folder)
    evaluations = sorted(folder.glob("Session[1-5]/dialog/EmoEvaluation/Ses*.txt"))
    if not evaluations:
        raise InputError(f"{folder}: no Session1/dialog/EmoEvaluation/Ses….txt; give IEMOCAP")
    report = Report("iemocap", str(folder))
    if left not in ("", *LEFT):
        raise ValueError(f"left {left!r}")
    return report.count(_list(folder, evaluations, video, left, four, split, report)), report


def _list(folder, evaluations, video, left, four, split, report) -> Iterator[Utterance]:
    for path in evaluations:
        turns = parse_evaluation(read_text(path))
        if not turns:
            raise InputError(f"{path}: no line like '[6.29 - 8.23] Ses01F_impro01_F000 neu […]'")
        session = path.relative_to(folder).parts[0]
        for turn in turns:
            emotion = "hap" if four and turn.emotion == "exc" else turn.emotion
            media = {"audio": f"{session}/sentences/wav/{turn.dialogue}/{turn.name}.wav"}
            if video:
                media = _film(session, turn, left)
            if four and emotion not in FOUR:
                continue
            if not trees.is_usable(turn.name, folder / media["audio"], report):
                continue
            yield Utterance(
                id=turn.name,
                person=turn.person,
                session=turn.dialogue,
                split=split,
                sex=turn.sex,
                extra={"emotion": emotion, "x-fold": int(session[-1])},
                **media,
            )


def _film(session: str, turn: Turn, left: str) -> dict:
    film = f"{session}/dialog/avi/DivX/{turn.dialogue}.avi"
    seen = {"half": half_of(turn, left)} if left else {}
    return {"audio": film, "video": film, "start": turn.start, "end": turn.end, **seen}


def half_of(turn: Turn, left: str) -> str:
    """Return the half of the film on which the one who speaks is seen, "left" or "right"."""
    marked = turn.name[5].lower()  # Ses01F…: she wears the markers in this dialogue
    on_left = {"female": "f", "male": "m", "marked": marked, "unmarked": "fm"[marked == "f"]}[left]
    return "left" if turn.sex == on_left else "right"
