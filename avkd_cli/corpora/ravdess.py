"""RAVDESS: 24 actors speak and sing with emotion; everything is said by the file's name.

Reference: S. Livingstone, F. Russo, "The Ryerson audio-visual database of emotional speech and
song (RAVDESS)", PLoS ONE 13(5), 2018.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from avkd_cli.corpora import trees
from avkd_cli.corpora.listing import Report
from avkd_cli.errors import InputError
from avkd_cli.storage.utterances import Utterance

EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
CHANNELS = {"01": "speech", "02": "song"}
_FILM_AND_SOUND, _FILM, _SOUND = "01", "02", "03"
_NAME = re.compile(r"(0[123])((?:-\d\d){6})")


def parse_name(stem: str) -> dict[str, str] | None:
    """Return what the seven two-digit fields of a file name say, or None for another name.

    The fields are modality, channel, emotion, intensity, statement, repetition and actor; odd
    actors are men.
    """
    match = _NAME.fullmatch(stem)
    if match is None:
        return None
    channel, emotion, intensity, statement, repetition, actor = match[2][1:].split("-")
    if channel not in CHANNELS or not 1 <= int(emotion) <= len(EMOTIONS):
        return None
    return {
        "modality": match[1],
        "recording": match[2][1:],
        "channel": CHANNELS[channel],
        "emotion": EMOTIONS[int(emotion) - 1],
        "intensity": "strong" if intensity == "02" else "normal",
        "statement": statement,
        "repetition": repetition,
        "actor": actor,
        "sex": "m" if int(actor) % 2 else "f",
    }


def list_ravdess(
    folder: Path, *, calm: str = "merge", channel: str = "both", split: str = ""
) -> tuple[Iterator[Utterance], Report]:
    """List RAVDESS, sound and film of one recording joined.

    Args:
        folder: holds the files, in any folders.
        calm: what becomes of the emotion calm: "merge" into neutral, "keep" or "drop".
        channel: "speech", "song" or "both".
        split: of all utterances.

    Raises:
        MissingInputError: no such folder.
        InputError: no file named as RAVDESS names them.
        ValueError: `calm` or `channel` is another word.
    """
    if calm not in ("merge", "keep", "drop") or channel not in ("speech", "song", "both"):
        raise ValueError(f"calm {calm!r}, channel {channel!r}")
    trees.check_folder(folder)
    report = Report("ravdess", str(folder))
    found = _look(folder, report)
    if not found:
        raise InputError(f"{folder}: no file named like 03-01-05-02-01-01-12.wav; give RAVDESS")
    return report.count(_list(found, calm, channel, split)), report


def _look(folder: Path, report: Report) -> dict[str, dict[str, str]]:
    """Return the file of each modality of each recording."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for path, entry in trees.files(folder, "", report):
        name = parse_name(entry.name.rpartition(".")[0])
        if name is None or trees.kind_of(entry.name) is None:
            continue
        files = found[name["recording"]]
        if name["modality"] in files:  # RAVDESS is often unpacked twice
            report.duplicated.add(path, "the same recording twice")
        elif trees.is_usable(path, entry, report):
            files[name["modality"]] = path
    return {recording: files for recording, files in found.items() if files}


def _list(found, calm: str, channel: str, split: str) -> Iterator[Utterance]:
    for recording in sorted(found, key=lambda name: (name[-2:], name)):
        files, about = found[recording], parse_name(f"{_SOUND}-{recording}")
        if channel not in (about["channel"], "both") or (about["emotion"], calm) == (
            "calm",
            "drop",
        ):
            continue
        merged = (about["emotion"], calm) == ("calm", "merge")
        actor = f"Actor_{about['actor']}"
        yield Utterance(
            id=f"{actor}/{recording}",
            person=actor,
            audio=files.get(_SOUND) or files.get(_FILM_AND_SOUND),
            video=files.get(_FILM_AND_SOUND) or files.get(_FILM),
            split=split,
            sex=about["sex"],
            extra={
                "emotion": "neutral" if merged else about["emotion"],
                "x-intensity": about["intensity"],
                "x-channel": about["channel"],
            },
        )
