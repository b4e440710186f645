"""Recordings to a store of fbank, samples or spectrogram, with measures of their quality."""

import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from avkd_cli.audio import kaldi, quality
from avkd_cli.audio.decode import decode_audio
from avkd_cli.audio.limits import SAMPLE_RATE, Decoded
from avkd_cli.config import Execution, PrepAudioConfig
from avkd_cli.errors import Rejected, UsageError
from avkd_cli.media.limits import Limits
from avkd_cli.steps.disturb_audio import Disturber, disturber
from avkd_cli.storage.build import Recordings
from avkd_cli.storage.builder import build_store
from avkd_cli.storage.record import Record
from avkd_cli.storage.store import AUDIO, StoreSpec
from avkd_cli.storage.utterances import Utterance, read_utterances

MAX_REJECT_FRACTION = 0.01
SMALLEST_PARTITION, MOST_PARTITIONS = 16, 1000
DURATION_TOLERANCE = 0.02  # s, between the list's `duration` and the recording's


def prep_audio(
    utterances: str | Path,
    out: Path,
    config: PrepAudioConfig,
    execution: Execution,
    *,
    noise: str | None = None,
    rir: str | None = None,
) -> dict | None:
    """Decode every recording of a list into the store `out` and return its manifest.

    Raises:
        UsageError: --disturb and the stores, or the two durations, do not go together.
        InputError, MissingInputError: for the list or these stores, or if too many records are
            rejected.
        OutputError, WriteError, TemporaryError: for the output and the machine.
    """
    if config.min_duration > config.max_duration:
        raise UsageError(
            f"--min-duration {config.min_duration:g} is above --max-duration "
            f"{config.max_duration:g}: every recording would be rejected"
        )
    spoil = disturber(config, noise, rir)  # what is wrong there is told before any work
    listed = read_utterances(utterances, execution.root)
    size = max(SMALLEST_PARTITION, len(listed.utterances) // MOST_PARTITIONS)
    process = functools.partial(process_utterance, spoil=spoil)
    content = Recordings(store_spec(config), listed, process, config, size, MAX_REJECT_FRACTION)
    origin = content.origin("prep-audio", spoil.inputs() if spoil else {})
    return build_store(out, content, origin, execution)


def process_utterance(
    utterance: Utterance,
    resolve: Callable[[str], Path],
    config: PrepAudioConfig,
    spoil: Disturber | None = None,
) -> Record:
    """Return one recording as a row of the store; run in a worker process.

    Raises:
        Rejected: for each way in which a recording is unusable, see `decode_audio`, or in
            which it cannot be spoilt.
    """
    path = utterance.audio or utterance.video
    if not path:
        raise Rejected("missing_field", "neither 'audio' nor 'video'")
    decoded = decode_audio(
        resolve(path),
        start=utterance.start,
        end=utterance.end,
        limits=limits_of(config),
        channel=config.channel if utterance.audio_channel is None else str(utterance.audio_channel),
    )
    if spoil:
        decoded = spoil(decoded, utterance)
    record = record_of(decoded, config)
    warnings = {*record.warnings}
    if _is_misdeclared(utterance, record.columns["duration_s"]):
        warnings.add("duration_mismatch")
    return dataclasses.replace(record, warnings=tuple(sorted(warnings)))


def record_of(decoded: Decoded, config: PrepAudioConfig) -> Record:
    """Return decoded sound as a row of the store."""
    long = LONG[config.features].compute(decoded.samples, config)
    return Record(measure(decoded), long, warnings=decoded.warnings)


def limits_of(config: PrepAudioConfig) -> Limits:
    """Return what the decoder refuses, from the settings of the step."""
    return Limits(
        min_duration=config.min_duration,
        max_duration=config.max_duration,
        min_source_rate=config.min_source_rate,
    )


def measure(decoded: Decoded) -> dict[str, float]:
    """Return the columns of quality of one recording; see `avkd_cli.audio.quality`."""
    powers = quality.frame_powers(decoded.samples)
    return {
        "duration_s": len(decoded.samples) / SAMPLE_RATE,
        "level_dbfs": decoded.level_dbfs,
        "speech_fraction": quality.speech_fraction(powers),
        "snr_db": quality.snr_db(powers),
        "clipped_fraction": decoded.clipped_fraction,
    }


def _fbank(samples: np.ndarray, config: PrepAudioConfig) -> np.ndarray:
    """Return (frames, mels). The step of float16 at a log energy of 16 to 32 is 1/64."""
    return kaldi.fbank(samples, config.n_mels).astype(config.dtype)


def _samples(samples: np.ndarray, config: PrepAudioConfig) -> np.ndarray:
    """Return (samples,) as 16 bits, exactly those of a 16-bit 16 kHz source."""
    return np.clip(np.rint(samples * 32768), -32768, 32767).astype(np.int16)


def _spectrogram(samples: np.ndarray, config: PrepAudioConfig) -> np.ndarray:
    """Return (frames, 257); float16 has eleven bits of each magnitude, at most 800."""
    return kaldi.spectrogram(samples).astype(np.float16)


@dataclass(frozen=True)
class Long:
    """What is stored of a recording: the name of the array and how it is computed."""

    array: str
    compute: Callable[[np.ndarray, PrepAudioConfig], np.ndarray]


LONG = {
    "fbank": Long("frames", _fbank),
    "waveform": Long("samples", _samples),
    "spectrogram": Long("spectrogram", _spectrogram),
}


def store_spec(config: PrepAudioConfig) -> StoreSpec:
    """Return the kind avkd.audio with the one long array of these settings."""
    array = next(a for a in AUDIO.long if a.name == LONG[config.features].array)
    if config.features == "fbank":
        array = dataclasses.replace(array, dtype=config.dtype)
    return dataclasses.replace(AUDIO, long=(array,))


def _is_misdeclared(utterance: Utterance, seconds: float) -> bool:
    """Return whether the list says that the recording is of another length."""
    declared = utterance.extra.get("duration")
    is_number = isinstance(declared, int | float) and not isinstance(declared, bool)
    return is_number and abs(declared - seconds) > DURATION_TOLERANCE
