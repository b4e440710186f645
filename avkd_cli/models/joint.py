"""Both senses through time: an encoder of sound, one of every frame of a film, and their fusion.

Reference:
    P. Sun et al., "A method of audio-visual person verification by mining connections between
    time series", Interspeech 2023, section 2 and figure 1.
"""

import torch
from torch import Tensor, nn

from avkd_cli.models.encoder import Encoder
from avkd_cli.models.fusion import Fusion
from avkd_cli.models.levels import Levels
from avkd_cli.models.pooling import pooling as pooling_by_name

AT_ONCE = 256  # pictures of a film, in evaluation


class OverTime(nn.Module):
    """An encoder of single pictures on every frame of a film, pooled over time.

    Args:
        encoder: of one picture. pooling: one of `pooling.POOLING`, over frames.

    Shape:
        films: (batch, time, channels, height, width). Returns Levels with `embedding`
        (batch, size), `frames` (batch, time, size) and, where the pooling weighs moments,
        `weights` (batch, time).
    """

    def __init__(self, encoder: Encoder, pooling: str = "weasp-safe") -> None:
        super().__init__()
        self.encoder, self.embedding_size = encoder, encoder.embedding_size
        self.pool = pooling_by_name(pooling, encoder.embedding_size)
        self.embed = nn.Linear(self.pool.output_size, encoder.embedding_size)

    def forward(self, films: Tensor) -> Levels:
        """Return the levels of films."""
        batch, time = films.shape[:2]
        frames = self.seen(films.flatten(0, 1)).unflatten(0, (batch, time))
        pooled = dict(self.pool(frames.transpose(1, 2)))
        return {"embedding": self.embed(pooled.pop("pooled")), "frames": frames, **pooled}

    def seen(self, pictures: Tensor) -> Tensor:
        """Return the embedding of each picture; a whole film passes in parts, for its size."""
        if self.training:
            return self.encoder(pictures)["embedding"]
        parts = pictures.split(AT_ONCE)
        return torch.cat([self.encoder(part)["embedding"] for part in parts])


class Joint(nn.Module):
    """What both encoders say of one clip, fused.

    Args:
        audio: an encoder of sound. visual: of films. fusion: of their embeddings.

    Shape:
        audio: features (batch, frames, bands); visual: (batch, time, channels, height, width).
        Either may be missing. Returns Levels: `embedding`, fused, or of the one sense that is
        there; `audio` and `visual`, each sense's own; `audio.weights` and `visual.weights`.
    """

    def __init__(self, audio: Encoder, visual: OverTime, fusion: Fusion) -> None:
        super().__init__()
        self.audio, self.visual, self.fusion = audio, visual, fusion

    def forward(self, audio: Tensor | None = None, visual: Tensor | None = None) -> Levels:
        """Return the levels of clips.

        Raises:
            ValueError: neither sense is there.
        """
        given = {"audio": (self.audio, audio), "visual": (self.visual, visual)}
        senses = {name: encoder(one) for name, (encoder, one) in given.items() if one is not None}
        if not senses:
            raise ValueError("a clip of neither sound nor film")
        levels: Levels = {name: found["embedding"] for name, found in senses.items()}
        if len(levels) == 2:
            levels["embedding"] = self.fusion(levels["visual"], levels["audio"])["embedding"]
        else:
            ((sense, own),) = levels.items()
            levels["embedding"] = self.fusion.alone(sense, own)
        for name, found in senses.items():
            if "weights" in found:
                levels[f"{name}.weights"] = found["weights"]
        return levels
