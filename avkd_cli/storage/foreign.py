"""Keys of other toolkits' lists, and misspelt ones of ours: what is passed over is to be said."""

import difflib
import functools
from collections.abc import Iterator, Mapping
from typing import Any

from avkd_cli.storage.utterance import FIELDS

# What NeMo, SpeechBrain, lhotse, WeSpeaker, Kaldi and tables of people call what is a key here.
_MEANT = {
    "id": "utt utt_id uttid utterance utterance_id segment_id key clip_id file_id",
    "person": (
        "speaker spk spk_id spkid speaker_id speakerid speaker_label speaker_name subject "
        "subject_id identity talker talker_id client_id person_id label"
    ),
    "audio": (
        "audio_filepath audio_file audio_path wav wav_path wav_file sound path file filepath "
        "file_path filename file_name recording"
    ),
    "video": "video_filepath video_file video_path film mp4",
    "images": "image image_path image_file picture pictures face faces frames",
    "start": "offset begin start_time start_sec start_s starttime begin_time onset",
    "end": "stop end_time end_sec end_s endtime stop_time finish",
    "session": "session_id recording_id video_id",
    "sex": "gender",
    "split": "subset partition fold_name",
}
_OURS = {name: ours for ours, names in _MEANT.items() for name in names.split()}
_KNOWN_EXTRA = frozenset({"nationality", "age", "emotion", "name", "language", "duration"})
_PASSED_OVER = {
    "start": "the recording is used from its beginning",
    "end": "the recording is used to its end",
    "person": "nobody is known",
}


@functools.cache
def meant_by(key: str) -> str | None:
    """Return which of our keys another toolkit's key, or a misspelt one, means; None: neither."""
    if key in FIELDS or key in _KNOWN_EXTRA or key.startswith("x-"):
        return None
    plain = key.lower().replace("-", "_")
    close = difflib.get_close_matches(key, FIELDS, n=1, cutoff=0.8)
    return _OURS.get(plain) or next(iter(close), None)


def warnings_of(values: Mapping[str, Any], extra: Mapping[str, Any]) -> Iterator[str]:
    """Yield what to say of keys that are kept, but mean nothing to avkd, though they may seem to.

    Args:
        values: the line.
        extra: those of its keys that are not ours.
    """
    for key in extra:
        ours = meant_by(key)
        if ours is not None and ours not in values:
            passed = _PASSED_OVER.get(ours, "it is passed over")
            yield f"unknown_key '{key}': {passed}; is it '{ours}'?"
    if "duration" in extra and "end" not in values:
        starts = (key for key in values if "start" in (key, meant_by(key)) and values[key] != 0)
        if begun := next(starts, None):
            yield f"'duration' beside '{begun}' ends nothing: {_PASSED_OVER['end']}; give 'end'"
