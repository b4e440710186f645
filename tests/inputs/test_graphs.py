"""What an exported graph computes is what stores hold, by other means."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from avkd_cli.audio import kaldi
from avkd_cli.errors import InputError
from avkd_cli.inputs.graphs import (
    FbankOf,
    Hearing,
    SpectrogramOf,
    graph_of,
    onnx_weights,
    places_of_pieces,
)
from avkd_cli.inputs.networks import Description, build
from avkd_cli.models.sequence import in_pieces


def sound(length: int, seed: int = 0) -> np.ndarray:
    """A tone in noise, quiet at its beginning."""
    time = np.arange(length) / 16_000
    noise = np.random.default_rng(seed).normal(0, 0.05, length)
    return ((0.2 * np.sin(2 * np.pi * 300 * time) + noise) * (time > 0.01)).astype(np.float32)


@pytest.mark.parametrize("length", [400, 401, 559, 560, 16_000, 33_333])
@pytest.mark.parametrize("n_mels", [24, 80])
def test_an_fbank_in_a_graph_is_that_of_stores(length, n_mels):
    samples = sound(length)
    found = FbankOf(n_mels)(torch.from_numpy(samples)[None])[0].numpy()
    wanted = kaldi.fbank(samples, n_mels)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, atol=2e-3)  # an eighth of a stored step


@pytest.mark.parametrize("length", [400, 401, 479, 480, 16_000])
def test_a_spectrogram_in_a_graph_is_that_of_stores(length):
    samples = sound(length)
    found = SpectrogramOf()(torch.from_numpy(samples)[None])[0].numpy()
    wanted = kaldi.spectrogram(samples)
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, atol=1e-4)


@given(st.integers(1, 300), st.integers(1, 60))
def test_pieces_that_are_looked_up_are_those_that_are_cut(time, length):
    frames = torch.arange(time).view(1, time, 1)
    wanted = in_pieces(frames, length).reshape(-1)
    assert torch.equal(places_of_pieces(time, length), wanted)


@settings(max_examples=10)
@given(st.integers(0, 1000), st.integers(1, 4))
def test_weights_of_an_lstm_are_reordered_for_onnx(seed, size):
    """The equations of ONNX's LSTM, written out, give what torch's gives."""
    torch.manual_seed(seed)
    lstm = torch.nn.LSTM(size, 3, bidirectional=True, batch_first=True).double().eval()
    pieces = torch.randn(1, 5, size, dtype=torch.float64)
    given_ = {k: v.numpy() for k, v in onnx_weights(lstm, 0).items()}
    both = [one_way(given_, side, pieces[0].numpy()) for side in (0, 1)]
    with torch.no_grad():
        wanted = lstm(pieces)[0][0].numpy()
    np.testing.assert_allclose(np.concatenate(both, axis=1), wanted, atol=1e-12)


def one_way(weights: dict, side: int, pieces: np.ndarray) -> np.ndarray:
    """ONNX LSTM-14: gates i, o, f, c; the second direction reads from the end."""
    w, r, b = (weights[name][side] for name in "wrb")
    bias = b[:12] + b[12:]
    hidden, cell, found = np.zeros(3), np.zeros(3), np.zeros((len(pieces), 3))

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    order = range(len(pieces)) if side == 0 else reversed(range(len(pieces)))
    for t in order:
        i, o, f, c = np.split(w @ pieces[t] + r @ hidden + bias, 4)
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(c)
        hidden = sigmoid(o) * np.tanh(cell)
        found[t] = hidden
    return found


def network(features: str, **front):
    described = {"features": features, "n_mels": 24}
    torch.manual_seed(0)
    model = {"n_mels": 24, "embedding_size": 8, "width": 16}
    return build(Description("audio", "tdnn", model, described | front)).eval(), described


def test_what_a_store_rounds_the_graph_rounds():
    samples = torch.from_numpy(sound(9_600))[None]
    net, described = network("fbank", time_mask=5)
    stored = torch.from_numpy(kaldi.fbank(samples[0].numpy(), 24).astype(np.float16))[None]
    for dtype, near in (("float16", 1e-5), ("float32", None)):
        found = graph_of(net, described, dtype).eval()(samples)
        with torch.no_grad():
            wanted = net({"audio": stored})["embedding"]
        difference = float((found - wanted).abs().max().detach())
        assert difference < 1e-5 if near else difference > 1e-6


def test_waveforms_are_rounded_to_16_bits():
    net, described = network("waveform")
    samples = torch.from_numpy(sound(9_600))[None]
    whole = torch.clamp((samples * 32768).round(), -32768, 32767).to(torch.int16)
    graph = graph_of(net, described, "float16").eval()
    assert isinstance(graph, Hearing)
    with torch.no_grad():
        found, wanted = graph(samples), net({"audio": whole})["embedding"]
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)


def test_a_network_of_two_senses_has_no_graph():
    sizes = {"visual_size": 8, "audio_size": 8, "embedding_size": 8}
    fusion = build(Description("fusion", "gate", sizes, {}))
    with pytest.raises(InputError, match="one sense"):
        graph_of(fusion, {}, "float16")
