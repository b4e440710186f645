"""prep-audio end to end on small recordings: what is stored, what is refused, and that it lasts."""

import dataclasses
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from avkd_cli.audio.kaldi import fbank, spectrogram
from avkd_cli.audio.limits import WARNING_CODES
from avkd_cli.config import Execution, PrepAudioConfig
from avkd_cli.errors import InputError, MissingInputError, Rejected, UsageError
from avkd_cli.steps.prep_audio import LONG, prep_audio, process_utterance, store_spec
from avkd_cli.storage.store import open_store
from avkd_cli.storage.utterances import Utterance

HERE = Execution(workers=0, quiet=True)


def sound(seed: int, seconds: float = 1.0, rate: int = 16_000) -> np.ndarray:
    """Bursts of noise with pauses, another for each seed."""
    rng = np.random.default_rng(seed)
    n = round(seconds * rate)
    return (rng.normal(0, 0.1, n) * (np.arange(n) % 8000 < 5000) + rng.normal(0, 1e-3, n)).astype(
        np.float32
    )


def write_list(folder: Path, lines: list[dict]) -> Path:
    path = folder / "people.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A list of six recordings of three people, of 1.0 to 1.5 s."""
    lines = []
    for k in range(6):
        soundfile.write(tmp_path / f"{k}.wav", sound(k, 1.0 + k / 10), 16_000)
        lines.append({"id": f"p{k % 3}/{k}", "person": f"p{k % 3}", "audio": f"{k}.wav"})
    return write_list(tmp_path, lines)


def files_of(store: Path) -> dict[str, bytes]:
    """All bytes of a store but what says who made it, when."""
    found = {str(p.relative_to(store)): p.read_bytes() for p in store.rglob("*") if p.is_file()}
    manifest = json.loads(found.pop("avkd.json"))
    manifest.pop("made_by")
    return found | {"avkd.json": json.dumps(manifest, sort_keys=True).encode()}


def stored(path: Path) -> np.ndarray:
    """The samples that a 16-bit wav gives back."""
    return soundfile.read(path, dtype="float32")[0]


def test_the_fbank_of_every_recording_is_stored_under_its_id(corpus, tmp_path):
    manifest = prep_audio(corpus, tmp_path / "a.zarr", PrepAudioConfig(n_mels=80), HERE)
    assert manifest["format"] == "avkd.audio"
    assert (manifest["counts"]["utterances"], manifest["counts"]["persons"]) == (6, 3)
    store = open_store(tmp_path / "a.zarr", "avkd.audio")
    assert store.ids == [f"p{k % 3}/{k}" for k in range(6)]
    for k, frames in enumerate(store.read(range(6))):
        expected = fbank(stored(tmp_path / f"{k}.wav"), 80)
        assert frames.dtype == np.float16
        np.testing.assert_array_equal(frames, expected.astype(np.float16))


def test_full_precision_is_stored_when_asked_for(corpus, tmp_path):
    config = PrepAudioConfig(dtype="float32")
    prep_audio(corpus, tmp_path / "a.zarr", config, HERE)
    (frames,) = open_store(tmp_path / "a.zarr").read([0])
    expected = fbank(stored(tmp_path / "0.wav"), 40)
    np.testing.assert_array_equal(frames, expected)


def test_waveforms_are_stored_bit_for_bit(corpus, tmp_path):
    prep_audio(corpus, tmp_path / "a.zarr", PrepAudioConfig(features="waveform"), HERE)
    store = open_store(tmp_path / "a.zarr")
    assert store.long_name == "samples"
    for k, samples in enumerate(store.read(range(6))):
        original = soundfile.read(tmp_path / f"{k}.wav", dtype="int16")[0]
        np.testing.assert_array_equal(samples, original)


def test_spectrograms_are_stored_in_half_precision(corpus, tmp_path):
    prep_audio(corpus, tmp_path / "a.zarr", PrepAudioConfig(features="spectrogram"), HERE)
    store = open_store(tmp_path / "a.zarr")
    assert store.long_name == "spectrogram"
    (frames,) = store.read([0])
    expected = spectrogram(stored(tmp_path / "0.wav"))
    assert frames.shape == (100, 257)
    np.testing.assert_allclose(frames, expected, rtol=1e-3, atol=1e-6)


def test_measures_of_quality_are_columns(corpus, tmp_path):
    prep_audio(corpus, tmp_path / "a.zarr", PrepAudioConfig(), HERE)
    store = open_store(tmp_path / "a.zarr")
    np.testing.assert_allclose(store.column("duration_s"), 1.0 + np.arange(6) / 10, atol=1e-4)
    bursts = np.array([np.mean(np.arange(n) % 8000 < 5000) for n in store.lengths * 160 + 240])
    # 0.1 RMS is -20 dB; over the pauses, less.
    np.testing.assert_allclose(store.column("level_dbfs"), -20 + 10 * np.log10(bursts), atol=0.2)
    # Frames that a burst only touches count too: 25 ms of each half second.
    np.testing.assert_allclose(store.column("speech_fraction"), bursts + 0.05, atol=0.02)
    assert (np.abs(store.column("snr_db") - 40) < 3).all()
    assert (store.column("clipped_fraction") == 0).all()


def test_two_workers_write_the_same_bytes_as_none(corpus, tmp_path):
    config = PrepAudioConfig()
    here = dataclasses.replace(HERE, partition_size=2)
    prep_audio(corpus, tmp_path / "a.zarr", config, here)
    prep_audio(corpus, tmp_path / "b.zarr", config, dataclasses.replace(here, workers=2))
    assert files_of(tmp_path / "a.zarr") == files_of(tmp_path / "b.zarr")


def test_preparing_loads_no_torch_and_threads_change_no_bit(corpus, tmp_path):
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from avkd_cli.config import Execution, PrepAudioConfig\n"
        "from avkd_cli.steps.prep_audio import prep_audio\n"
        "here = Execution(workers=0, quiet=True)\n"
        "prep_audio(sys.argv[1], Path(sys.argv[2]), PrepAudioConfig(n_mels=80), here)\n"
        "assert 'torch' not in sys.modules\n"
    )
    for threads in ("1", "4"):
        many = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads)
        command = [sys.executable, "-c", program, str(corpus), str(tmp_path / threads)]
        subprocess.run(command, env=os.environ | many, check=True, capture_output=True)
    assert files_of(tmp_path / "1") == files_of(tmp_path / "4")


def test_a_bad_recording_is_listed_and_the_rest_is_stored(corpus, tmp_path):
    (tmp_path / "3.wav").write_bytes((tmp_path / "3.wav").read_bytes()[:9000])
    manifest = prep_audio(corpus, tmp_path / "a.zarr", PrepAudioConfig(), HERE)
    assert manifest["counts"]["utterances"] == 5
    (reject,) = [json.loads(line) for line in (tmp_path / "a.zarr/rejects.jsonl").open()]
    assert (reject["id"], reject["code"]) == ("p0/3", "truncated")
    assert reject["detail"] == "declared 41600 B, present 8956 B"


def test_more_bad_recordings_than_allowed_publish_nothing(corpus, tmp_path):
    for k in (1, 3):
        (tmp_path / f"{k}.wav").write_bytes(b"")
    with pytest.raises(InputError, match="empty_file"):
        prep_audio(corpus, tmp_path / "a.zarr", PrepAudioConfig(), HERE)
    assert not (tmp_path / "a.zarr").exists()
    lenient = dataclasses.replace(HERE, max_reject_fraction=0.5)
    assert prep_audio(corpus, tmp_path / "a.zarr", PrepAudioConfig(), lenient)


def test_a_list_that_does_not_exist_is_missing(tmp_path):
    with pytest.raises(MissingInputError, match=r"none\.jsonl"):
        prep_audio(tmp_path / "none.jsonl", tmp_path / "a.zarr", PrepAudioConfig(), HERE)


def run(folder: Path, *arguments: str, text: str = "") -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "avkd_cli", "prep-audio", *arguments, "--workers", "0"]
    return subprocess.run(
        command, check=False, cwd=folder, input=text, capture_output=True, text=True
    )


def test_the_command_reads_a_pipe_and_prints_one_line(corpus, tmp_path):
    answer = run(tmp_path, "-", "-o", "a.zarr", text=corpus.read_text())
    assert answer.returncode == 0, answer.stderr
    (line,) = answer.stdout.splitlines()
    assert json.loads(line)["counts"]["utterances"] == 6
    assert (tmp_path / "a.zarr" / "avkd.json").is_file()


@pytest.mark.parametrize(
    ("content", "code"), [(b"", 65), (b"not a recording", 65), (None, 66)], ids=str
)
def test_nothing_usable_is_one_line_and_no_store(tmp_path, content, code):
    if content is not None:
        (tmp_path / "a.wav").write_bytes(content)
    write_list(tmp_path, [{"id": "a", "person": "p", "audio": "a.wav"}])
    answer = run(tmp_path, "people.jsonl", "-o", "a.zarr", "-q")
    assert answer.returncode == code
    assert answer.stdout == ""
    assert "Traceback" not in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
    assert not (tmp_path / "a.zarr").exists()


def record_of(tmp_path: Path, config: PrepAudioConfig = PrepAudioConfig(), **fields):  # noqa: B008
    soundfile.write(tmp_path / "a.wav", sound(0, 2.0), 16_000)
    utterance = Utterance(id="a", **({"audio": "a.wav"} | fields))
    return process_utterance(utterance, lambda path: tmp_path / path, config)


def test_a_segment_is_a_recording_of_its_own(tmp_path):
    record = record_of(tmp_path, start=0.5, end=1.5)
    assert record.columns["duration_s"] == 1.0
    assert len(record.long) == 98


def test_sound_of_a_film_serves_where_there_is_no_other(tmp_path, shared_data):
    film = shared_data / "nasty" / "made_video" / "ok_h264_aac.mp4"
    utterance = Utterance(id="a", video=str(film))
    assert len(process_utterance(utterance, Path, PrepAudioConfig()).long) == 296


def test_an_utterance_without_any_sound_is_refused(tmp_path):
    with pytest.raises(Rejected) as caught:
        process_utterance(Utterance(id="a"), Path, PrepAudioConfig())
    assert caught.value.code == "missing_field"


@pytest.mark.parametrize(
    ("duration", "expected"),
    [(2.0, ()), (2.015, ()), (1.9, ("duration_mismatch",)), ("2", ()), (True, ())],
)
def test_another_length_than_the_list_says_is_a_warning(tmp_path, duration, expected):  # W32
    assert record_of(tmp_path, extra={"duration": duration}).warnings == expected
    assert set(expected) <= WARNING_CODES


def test_the_settings_reach_the_decoder(tmp_path):
    for config, code in [
        (PrepAudioConfig(min_duration=3.0), "too_short"),
        (PrepAudioConfig(max_duration=1.0), "too_long"),
        (PrepAudioConfig(min_source_rate=44_100), "low_rate"),
        (PrepAudioConfig(channel="1"), "bad_channels"),
    ]:
        with pytest.raises(Rejected) as caught:
            record_of(tmp_path, config)
        assert caught.value.code == code


def test_full_scale_samples_do_not_wrap_around():
    loud = np.array([1.0, -1.0, 2.0, -2.0, 0.5], np.float32)
    stored = LONG["waveform"].compute(loud, PrepAudioConfig())
    assert stored.tolist() == [32767, -32768, 32767, -32768, 16384]


def test_every_feature_has_one_array_of_its_own():
    for name, long in LONG.items():
        (array,) = store_spec(PrepAudioConfig(features=name, dtype="float32")).long
        assert array.name == long.array
        assert "|" not in array.dtype


def test_what_a_worker_needs_can_be_sent_to_it():
    assert pickle.loads(pickle.dumps(process_utterance)) is process_utterance
    spec = store_spec(PrepAudioConfig())
    assert pickle.loads(pickle.dumps(spec)) == spec


def test_the_two_sides_of_a_call_are_two_people(tmp_path):
    sides = np.stack([sound(0), 0.5 * sound(1)], axis=1)
    soundfile.write(tmp_path / "call.wav", sides, 16_000)
    people = write_list(
        tmp_path,
        [
            {"id": who, "person": who, "audio": "call.wav", "audio_channel": side}
            for side, who in enumerate(("ann", "bob"))
        ],
    )
    prep_audio(people, tmp_path / "a.zarr", PrepAudioConfig(features="waveform"), HERE)
    store = open_store(tmp_path / "a.zarr")
    expected = soundfile.read(tmp_path / "call.wav", dtype="int16")[0]
    assert store.ids == ["ann", "bob"]
    np.testing.assert_array_equal(np.stack(store.read([0, 1]), axis=1), expected)


@pytest.mark.parametrize(("channel", "code"), [(2, "bad_channels"), (-1, "bad_number")])
def test_a_channel_that_is_not_there_is_a_reject(tmp_path, channel, code):
    soundfile.write(tmp_path / "call.wav", np.stack([sound(0), sound(1)], axis=1), 16_000)
    line = {"id": "ann", "audio": "call.wav", "audio_channel": channel}
    people = write_list(tmp_path, [line])
    with pytest.raises(InputError, match=code):
        prep_audio(people, tmp_path / "a.zarr", PrepAudioConfig(), HERE)


def test_equal_samples_of_two_persons_are_told_whatever_they_are_packed_in(corpus, tmp_path):
    samples, rate = soundfile.read(tmp_path / "0.wav", dtype="int16")
    soundfile.write(tmp_path / "copy.flac", samples, rate)
    line = json.dumps({"id": "q/copy", "person": "q", "audio": "copy.flac"}) + "\n"
    corpus.write_text(corpus.read_text() + line)
    prep_audio(corpus, tmp_path / "a.zarr", PrepAudioConfig(), HERE)
    told = json.loads((tmp_path / "a.zarr/warnings.jsonl").read_text())
    assert (told["id"], told["code"]) == ("q/copy", "same_content")
    assert told["detail"] == "equal to 'p0/0' of person 'p0', this is 'q'"


def test_lines_without_sound_are_passed_over_and_said(corpus, tmp_path, capsys):
    line = json.dumps({"id": "q/face", "person": "q", "images": "face.png"}) + "\n"
    corpus.write_text(corpus.read_text() + line)
    execution = Execution(workers=0, max_rejects=0)
    made = prep_audio(corpus, tmp_path / "a.zarr", PrepAudioConfig(), execution)
    assert made["counts"]["utterances"] == 6
    assert made["counts"]["rejected"] == 0
    said = capsys.readouterr().err
    assert "1 of 7 lines have no 'audio' or 'video' and are passed over" in said
    assert "lost" not in said  # nothing of q was wanted here


def test_durations_the_wrong_way_round_are_told_before_anything(corpus, tmp_path):
    config = PrepAudioConfig(min_duration=5, max_duration=2)
    with pytest.raises(UsageError, match="--min-duration 5 is above --max-duration 2"):
        prep_audio(corpus, tmp_path / "a.zarr", config, HERE)
    assert not (tmp_path / "a.zarr.wip").exists()
