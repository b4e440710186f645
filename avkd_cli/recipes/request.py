"""What a training command was asked for, beside its settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from avkd_cli.inputs.base import Input, open_stores
from avkd_cli.storage.store import Store
from avkd_cli.training.training_set import Choice


@dataclass(frozen=True)
class Request:
    """What a recipe makes a job of, beside settings.

    Attributes:
        step: the command. modality: what is trained.
        stores: paths. choice: which utterances of them, by which label.
        noise: path of waveforms of music, speech and noise. rir: of room responses.
        init_from: the finished run to begin with; reset_head: with a new classifier.
        beside: open stores that must hold each utterance too.
        encoders: by sense, the finished runs whose networks a pair begins with.
        begun: of a joint network, the finished runs of both senses, in any order.
    """

    step: str
    modality: str
    stores: Sequence[str]
    choice: Choice = field(default_factory=Choice)
    noise: str | None = None
    rir: str | None = None
    init_from: Path | None = None
    reset_head: bool = False
    beside: tuple[Store, ...] = ()
    encoders: Mapping[str, Path] = field(default_factory=dict)
    begun: Sequence[Path] = ()

    def open(self, kind: type[Input]) -> list[Store]:
        """Return the stores, checked to be those that an input takes."""
        return open_stores(self.modality, self.stores, kind.kinds)
