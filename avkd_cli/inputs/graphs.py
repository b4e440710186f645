"""Networks from what a machine hears or sees to an embedding: the front end is in the graph.

What a store would hold of a recording (fbank, samples, spectrogram, rounded as it is stored) is
computed by plain products and sums here, since exporters and runtimes know no Fourier transform
alike; `audio.kaldi` and `audio.features` are what it must equal.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from avkd_cli.audio import kaldi
from avkd_cli.errors import InputError
from avkd_cli.inputs.senses import Sense
from avkd_cli.models.sequence import Aggregator, Segmented
from avkd_cli.vision.augment import to_unit

FULL = float(kaldi.FULL_SCALE)


class Framed(nn.Module):
    """Whole frames of sound and their Fourier transforms, as a product with cosines and sines.

    Shape:
        samples: (batch, n) float32. Spectra are (batch, frames, 257), real and imaginary.
    """

    table: Tensor

    def __init__(self) -> None:
        super().__init__()
        angle = torch.arange(kaldi.FRAME).double()[:, None] * torch.arange(kaldi.BINS).double()
        angle *= 2 * math.pi / kaldi.N_FFT
        table = torch.cat([angle.cos(), -angle.sin()], dim=1).float()
        self.register_buffer("table", table, persistent=False)  # (400, 2 * 257)

    def frames(self, samples: Tensor) -> Tensor:
        """Return (batch, frames, 400)."""
        return samples.unfold(-1, kaldi.FRAME, kaldi.HOP)

    def power(self, windowed: Tensor) -> Tensor:
        """Return the power spectrum of windowed frames, (batch, frames, 257)."""
        real, imaginary = (windowed @ self.table).split(kaldi.BINS, dim=-1)
        return real.square() + imaginary.square()


class FbankOf(Framed):
    """Samples to the log energies of mel bands, as `audio.kaldi.fbank`."""

    window: Tensor
    bands: Tensor

    def __init__(self, n_mels: int) -> None:
        super().__init__()
        window = torch.from_numpy(kaldi.window() * kaldi.FULL_SCALE)
        self.register_buffer("window", window, persistent=False)
        bands = torch.from_numpy(kaldi.mel_bands(n_mels)).clone()
        self.register_buffer("bands", bands, persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        """Return (batch, 1 + (n - 400) // 160, mels)."""
        frames = self.frames(samples)
        frames = frames - frames.mean(dim=-1, keepdim=True)
        before = torch.cat([frames[..., :1], frames[..., :-1]], dim=-1)
        power = self.power((frames - kaldi.PREEMPHASIS * before) * self.window)
        return (power @ self.bands).clamp(min=kaldi.FLOOR).log()


class SpectrogramOf(Framed):
    """Samples to magnitudes, as `audio.kaldi.spectrogram`."""

    window: Tensor

    def __init__(self) -> None:
        super().__init__()
        window = torch.hann_window(kaldi.FRAME, dtype=torch.float64).float()
        self.register_buffer("window", window, persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        """Return (batch, n // 160, 257)."""
        half, end = kaldi.FRAME // 2, samples.shape[1] - 1
        before = samples.narrow(1, 1, half).flip(1)  # mirrored, the end sample not repeated
        after = samples.narrow(1, end - half, half).flip(1)
        frames = self.frames(torch.cat([before, samples, after], dim=1))
        return self.power(frames[:, :-1] * self.window).sqrt()


class Hearing(nn.Module):
    """Samples to an embedding.

    Args:
        network: of a finished run, in evaluation mode.
        features: what the run's store holds: fbank, spectrogram or waveform.
        n_mels: of the fbank.
        dtype: that the store keeps an fbank in: float16 or float32.

    Shape:
        samples: (batch, n) float32, full scale 1, 16 kHz. Returns (batch, embedding) float32.
    """

    def __init__(self, network: Sense, features: str, n_mels: int, dtype: str) -> None:
        super().__init__()
        self.features, self.half = features, features == "spectrogram" or dtype == "float16"
        self.compute = SpectrogramOf() if features == "spectrogram" else FbankOf(n_mels)
        encoder = network.encoder
        self.encoder = InPieces(encoder) if isinstance(encoder, Segmented) else encoder

    def forward(self, samples: Tensor) -> Tensor:
        """Return the embedding of each sound."""
        if self.features == "waveform":  # as 16 bits
            samples = (samples * FULL).round().clamp(-FULL, FULL - 1) / FULL
        frames = self.compute(samples)
        if self.features != "waveform" and self.half:
            frames = frames.half().float()
        frames = frames - frames.mean(dim=1, keepdim=True)
        return self.encoder(frames)["embedding"]


class Seeing(nn.Module):
    """Aligned crops to embeddings.

    Shape:
        faces: (batch, height, width, channels) uint8, RGB. Returns (batch, embedding) float32.
    """

    def __init__(self, network: Sense) -> None:
        super().__init__()
        self.encoder = network.encoder

    def forward(self, faces: Tensor) -> Tensor:
        """Return the embedding of each face."""
        return self.encoder(to_unit(faces))["embedding"]


class InPieces(nn.Module):
    """`Segmented` for any length in one graph: pieces are looked up, no length is branched on."""

    def __init__(self, segmented: Segmented) -> None:
        super().__init__()
        self.encoder, self.aggregator = segmented.encoder, InARow(segmented.aggregator)
        self.length, self.size = segmented.length, segmented.embedding_size

    def forward(self, features: Tensor) -> Mapping[str, Tensor]:
        """Return the level `embedding`."""
        rows, bins = features.shape[0], features.shape[2]
        pieces = features[:, places_of_pieces(features.shape[1], self.length)]
        each = self.encoder(pieces.reshape(-1, self.length, bins))["embedding"]
        return self.aggregator(each.reshape(rows, -1, self.size))


class InARow(nn.Module):
    """`Aggregator` with the LSTM of ONNX: torch would unroll its own over a length it must know."""

    def __init__(self, aggregator: Aggregator) -> None:
        super().__init__()
        self.attention, lstm = aggregator.attention, aggregator.lstm
        self.hidden, self.layers = lstm.hidden_size, lstm.num_layers
        for layer in range(self.layers):
            for name, value in onnx_weights(lstm, layer).items():
                self.register_buffer(f"{name}{layer}", value, persistent=False)

    def forward(self, pieces: Tensor) -> Mapping[str, Tensor]:
        """Return the level `embedding` of (batch, pieces, size)."""
        states = pieces.transpose(0, 1)  # (pieces, batch, size)
        for layer in range(self.layers):
            weights = [getattr(self, f"{name}{layer}") for name in ("w", "r", "b")]
            count, rows = states.shape[:2]
            found = torch.onnx.ops.symbolic(
                "LSTM",
                [states, *weights],
                {"hidden_size": self.hidden, "direction": "bidirectional"},
                dtype=states.dtype,
                shape=(count, 2, rows, self.hidden),
                version=18,
            )
            states = found.permute(0, 2, 1, 3).reshape(count, rows, 2 * self.hidden)
        states = states.transpose(0, 1).relu()
        weights = self.attention(states).softmax(dim=1)
        return {"embedding": (weights * states).sum(dim=1)}


def onnx_weights(lstm: nn.LSTM, layer: int) -> dict[str, Tensor]:
    """Return a layer's weights as ONNX takes them: gates i, o, f, c, where torch has i, f, c, o.

    `w` (2, 4 * hidden, size), `r` (2, 4 * hidden, hidden), `b` (2, 8 * hidden): both directions.
    """
    sides = [f"_l{layer}", f"_l{layer}_reverse"]

    def both(name: str) -> Tensor:
        rows = [getattr(lstm, name + side).detach().chunk(4) for side in sides]
        return torch.stack([torch.cat([i, o, f, c]) for i, f, c, o in rows])

    bias = torch.cat([both("bias_ih"), both("bias_hh")], dim=1)
    return {"w": both("weight_ih"), "r": both("weight_hh"), "b": bias}


def places_of_pieces(time: int, length: int) -> Tensor:
    """Return which frame stands where when a time is cut into pieces: (pieces * length,) int64.

    As `models.sequence.in_pieces`: a last piece of at least half a length is filled by repeating
    it, a shorter one is dropped; what is shorter than one piece is filled.
    """
    whole = time // length
    count = torch.sym_max((2 * time + length) // (2 * length), 1)
    place, begin = torch.arange(count * length), whole * length
    rest = torch.full((1,), torch.sym_max(time - begin, 1))
    return torch.where(place < time, place, begin + (place - begin) % rest)


def graph_of(network: nn.Module, front_end: Mapping[str, object], dtype: str) -> nn.Module:
    """Return the graph of a network of one sense.

    Args:
        front_end: of the run's description.
        dtype: of a stored fbank.

    Raises:
        InputError: the network is of another kind.
    """
    if not isinstance(network, Sense):
        raise InputError("no network of one sense")
    if network.key == "faces":
        return Seeing(network)
    return Hearing(network, str(front_end["features"]), int(front_end["n_mels"]), dtype)
