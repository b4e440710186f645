"""What the samples themselves are worth: rows W10 to W20 of table W."""

import struct

import numpy as np
import pytest
import soundfile

from avkd_cli.audio.decode import decode_audio, resample
from avkd_cli.errors import Rejected
from avkd_cli.media.limits import Limits


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])  # W10
def test_a_sample_that_is_no_number_is_refused_with_its_place(make_wav, voice, bad):
    samples = voice(1.0, 16_000)
    samples[[100, 5000]] = bad
    with pytest.raises(Rejected, match="2 samples NaN or Inf, first at 100") as caught:
        decode_audio(make_wav(samples.tobytes(), bits=32, codec=3))
    assert caught.value.code == "non_finite"


def test_an_absurd_amplitude_is_refused(make_wav, voice, code_of):  # W11
    samples = voice(1.0, 16_000)
    samples[7] = 3e29
    assert code_of(make_wav(samples.tobytes(), bits=32, codec=3)) == "bad_amplitude"


def test_a_float_somewhat_over_full_scale_is_a_warning(make_wav, voice):  # W11
    samples = voice(1.0, 16_000)
    samples[7] = -1.5
    decoded = decode_audio(make_wav(samples.tobytes(), bits=32, codec=3))
    assert decoded.warnings == ("over_range",)
    assert decoded.samples[7] == -1.5


@pytest.mark.parametrize("value", [0, 12_000], ids=["zeros", "a constant"])  # W12, W13
def test_no_sound_is_silent(make_wav, value, code_of):
    assert code_of(make_wav(struct.pack("<h", value) * 16_000)) == "silent"


def test_clipping_is_a_warning_with_its_share(make_wav, voice, as_pcm16):  # W14
    decoded = decode_audio(make_wav(as_pcm16(8 * voice(1.0, 16_000))))
    assert decoded.warnings == ("clipped",)
    assert 0.01 < decoded.clipped_fraction < 0.5


def test_eight_kilohertz_is_a_warning_and_can_be_refused(make_wav, voice, as_pcm16, code_of):  # W15
    path = make_wav(as_pcm16(voice(1.0, 8_000)), rate=8_000)
    decoded = decode_audio(path)
    assert (len(decoded.samples), decoded.warnings) == (16_000, ("upsampled",))
    assert code_of(path, limits=Limits(min_source_rate=16_000)) == "low_rate"


@pytest.mark.parametrize("rate", [11_025, 22_050, 44_100, 48_000, 96_000, 192_000])  # W16
def test_any_usual_rate_becomes_sixteen_kilohertz(make_wav, voice, as_pcm16, rate):
    decoded = decode_audio(make_wav(as_pcm16(voice(1.0, rate)), rate=rate))
    assert len(decoded.samples) == 16_000
    expected = voice(1.0, 16_000)
    # The tones below the lowest of the rates agree; the noise is another draw.
    assert np.corrcoef(decoded.samples, expected)[0, 1] > 0.995


@pytest.mark.parametrize("rate", [0, 1, 500_000, 2**31])  # W17
def test_a_rate_that_no_recorder_has_is_refused(make_wav, rate, code_of):
    assert code_of(make_wav(rate=rate)) == "bad_rate"


def stereo(left, right, as_pcm16) -> bytes:
    return as_pcm16(np.stack([left, right], axis=1))


def test_channels_are_averaged_or_chosen(make_wav, voice, as_pcm16, code_of):  # W18
    left, right = voice(1.0, 16_000), voice(1.0, 16_000)[::-1] * 0.5
    path = make_wav(stereo(left, right, as_pcm16), channels=2)
    mean, first = decode_audio(path), decode_audio(path, channel="0")
    second = decode_audio(path, channel="1")
    np.testing.assert_allclose(first.samples, left, atol=2**-15)
    np.testing.assert_allclose(second.samples, right, atol=2**-15)
    np.testing.assert_allclose(mean.samples, (left + right) / 2, atol=2**-15)
    assert (mean.warnings, first.warnings) == (("downmixed",), ())
    assert code_of(path, channel="error") == "bad_channels"


def test_the_second_channel_of_one_is_refused(make_wav, code_of):
    assert code_of(make_wav(), channel="1") == "bad_channels"


def test_channels_in_anti_phase_are_silent_together_and_fine_alone(
    make_wav, voice, as_pcm16, code_of
):
    left = voice(1.0, 16_000)
    path = make_wav(stereo(left, -left, as_pcm16), channels=2)
    assert code_of(path) == "silent"  # W19
    assert len(decode_audio(path, channel="0").samples) == 16_000


@pytest.mark.parametrize("channels", [0, 9, 65_535])  # W20
def test_a_count_of_channels_that_no_recording_has_is_refused(make_wav, channels, code_of):
    assert code_of(make_wav(channels=channels)) == "bad_channels"


def test_resampling_leaves_sixteen_kilohertz_alone_and_empty_empty():
    samples = np.ones(5, np.float32)
    assert resample(samples, 16_000) is samples
    assert len(resample(samples[:0], 8000)) == 0


def test_any_channel_can_be_named(tmp_path):
    levels = np.array([0.1, 0.2, 0.3], np.float32)
    time = np.arange(16_000) / 16_000
    tone = np.sin(2 * np.pi * 200 * time).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", tone[:, None] * levels, 16_000)
    for number, level in enumerate(levels):
        samples = decode_audio(tmp_path / "a.wav", channel=str(number)).samples
        assert abs(np.abs(samples).max() - level) < 1e-3
    with pytest.raises(Rejected, match="3 channels, wanted number 3"):
        decode_audio(tmp_path / "a.wav", channel="3")
