"""Fusions: from a face embedding and a voice embedding of one person to one embedding.

All take the visual embedding first, (batch, visual_size), then the audio one, (batch,
audio_size), length-normalise both, and give Levels with `embedding`, (batch, embedding_size);
those with projections give these too, as `visual` and `audio`. Below, `face` and `voice` are the
projections h_f and h_u of the papers, linear with bias.

References:
    Z. Chen, S. Wang, Y. Qian, "Multi-modality matters: a performance leap on VoxCeleb",
    Interspeech 2020 (simple soft attention, compact bilinear pooling, gate);
    Y. Qian, Z. Chen, S. Wang, "Audio-visual deep neural network for robust person
    verification", IEEE/ACM TASLP 2021. Counts of weights are those at 512 everywhere.
"""

from abc import ABC, abstractmethod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from avkd_cli.models.encoder import at_least_float32
from avkd_cli.models.levels import Levels

SMALLEST_NORM = 1e-6  # an embedding of zeros stays zeros, with a bounded gradient


class TwoSenses(nn.Module):
    """Base of every network from two embeddings of one size each to one.

    Args:
        sizes: widths of the visual and the audio embedding.
        embedding_size: width of the fused embedding.
    """

    def __init__(self, sizes: tuple[int, int], embedding_size: int) -> None:
        super().__init__()
        self.sizes, self.embedding_size = sizes, embedding_size


class Fusion(TwoSenses, ABC):
    """What all fusions with weights share: projections of both senses to one size.

    Args:
        visual_size, audio_size: widths of the two embeddings, which may differ.
        embedding_size: width of the fused embedding.
    """

    def __init__(
        self, *, visual_size: int = 512, audio_size: int = 512, embedding_size: int = 512
    ) -> None:
        super().__init__((visual_size, audio_size), embedding_size)
        self.visual = nn.Linear(visual_size, embedding_size)
        self.audio = nn.Linear(audio_size, embedding_size)

    def forward(self, visual: Tensor, audio: Tensor) -> Levels:
        """Return `embedding`, and `visual` and `audio`, the projections."""
        visual, audio = normalised(self.sizes, visual, audio)
        face, voice = self.visual(visual), self.audio(audio)
        fused = self.fuse(face, voice, torch.cat([visual, audio], dim=1))
        return {"embedding": fused, "visual": face, "audio": voice}

    def alone(self, sense: str, embedding: Tensor) -> Tensor:
        """Return the fused embedding where one sense is missing: the other's projection.

        Args:
            sense: visual or audio, of `embedding`, (batch, size).
        """
        size = self.sizes[0] if sense == "visual" else self.sizes[1]
        if embedding.ndim != 2 or embedding.shape[1] != size:
            raise ValueError(f"this fusion takes {sense} (batch, {size}), got {embedding.shape}")
        projection = self.visual if sense == "visual" else self.audio
        return projection(F.normalize(at_least_float32(embedding), eps=SMALLEST_NORM))

    @abstractmethod
    def fuse(self, face: Tensor, voice: Tensor, both: Tensor) -> Tensor:
        """Return the fused embedding from the projections and the inputs side by side."""


def make_orthogonal(model: nn.Module) -> None:
    """Let the projections of a fusion begin as rotations, in place; others have none to change.

    A rotation keeps all angles, so a fusion that is trained little, on few persons, keeps what
    its senses know of persons that it never sees. Biases begin at 0.
    """
    if isinstance(model, Fusion):
        for projection in (model.visual, model.audio):
            nn.init.orthogonal_(projection.weight)
            nn.init.zeros_(projection.bias)


class Gate(Fusion):
    """A weight in (0, 1) for each dimension, from both embeddings: 538,136 weights.

    z = sigmoid(A2 relu(bn(A1 [visual, audio]))); z tanh(face) + (1 - z) tanh(voice).

    Args:
        visual_size, audio_size, embedding_size: see `Fusion`.
        hidden: width M of the network that makes the gate, 8 as released by the authors.
        tanh: off leaves the projections unbounded, as in the authors' released settings.
    """

    def __init__(
        self,
        *,
        visual_size: int = 512,
        audio_size: int = 512,
        embedding_size: int = 512,
        hidden: int = 8,
        tanh: bool = True,
    ) -> None:
        super().__init__(
            visual_size=visual_size, audio_size=audio_size, embedding_size=embedding_size
        )
        self.squash = nn.Tanh() if tanh else nn.Identity()
        self.gate = nn.Sequential(
            nn.Linear(visual_size + audio_size, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Linear(hidden, embedding_size),
        )

    def alone(self, sense: str, embedding: Tensor) -> Tensor:
        """Return what a gate that is wide open for one sense gives."""
        return self.squash(super().alone(sense, embedding))

    def fuse(self, face: Tensor, voice: Tensor, both: Tensor) -> Tensor:
        """Return the gated sum."""
        z = self.gate(both).sigmoid()
        return z * self.squash(face) + (1 - z) * self.squash(voice)


class SimpleSoftAttention(Fusion):
    """One weight for each sense, by softmax from both embeddings: 527,362 weights."""

    def __init__(
        self, *, visual_size: int = 512, audio_size: int = 512, embedding_size: int = 512
    ) -> None:
        super().__init__(
            visual_size=visual_size, audio_size=audio_size, embedding_size=embedding_size
        )
        self.attention = nn.Linear(visual_size + audio_size, 2)

    def fuse(self, face: Tensor, voice: Tensor, both: Tensor) -> Tensor:
        """Return the weighted sum."""
        weights = self.attention(both).softmax(dim=1)  # (batch, 2), visual first
        return weights[:, :1] * face + weights[:, 1:] * voice


class CompactBilinear(Fusion):
    """Compact bilinear pooling of the projections: 525,312 weights.

    The hashes and signs are drawn once, from torch's generator, and live in buffers, so they
    are saved with the weights.
    """

    def __init__(
        self, *, visual_size: int = 512, audio_size: int = 512, embedding_size: int = 512
    ) -> None:
        super().__init__(
            visual_size=visual_size, audio_size=audio_size, embedding_size=embedding_size
        )
        for sense in ("visual", "audio"):
            bins, signs = count_sketch_hash(embedding_size, embedding_size)
            self.register_buffer(f"{sense}_bins", bins)
            self.register_buffer(f"{sense}_signs", signs)

    def fuse(self, face: Tensor, voice: Tensor, both: Tensor) -> Tensor:
        """Return the sketch of the outer product of the projections."""
        face_sketch = count_sketch(face, self.visual_bins, self.visual_signs, self.embedding_size)
        voice_sketch = count_sketch(voice, self.audio_bins, self.audio_signs, self.embedding_size)
        return circular_convolution(face_sketch, voice_sketch)


class ConcatMlp(TwoSenses):
    """Two linear layers with BatchNorm and ReLU between, on both embeddings side by side.

    Args:
        visual_size, audio_size, embedding_size: see `Fusion`.
        hidden: width between the two layers.
    """

    def __init__(
        self,
        *,
        visual_size: int = 512,
        audio_size: int = 512,
        embedding_size: int = 512,
        hidden: int = 512,
    ) -> None:
        super().__init__((visual_size, audio_size), embedding_size)
        self.mlp = nn.Sequential(
            nn.Linear(visual_size + audio_size, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
            nn.Linear(hidden, embedding_size),
        )

    def forward(self, visual: Tensor, audio: Tensor) -> Levels:
        """Return `embedding`, (batch, embedding_size)."""
        return {"embedding": self.mlp(torch.cat(normalised(self.sizes, visual, audio), dim=1))}


class Linear(Fusion):
    """One learned number for each sense: `weights[0]` face + `weights[1]` voice.

    Reference:
        M. S. Saeed et al., "Fusion and orthogonal projection for improved face-voice
        association", ICASSP 2022, ablation; weights drawn from [0, 1) as in their code.
    """

    def __init__(
        self, *, visual_size: int = 512, audio_size: int = 512, embedding_size: int = 512
    ) -> None:
        super().__init__(
            visual_size=visual_size, audio_size=audio_size, embedding_size=embedding_size
        )
        self.weights = nn.Parameter(torch.rand(2))

    def fuse(self, face: Tensor, voice: Tensor, both: Tensor) -> Tensor:
        """Return the weighted sum."""
        return self.weights[0] * face + self.weights[1] * voice


class Average(TwoSenses):
    """The mean of the two length-normalised embeddings, without weights.

    Raises:
        ValueError: unless both senses and the result have one size.
    """

    def __init__(
        self, *, visual_size: int = 512, audio_size: int = 512, embedding_size: int = 512
    ) -> None:
        super().__init__((visual_size, audio_size), embedding_size)
        if not visual_size == audio_size == embedding_size:
            raise ValueError(
                "an average needs one size: visual_size, audio_size and embedding_size are "
                f"{visual_size}, {audio_size} and {embedding_size}; 'linear' projects first"
            )

    def forward(self, visual: Tensor, audio: Tensor) -> Levels:
        """Return `embedding`, (batch, embedding_size)."""
        visual, audio = normalised(self.sizes, visual, audio)
        return {"embedding": (visual + audio) / 2}


def normalised(sizes: tuple[int, int], visual: Tensor, audio: Tensor) -> tuple[Tensor, Tensor]:
    """Return both at length 1, in float32 or better; ValueError when their sizes are others."""
    found = (visual.shape[-1], audio.shape[-1])
    if found != sizes or visual.shape[:-1] != audio.shape[:-1] or visual.ndim != 2:
        raise ValueError(
            f"this fusion takes visual (batch, {sizes[0]}) and audio (batch, {sizes[1]}), "
            f"got {tuple(visual.shape)} and {tuple(audio.shape)}"
        )
    visual, audio = at_least_float32(visual), at_least_float32(audio)
    return F.normalize(visual, eps=SMALLEST_NORM), F.normalize(audio, eps=SMALLEST_NORM)


def count_sketch_hash(size: int, n_bins: int) -> tuple[Tensor, Tensor]:
    """Return a random bin of `n_bins` and a random sign for each of `size` dimensions."""
    return torch.randint(n_bins, (size,)), torch.randint(2, (size,)) * 2.0 - 1.0


def count_sketch(values: Tensor, bins: Tensor, signs: Tensor, n_bins: int) -> Tensor:
    """Return (batch, n_bins): each of (batch, size) added, with its sign, to its bin.

    Reference:
        N. Pham, R. Pagh, "Fast and scalable polynomial kernels via explicit feature maps",
        KDD 2013, section 3.
    """
    values = at_least_float32(values)  # the FFT that follows knows no bfloat16
    sketch = values.new_zeros(len(values), n_bins)
    return sketch.index_add(1, bins, values * signs.to(values.dtype))


def circular_convolution(left: Tensor, right: Tensor) -> Tensor:
    """Return the circular convolution over the last axis, by FFT."""
    spectrum = torch.fft.rfft(left) * torch.fft.rfft(right)
    return torch.fft.irfft(spectrum, n=left.shape[-1])
